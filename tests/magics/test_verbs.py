"""The verbs of `%flow`, in a shell of this process: what each gives back and what it refuses."""

from __future__ import annotations

import pytest

from flowbook.errors import InvalidFlow, RunFailed, UsageError


def test_the_flow_alone_tells_how_it_stands(shell):
    shell.run("%%flow numbers\n[1, 2, 3]")
    shell.run("%%flow total\nsum(numbers)")
    status = shell.run("%flow")
    assert [(one.node, one.outcome) for one in status.nodes] == [
        ("numbers", "reused"),
        ("total", "succeeded"),
    ]
    assert "notebook: 2 nodes" in repr(status)
    assert all(one.seconds is not None for one in status.nodes)


def test_a_failed_node_and_what_is_stale_behind_a_change_are_told(shell):
    shell.run("%%flow numbers\n[1, 2, 3]", cell="numbers")
    shell.run("%%flow total\nsum(numbers)")
    shell.run("%%flow numbers\n[1, 2, 3, 4]", cell="numbers")
    with pytest.raises(RunFailed, match="division by zero"):
        shell.run("%%flow broken\n1 / 0")
    status = shell.flow("status")
    assert status.stale == ("total",)
    broken = next(one for one in status.nodes if one.node == "broken")
    assert (broken.outcome, broken.error) == ("failed", "ZeroDivisionError: division by zero")
    total = next(one for one in status.nodes if one.node == "total")
    assert total.note.startswith("stale: ")


def test_inputs_that_nothing_feeds_and_problems_are_counted(shell):
    with pytest.raises(InvalidFlow, match="bound to nothing"):
        shell.run("%%flow early(late)\nlate + 1")
    status = shell.flow("status")
    assert status.unbound == ("early.late",)
    assert "1 problem, which %flow check lists" in repr(status)
    assert "early.late" in status._repr_html_()


def test_a_run_that_goes_on_is_shown(shell):
    shell.flow("mode define")
    shell.run("%%flow waiting\nimport asyncio\nawait asyncio.sleep(60)")
    run = shell.flow("run --bg")
    assert shell.flow("status").running is run
    assert run.id in repr(shell.flow("status"))
    run.cancel()
    run.wait()
    assert shell.flow("status").running is None


def test_a_flow_without_history_asks_none(shell):
    assert repr(shell.run("%flow")) == "notebook: 0 nodes"
    assert not (shell.folder / ".flowbook").exists()


def test_a_run_from_a_node_takes_what_is_in_front_of_it_as_it_is(shell):
    for source in ("one\n1", "two\none + 1", "three\ntwo + 1", "aside\n1"):
        shell.run(f"%%flow {source}")
    run = shell.flow("run --from two")
    assert [run[name].outcome.value for name in ("one", "two", "three")] == [
        "reused",
        "succeeded",
        "succeeded",
    ]
    assert "aside" not in run.events()[0].nodes


def test_a_run_from_a_node_goes_no_further_than_it_is_asked_to(shell):
    shell.run("%%flow one\n1")
    shell.run("%%flow two\none + 1")
    shell.run("%%flow three\ntwo + 1")
    run = shell.flow("run two --from one")
    assert sorted(node for node in run.events()[0].nodes) == ["one", "two"]
    with pytest.raises(UsageError, match="two does not need three"):
        shell.flow("run two --from three")


def test_a_run_from_a_node_inside_of_a_container_runs_the_container(shell):
    shell.run("%%flow cities\n['Oslo', 'Rome']")
    shell.run("%%flow map each(items=cities)")
    shell.run("%%flow shout\n#| in: each\nitem.upper()")
    shell.flow("run")
    run = shell.flow("run --from shout")
    assert (run["cities"].outcome, run["each"].outcome) == ("reused", "succeeded")


def test_a_forced_run_takes_nothing_from_the_cache_and_fills_it(shell):
    shell.run("%%flow slow --cache\nimport random\nrandom.random()")
    first = shell.flow("run")
    assert (first["slow"].outcome, first["slow"].cache.hit) == ("reused", True)
    forced = shell.flow("run --force")
    assert forced["slow"].outcome == "succeeded"
    assert forced["slow"].cache.why == "asked to run again"
    assert shell.flow("run")["slow"].cache.source == forced.id


def test_parameters_and_nodes_are_given_to_a_run(shell):
    shell.run("%%flow greet(city: str = 'Oslo')\nf'hei {city}'")
    shell.run("%%flow other\n1")
    run = shell.flow("run greet -p city=Rome")
    assert run["greet"].output == "hei Rome"
    assert run["other"].outcome == "skipped"


def test_a_recorded_run_that_fails_is_the_error_of_the_cell(shell):
    shell.flow("mode define")
    shell.run("%%flow broken\n1 / 0")
    assert shell.flow("run").status == "failed"
    with pytest.raises(RunFailed, match="division by zero"):
        shell.flow("run --record")
    (frozen,) = shell.shown
    assert 'data-status="failed"><title>broken' in frozen["image/svg+xml"]
    assert "<td>ZeroDivisionError: division by zero</td>" in frozen["text/html"]


def test_a_recorded_run_leaves_the_canvas_behind_as_it_then_was(shell):
    shell.flow("mode define")
    shell.run("%%flow one\n1")
    shell.flow("run --record")
    (frozen, *_) = shell.shown
    assert 'data-status="succeeded"><title>one' in frozen["image/svg+xml"]
    assert "<table" not in frozen["text/html"]
    shell.flow("run")
    assert not any("image/svg+xml" in one for one in shell.shown)


def test_a_run_of_another_version_than_the_cells_say_leaves_none(shell):
    shell.flow("mode define")
    shell.run("%%flow one\n1")
    shell.flow("publish --note first")
    shell.run("%%flow one\n2", cell="cell2")
    run = shell.flow("run --record --route published")
    assert run["one"].output == 1
    assert not any("image/svg+xml" in one for one in shell.shown)


@pytest.mark.parametrize(
    ("line", "what", "hint"),
    [
        ("histroy", "has no verb 'histroy'", "did you mean 'history'?"),
        ("run --forse", "%flow run: there is no option --forse", "did you mean --force?"),
        ("run totl", "has no node 'totl'", "did you mean 'total'?"),
        ("show totl", "has no node 'totl'", "did you mean 'total'?"),
        ("rm totl", "has no node 'totl'", "did you mean 'total'?"),
        ("history totl", "has no node 'totl'", "did you mean 'total'?"),
        ("run -p nothing", "is no parameter", None),
        ("history --limit many", "%flow history: ", "write %flow history"),
        ("history --since soon", "is no time", "write %flow history"),
        ("rm", "%flow rm: Missing argument", "write %flow rm"),
        ("mode sideways", "%flow mode: ", "write %flow mode"),
        ("history --sql 'select 1", "cannot be read", "close the quotes"),
        ("history --sql 'select 1' --all", "--sql says all by itself", "WHERE"),
    ],
)
def test_what_a_verb_does_not_know_is_refused_in_one_line(shell, line, what, hint):
    shell.run("%%flow total\n1")
    with pytest.raises(UsageError) as refused:
        shell.flow(line)
    assert what in refused.value.message
    assert "\n" not in refused.value.message
    assert hint is None or hint in (refused.value.hint or "")


def test_a_node_is_shown_with_its_definition_and_its_last_result(shell):
    shell.run("factor = 3")
    shell.run("%%flow numbers\n[1, 2, 3]")
    shell.run("%%flow scaled(rows=numbers) --retries 2\n[factor * row for row in rows]")
    view = shell.flow("show scaled")
    assert (view.kind, view.outputs, view.captures) == ("python", ("scaled",), ("factor",))
    assert view.options == {"retries": "2"}
    assert view.values == {"scaled": [3, 6, 9]}
    assert view.text.startswith("%%flow scaled(rows=numbers)")
    text = repr(view)
    assert "rows: upstream numbers.numbers" in text
    assert "[3, 6, 9]" in text
    assert "succeeded in " in text
    assert "<pre>%%flow scaled" in view._repr_html_()


def test_a_node_that_has_not_run_is_shown_as_such(shell):
    shell.flow("mode define")
    shell.run("%%flow later\n1")
    view = shell.flow("show later")
    assert (view.values, view.last.outcome) == ({}, "")
    assert "not run" in repr(view)


def test_history_is_of_this_flow_unless_all_is_asked_for(shell):
    shell.run("%%flow one\n1")
    shell.run("import flowbook\nother = flowbook.Flow('other')\n@other.node\ndef x(): return 1")
    shell.run("other.run()")
    assert set(shell.flow("history").flow) == {"notebook"}
    assert set(shell.flow("history --all").flow) == {"notebook", "other"}


def test_history_is_narrowed_by_status_time_and_number(shell):
    shell.flow("mode define")
    shell.run("%%flow broken(by=1)\n1 / by")
    for by in (1, 0, 1):
        shell.flow(f"run -p by={by}")
    assert len(shell.flow("history --status failed")) == 1
    assert len(shell.flow("history --limit 2")) == 2
    assert len(shell.flow("history --since 1h")) == 3
    assert len(shell.flow("history --until 1h")) == 0
    assert len(shell.flow("history --trigger cell")) == 0


def test_history_of_nodes_says_how_they_went_in_each_run(shell):
    shell.flow("mode define")
    shell.run("%%flow one\n1")
    shell.run("%%flow broken(by=1)\n1 / by")
    shell.flow("run -p by=0")
    shell.flow("run")
    rows = shell.flow("history broken")
    assert list(rows.node) == ["broken", "broken"]
    assert list(rows.status) == ["succeeded", "failed"]
    assert "division by zero" in rows.why[1]
    assert set(shell.flow("history one broken").node) == {"one", "broken"}


def test_history_takes_sql(shell):
    shell.run("%%flow one\n1")
    assert shell.flow("history --sql 'select count(*) as n from runs'").n[0] == 1


def test_check_gives_an_empty_list_that_says_that_all_is_well(shell):
    shell.run("%%flow one\n1")
    found = shell.flow("check")
    assert (found == [], repr(found)) == (True, "all is well")
    assert shell.inner.display_formatter.format(found)[0]["text/plain"] == "all is well"


def test_check_lists_each_problem_once(shell):
    shell.flow("mode define")
    shell.run("%%flow early(late)\nlate + 1")
    (found,) = shell.flow("check")
    assert "late" in found.message
    assert repr(shell.flow("check")) == str(found)


def test_nodes_are_removed_together(shell):
    for name in ("one", "two", "three"):
        shell.run(f"%%flow {name}\n1")
    assert [node.id for node in shell.flow("rm one three").spec().nodes] == ["two"]


def test_removing_refuses_as_a_whole(shell):
    shell.run("%%flow one\n1")
    with pytest.raises(UsageError):
        shell.flow("rm one nothing")
    assert "one" in shell.notebook.flow


def test_the_alias_does_the_same(shell):
    shell.run("%%flowbook one\n1")
    assert shell.run("%flowbook run")["one"].output == 1


def test_a_renamed_node_keeps_what_it_fed_and_tells_which_cells_should_change(shell):
    shell.run("%%flow first\n1", cell="a")
    shell.run("%%flow second\nfirst + 1", cell="b")
    shell.run("%%flow third(n=first)\nn + 1", cell="c")
    assert shell.flow("rename first start").name == "start"
    assert "the cell of start should say: %%flow start" in shell.said
    assert "the cell of third should say: %%flow third(n=start)" in shell.said
    run = shell.flow("run")
    assert (run["second"].output, run["third"].output) == (2, 2)


def test_a_name_that_is_taken_or_no_name_is_refused(shell):
    shell.run("%%flow first\n1")
    shell.run("%%flow second\n2")
    for name in ("second", "2x", "class"):
        with pytest.raises(UsageError):
            shell.flow(f"rename first {name}")
    assert [node.id for node in shell.notebook.flow.spec().nodes] == ["first", "second"]


def test_a_linked_front_end_writes_the_cells_itself(shell):
    class Following:
        asked = None

        def offer(self, patches, label):
            self.asked = (label, [one.cell for one in patches])
            return True

    shell.run("%%flow first\n1", cell="a")
    shell.notebook.following = following = Following()
    shell.flow("rename first start")
    assert following.asked == ("Rename first to start", ["a"])
    assert "should say" not in shell.said


def test_the_cell_that_runs_is_given_its_new_text(shell):
    from flowbook.cells.patches import ReplaceSource
    from flowbook.magics.offering import offer_patches

    shell.run("%%flow first\n1", cell="a")
    given = []
    shell.inner.set_next_input = lambda text, replace=False: given.append((text, replace))
    shell.notebook.cell = "a"
    offer_patches(shell.notebook, [ReplaceSource("a", "%%flow start\n1")])
    assert given == [("%%flow start\n1", True)]


def loaded(shell, node):
    """The text that `%flow load` puts into the next cell."""
    given = []
    shell.inner.set_next_input = lambda text, replace=False: given.append((text, replace))
    shell.flow(f"load {node}")
    ((text, replace),) = given
    assert not replace
    return text


def test_a_loaded_node_runs_in_a_cell_on_what_it_was_given_last(shell):
    shell.run("factor = 2")
    shell.run("%%flow numbers\n[1, 2, 3]")
    shell.run("%%flow scaled(rows=numbers, more: int = 1)\n[factor * row + more for row in rows]")
    shell.run("%%flow aside\n1")
    shell.flow("run scaled")
    assert shell.run(loaded(shell, "scaled")) == [3, 5, 7]
    assert shell.run("rows, more") == ([1, 2, 3], 1)


def test_a_node_that_failed_is_loaded_with_what_it_failed_on(shell):
    shell.run("%%flow numbers\n[1, 0]")
    with pytest.raises(RunFailed):
        shell.run("%%flow inverse\n[1 / n for n in numbers]")
    with pytest.raises(ZeroDivisionError):
        shell.run(loaded(shell, "inverse"))
    assert shell.run("numbers") == [1, 0]


def test_a_body_that_returns_becomes_a_function(shell):
    shell.run("%%flow numbers\n[1, 2]")
    shell.run("%%flow text\nkept = '''a\nb'''\nif numbers:\n    return kept\nreturn ''")
    assert shell.run(loaded(shell, "text")) == "a\nb"
    shell.run("%%flow later\nimport asyncio\nawait asyncio.sleep(0)\nreturn sum(numbers)")
    assert shell.run(loaded(shell, "later")) == 3


def test_what_the_newest_run_did_not_have_is_loaded_from_the_history(shell):
    shell.run("%%flow numbers\n[1, 2]")
    shell.run("%%flow total(n=numbers, more: int = 4)\nsum(n) + more")
    shell.run("%%flow aside\n1")
    text = loaded(shell, "total")
    assert "in the history" in text
    assert shell.run(text) == 7


def test_a_loaded_query_asks_the_same_tables(shell):
    shell.run("%%flow orders\n[{'city': 'Oslo', 'n': 3}, {'city': 'Rome', 'n': 1}]")
    shell.run("%%flow least\n2")
    shell.run("%%flow sql many\nselect city from orders where n > $least")
    assert list(shell.run(loaded(shell, "many")).city) == ["Oslo"]


def test_a_kind_without_code_is_run_alone_on_the_same_values(shell):
    shell.run("%%flow total\n5")
    shell.run(
        "%%flow router fork(total)\nroute_by: '{{ total }}'\nconditions:\n"
        "  - {id: big, expression: value > 3}"
    )
    text = loaded(shell, "fork")
    assert "its settings stay in its own cell" in text
    assert shell.run(text)["matched_outputs"] == ["big"]


def test_a_node_inside_of_a_container_is_loaded_with_the_turn_that_failed(shell):
    shell.run("%%flow numbers\n[1, 0, 2]")
    shell.run("%%flow map each(items=numbers)\ncontinue_on_error: true\n")
    shell.run("%%flow inverse\n#| in: each\n1 / item")
    shell.flow("run")
    with pytest.raises(ZeroDivisionError):
        shell.run(loaded(shell, "inverse"))
    assert shell.run("item") == 0


def test_what_cannot_be_loaded_says_why(shell):
    shell.flow("mode define")
    shell.run("%%flow later\n1")
    with pytest.raises(UsageError, match="later has not run yet"):
        shell.flow("load later")
    shell.run("%%flow map each(items=later)\n")
    with pytest.raises(UsageError, match="it has no code"):
        shell.flow("load each")


def saved(shell, cells, name="report.ipynb"):
    """A notebook file of those cells, which Jupyter says is the kernel's."""
    from flowbook.cells.notebook import Cell, Notebook

    made = [Cell.code(f"cell{i}", source) for i, source in enumerate(cells)]
    path = shell.folder / name
    path.write_text(Notebook.of(tuple(made)).text())
    return path


def test_the_saved_notebook_is_exported_as_a_job(shell, monkeypatch):
    path = saved(shell, ["%%flow one\n1", "%%flow two\none + 1"])
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    job = shell.flow("export")
    assert job.as_posix() == "jobs/report.ipynb"
    told = "the job of report.ipynb as it is saved: nothing is published"
    assert f"wrote jobs/report.ipynb, {told}" in shell.said
    assert "%flow run --record" in job.read_text()
    shell.flow("export --force")
    assert "nothing new in" in shell.said


def sources(path):
    """The texts of the cells of a notebook."""
    from flowbook.cells.notebook import Notebook

    return [cell.source for cell in Notebook.parse(path.read_text()).cells]


def test_what_is_published_is_exported_and_its_version_told(shell, monkeypatch):
    path = saved(shell, ["%%flow one\n1"])
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    shell.run("%%flow one\n1", cell="cell0")
    shell.notebook.project.load(path).flow.publish("first")
    saved(shell, ["%%flow one\n2"])
    job = shell.flow("export")
    assert "the job of version 1 of report" in shell.said
    assert "changes that are not published" in shell.said
    assert "%%flow one\n1" in sources(job)
    shell.flow("export --draft --force")
    assert "the job of report.ipynb as it is saved\n" in shell.said
    assert "%%flow one\n2" in sources(job)
    shell.flow("export --version 1 --layout steps --force")
    assert "%flow step one" in job.read_text()
    with pytest.raises(UsageError, match="no version '7'"):
        shell.flow("export --version 7 --force")
    with pytest.raises(UsageError, match="exclude each other"):
        shell.flow("export --version 1 --draft")


def test_cells_that_are_not_saved_are_told_of(shell, monkeypatch):
    path = saved(shell, ["%%flow one\n1"])
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    shell.run("%%flow one\n2", cell="cell0")
    shell.flow("export")
    assert "changes that are not saved" in shell.said


def test_a_flow_whose_file_is_not_known_is_exported_as_it_is(shell):
    shell.run("%%flow one\n1")
    shell.run("%%flow two\none + 1")
    job = shell.flow("export jobs/mine.ipynb")
    assert "%%flow two" in job.read_text()
    assert "the flow as it is here" in shell.said


def test_an_export_writes_over_nothing_but_a_job_of_the_flow(shell, monkeypatch):
    shell.run("%%flow one\n1")
    (shell.folder / "notes.ipynb").write_text("{}")
    with pytest.raises(UsageError, match="is no job of this flow"):
        shell.flow("export notes.ipynb")
    assert (shell.folder / "notes.ipynb").read_text() == "{}"
    shell.flow("export notes.ipynb --force")
    shell.flow("export notes.ipynb")
    path = saved(shell, ["%%flow one\n1"])
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    with pytest.raises(UsageError, match="would overwrite"):
        shell.flow("export report.ipynb --force")


def test_a_flow_with_errors_is_not_exported(shell):
    shell.flow("mode define")
    shell.run("%%flow early(late)\nlate")
    with pytest.raises(InvalidFlow):
        shell.flow("export")
    assert not (shell.folder / "jobs").exists()


def test_the_flow_is_published_and_rolled_back_from_a_cell(shell):
    shell.run("%%flow greet(city: str = 'Oslo')\nf'hei {city}'", cell="g")
    version = shell.flow("publish --note 'the first'")
    assert "note: version 1 is published" in shell.said
    assert (version.number, version.published, version.note) == (1, True, "the first")
    shell.run("%%flow greet(city: str = 'Oslo')\nf'hallo {city}'", cell="g")
    assert shell.flow("run --route published")["greet"].output == "hei Oslo"
    assert shell.flow("run")["greet"].output == "hallo Oslo"
    assert [one.published for one in shell.flow("versions")] == [True, False]
    back = shell.flow("rollback 1")
    assert "should say: f'hei {city}'" in shell.said
    assert (back.number, back.current) == (1, True)
    assert shell.flow("run")["greet"].output == "hei Oslo"
