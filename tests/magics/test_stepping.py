"""Cells that run one node each: still one run, and a cell has its own node's failure."""

from __future__ import annotations

import pytest

from flowbook.errors import RunFailed, UsageError
from flowbook.events import NodeStarted, RunCreated
from flowbook.session.recorded import RecordedRun


def define(shell, *cells):
    shell.flow("mode define")
    for n, text in enumerate(cells):
        shell.run(text, cell=f"cell{n}")
    return shell.flow("run --record --steps")


def began(run):
    """The nodes in the order they began."""
    return [str(one.node) for one in run.events() if isinstance(one, NodeStarted)]


CHAIN = ("%%flow numbers\nlist(range(4))", "%%flow total(numbers)\nsum(numbers)")


def test_each_cell_runs_its_node_and_shows_what_it_gave(shell):
    run = define(shell, *CHAIN)
    assert began(run) == []
    shell.flow("step numbers")
    assert began(run) == ["numbers"]
    assert "✓ numbers" in shell.said
    assert [one["text/plain"] for one in shell.shown] == ["[0, 1, 2, 3]"]
    shell.flow("step total")
    assert [one["text/plain"] for one in shell.shown] == ["6"]
    assert "numbers" not in shell.said  # it was told by its own cell
    assert shell.flow("step") is run
    assert run.status == "succeeded"
    assert 'data-status="succeeded"><title>total' in shell.shown[0]["image/svg+xml"]


def test_it_is_one_run_in_the_history(shell):
    run = define(shell, *CHAIN)
    for line in ("step numbers", "step total", "step"):
        shell.flow(line)
    assert [row.id for row in shell.notebook.project.history.runs().runs] == [run.id]
    assert sum(isinstance(one, RunCreated) for one in run.events()) == 1


def test_what_a_node_needs_and_was_passed_over_runs_before_it(shell):
    run = define(shell, *CHAIN, "%%flow other\n1")
    shell.flow("step total")
    assert began(run) == ["numbers", "total"]
    shell.flow("step")
    assert began(run) == ["numbers", "total", "other"]


def test_a_container_runs_with_all_that_is_inside_of_it(shell):
    run = define(
        shell,
        "%%flow numbers\nlist(range(40))",
        "%%flow map each(numbers)",
        "%%flow twice(item) --in each\nitem * 2",
        "%%flow total(values=each.each_values)\nsum(values)",
    )
    shell.flow("step numbers")
    shell.flow("step each")
    assert began(run).count("twice") == 40
    assert "total" not in began(run)
    shell.flow("step total")
    assert [one["text/plain"] for one in shell.shown] == ["1560"]
    assert shell.flow("step").status == "succeeded"


def test_a_branch_that_was_not_taken_is_passed_over(shell):
    run = define(
        shell,
        "%%flow temperature\n30",
        "%%flow router climate(temperature)\nroute_by: '{{ temperature }}'\nconditions:\n"
        "  - {id: hot, expression: value > 25}\n  - {id: cold, expression: value <= 25}",
        "%%flow ice(x=climate.hot)\n'ice'",
        "%%flow tea(x=climate.cold)\n'tea'",
    )
    for node in ("temperature", "climate", "ice"):
        shell.flow(f"step {node}")
    assert "'ice'" in shell.shown[-1]["text/plain"]
    shell.flow("step tea")
    assert shell.shown == []
    shell.flow("step")
    assert "tea" not in began(run)
    assert run["tea"].outcome == "skipped"
    assert run.status == "succeeded"


def test_another_attempt_belongs_to_the_same_cell(shell):
    run = define(
        shell,
        "import itertools\nturns = itertools.count()",
        "%%flow shaky --retries 2 --backoff 1ms\nassert next(turns) == 2\n'third'",
    )
    shell.flow("step shaky")
    assert began(run) == ["shaky"] * 3
    assert shell.flow("step").status == "succeeded"


def test_a_node_that_fails_is_the_error_of_its_own_cell(shell):
    run = define(shell, *CHAIN, "%%flow broken(numbers)\nnumbers[9]", "%%flow after(broken)\n1")
    shell.flow("step numbers")
    with pytest.raises(RunFailed, match=r"node 'broken' failed \(cell cell2, line 2\)"):
        shell.flow("step broken")
    assert run.status == "failed"
    assert run["after"].outcome == "skipped"
    assert run["total"].outcome == "succeeded"  # as where all run side by side
    assert 'data-status="failed"><title>broken' in shell.shown[0]["image/svg+xml"]
    with pytest.raises(RunFailed):
        shell.flow("step")


def test_a_failure_that_is_not_the_runs_lets_the_next_cell_go_on(shell):
    run = define(
        shell,
        "%%flow numbers\n[1, 0, 2]",
        "%%flow map each(numbers)",
        "%%flow share(item) --in each\n2 // item",
        "%%flow told(summary=each.each_summary)\nlen(summary)",
    )
    shell.flow("step numbers")
    shell.flow("step each")
    shell.flow("step told")
    shell.flow("step")
    assert run.status == "succeeded"


def test_a_second_run_by_steps_leaves_none_that_waits_for_ever(shell):
    first = define(shell, *CHAIN)
    second = shell.flow("run --record --steps")
    assert first.wait(30).status == "cancelled"
    shell.flow("step")
    assert second.status == "succeeded"


def test_a_step_without_a_run_says_how_to_begin_one(shell):
    shell.run("%%flow one\n1")
    with pytest.raises(UsageError, match="no run was begun") as refused:
        shell.flow("step one")
    assert "%flow run --steps" in refused.value.hint


def test_what_is_kept_back_is_not_shown_by_a_cell(shell):
    shell.flow("options sensitive_fields=ssn")
    define(shell, "%%flow person\n{'ssn': 'canary', 'n': 1}")
    shell.flow("step person")
    assert "canary" not in shell.shown[0]["text/plain"]


def test_a_body_that_ends_in_a_semicolon_shows_nothing(shell):
    define(shell, "%%flow rows\n[1];", "%%flow nothing\nNone")
    shell.flow("step rows")
    assert shell.shown == []
    shell.flow("step nothing")
    assert shell.shown == []


def test_cells_of_a_run_that_another_process_did_show_what_it_gave(shell):
    from flowbook.magics import stepping

    done = define(shell, *CHAIN)
    shell.flow("step")
    recorded = RecordedRun(shell.notebook.project, done.id)
    assert stepping.begin(shell.notebook, recorded) is recorded
    shell.flow("step total")
    assert [one["text/plain"] for one in shell.shown] == ["6"]
    assert shell.flow("step") is recorded
