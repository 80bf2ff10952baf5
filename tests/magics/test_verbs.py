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
    shell.run("calls = []")
    for source in ("one\ncalls.append('one')\n1", "two\ncalls.append('two')\none + 1"):
        shell.run(f"%%flow {source}")
    shell.run("%%flow three\ncalls.append('three')\ntwo + 1")
    shell.run("%%flow aside\ncalls.append('aside')")
    shell.run("calls.clear()")
    run = shell.flow("run --from two")
    assert shell.run("calls") == ["two", "three"]
    assert (run["one"].outcome, run["three"].output) == ("reused", 3)


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
    shell.run("made = []")
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
