"""Test cells in runs: where they run, what a failing one does, and under pytest and the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.source import read
from flowbook.export.notebook import export_notebook
from flowbook.graph.asserting import all_tests, with_tests
from flowbook.graph.flow import Flow
from flowbook.graph.spec import FlowSpec
from flowbook.ids import CellId, FlowId, NodeId
from flowbook.session.start import Start
from flowbook.testing.cells import Ending, chosen, judge

CELLS = (
    "%%flow rows\nwith open('ran.txt', 'a') as ran:\n    ran.write('x')\n[3, 1, 2]",
    "%%flow clean(rows)\nsorted(rows)",
    "%%flow test clean\nassert clean == [1, 2, 3]\nassert len(clean) == 3",
    "%%flow test clean_is_long(clean)\nassert clean\nassert len(clean) > 5",
    "%%flow total(clean)\nsum(clean)",
)


def text_of(*cells):
    return Notebook.of(tuple(Cell.code(CellId(f"c{i}"), one) for i, one in enumerate(cells))).text()


@pytest.fixture
def flow(project, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def flow(*cells):
        parsed = read(Notebook.parse(text_of(*cells)), project.registry, FlowId("sums"))
        assert parsed.problems == ()
        made = Flow("sums", host=project)
        made.replace_spec(parsed.spec)
        return made

    return flow


def test_a_run_that_nobody_asked_to_test_leaves_tests_out(flow):
    run = flow(*CELLS).run()
    assert run.status.value == "succeeded"
    assert run.events()[0].nodes == ("rows", "clean", "total")


def test_a_test_that_fails_fails_the_run_that_asked_for_it_and_no_other_node(flow, project):
    made = flow(*CELLS)
    asked = with_tests(made.spec(), project.registry, None)
    run = project.start(made, {}, Start(targets=asked)).wait()
    assert run.status.value == "failed"
    found = {str(node): run[node].outcome.value for node in asked}
    assert found == {
        "rows": "succeeded",
        "clean": "succeeded",
        "test_clean": "succeeded",
        "test_clean_is_long": "failed",
        "total": "succeeded",
    }
    assert (run["test_clean_is_long"].error.cell, run["test_clean_is_long"].error.line) == ("c3", 3)


def test_what_tests_some_nodes_is_asked_for_with_them(flow, project):
    spec = flow(*CELLS).spec()
    assert with_tests(spec, project.registry, [NodeId("total")]) == ("total",)
    asked = with_tests(spec, project.registry, [NodeId("clean")])
    assert asked == ("clean", "test_clean", "test_clean_is_long")


def test_a_replay_of_a_run_with_tests_has_them_and_of_one_without_has_not(flow, project):
    made = flow(*CELLS)
    plain = made.run()
    assert made.replay(plain.id).wait().events()[0].nodes == ("rows", "clean", "total")
    asked = with_tests(made.spec(), project.registry, None)
    tested = project.start(made, {}, Start(targets=asked)).wait()
    assert set(made.replay(tested.id).wait().events()[0].nodes) == set(asked)


def test_tests_share_what_they_look_at_and_each_has_a_verdict(flow, project, tmp_path):
    made = flow(*CELLS)
    found = judge(made, all_tests(made.spec(), project.registry))
    assert (tmp_path / "ran.txt").read_text() == "x"
    held, failed = found["test_clean"], found["test_clean_is_long"]
    assert (held.ending, held.told) == (Ending.HELD, "2 assertions held")
    assert (failed.ending, failed.place) == (Ending.FAILED, "cell 4 (c3), line 3")
    assert "len(clean) is 3" in failed.told
    assert "assert len(clean) > 5" in failed.traceback


def test_a_test_whose_node_fails_says_so(flow, project):
    made = flow("%%flow rows\n1 / 0", "%%flow test rows\nassert rows", "%%flow test b\nassert 0")
    found = judge(made, all_tests(made.spec(), project.registry))
    assert found["test_rows"].ending is Ending.FAILED
    told = found["test_rows"].told
    assert told == "it did not run; rows failed: ZeroDivisionError: division by zero"


def test_a_test_of_a_branch_that_was_not_taken_is_skipped(flow, project):
    made = flow(
        "%%flow order\n{'total': 3}",
        "%%flow if large(order)\ncondition: order.total > 100",
        '%%flow big(order=large["true"])\norder',
        "%%flow test big\nassert big",
    )
    found = judge(made, all_tests(made.spec(), project.registry))
    assert found["test_big"].ending is Ending.SKIPPED


def test_a_test_takes_mocks_and_parameters_as_any_node_does(flow, project):
    made = flow("%%flow rows(top=3)\nlist(range(top))", "%%flow test rows\nassert len(rows) == 2")
    tests = all_tests(made.spec(), project.registry)
    assert judge(made, tests)["test_rows"].ending is Ending.FAILED
    assert judge(made, tests, {"top": 2})["test_rows"].ending is Ending.HELD
    assert judge(made, tests, mocks={"rows": [1, 2]})["test_rows"].ending is Ending.HELD


def test_a_name_that_is_no_test_is_refused(flow, project):
    tests = all_tests(flow(*CELLS).spec(), project.registry)
    assert [one.id for one in chosen(tests, ["test_clean"])] == ["test_clean"]
    with pytest.raises(Exception, match="there is no test 'clean'"):
        chosen(tests, ["clean"])


def test_a_test_inside_of_a_container_is_refused(project):
    cells = ("%%flow each\n1", "%%flow map every(each)", "%%flow test x\n#| in: every\nassert 1")
    parsed = read(Notebook.parse(text_of(*cells)), project.registry)
    made = Flow("sums", host=project)
    made.replace_spec(parsed.spec)
    assert any("a test runs once" in one.message for one in made.check())


def test_a_job_defines_tests_and_runs_them_where_it_is_told_to(flow, project):
    spec: FlowSpec = flow(*CELLS).spec()
    plain = json.loads(export_notebook(text_of(*CELLS), spec, project.registry, source="s.ipynb"))
    tested = json.loads(
        export_notebook(text_of(*CELLS), spec, project.registry, source="s.ipynb", tests=True)
    )
    said = ["".join(cell["source"]) for cell in plain["cells"]]
    assert "run = %flow run --record" in said
    assert CELLS[2] in said
    assert "flow sums: 3 nodes, succeeded\n" in plain["cells"][-1]["outputs"][0]["text"]
    assert "run = %flow run --record --test" in ["".join(c["source"]) for c in tested["cells"]]
    assert "flow sums: 5 nodes, succeeded\n" in tested["cells"][-1]["outputs"][0]["text"]
    assert "'total'" in "".join(tested["cells"][-2]["source"])


# ---------------------------------------------------------------- pytest, and the command


@pytest.fixture
def typed(tmp_path):
    """Type a command in the test's folder; its exit code and all it says."""

    def typed(*words):
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return typed


PYTEST = ("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:nbval", "-rA")


def test_pytest_collects_test_cells_where_it_is_asked_to(tmp_path, typed):
    (tmp_path / "sums.ipynb").write_text(text_of(*CELLS))
    assert typed(*PYTEST)[0] == 5
    code, said = typed(*PYTEST, "--flowbook", "--collect-only")
    assert code == 0
    assert "sums.ipynb::test_clean_is_long" in said
    assert not (tmp_path / "ran.txt").exists()
    code, said = typed(*PYTEST, "--flowbook")
    assert code == 1
    assert "1 failed, 1 passed" in said
    assert "sums.ipynb, cell 4 (c3), line 3" in said
    assert "len(clean) is 3" in said
    assert "FAILED sums.ipynb::test_clean_is_long - AssertionError: assert len(clean)" in said
    assert (tmp_path / "ran.txt").read_text() == "x"
    assert not (tmp_path / ".flowbook").exists()


def test_pytest_chooses_among_test_cells(tmp_path, typed):
    (tmp_path / "pytest.ini").write_text("[pytest]\nflowbook_notebooks = true\n")
    (tmp_path / "sums.ipynb").write_text(text_of(*CELLS))
    code, said = typed(*PYTEST, "sums.ipynb::test_clean")
    assert (code, "1 passed" in said) == (0, True), said
    code, said = typed(*PYTEST, "-k", "long")
    assert (code, "1 failed, 1 deselected" in said) == (1, True), said


def test_pytest_says_what_is_wrong_with_a_notebook(tmp_path, typed):
    (tmp_path / "bad.ipynb").write_text(text_of("%%flow test a\nassert b"))
    (tmp_path / "none.ipynb").write_text("{}")
    code, said = typed(*PYTEST, "--flowbook")
    assert code == 2
    assert "'b' is read here" in said
    assert "it has no list of cells" in said


def test_pytest_lets_nodes_have_effects_that_it_is_told_of(tmp_path, typed):
    cells = (
        "%%flow shell made\ncommand: [echo, hello]",
        "%%flow test made(out=made.stdout)\nassert out",
    )
    (tmp_path / "a.ipynb").write_text(text_of(*cells))
    code, said = typed(*PYTEST, "--flowbook")
    assert code == 1
    assert "made failed" in said
    assert "may change something outside" in said
    said = typed(*PYTEST, "--flowbook", "--flowbook-allow", "made")[1]
    assert "needs the grant 'shell'" in said


def test_the_command_runs_test_cells(tmp_path, typed):
    (tmp_path / "sums.ipynb").write_text(text_of(*CELLS))
    code, said = typed("flowbook.cli", "test", "sums.ipynb")
    assert code == 1
    assert "2 assertions held" in said
    assert "cell 4 (c3), line 3" in said
    code, said = typed("flowbook.cli", "test", "sums.ipynb", "--only", "test_clean", "--json")
    assert code == 0
    assert [one["ending"] for one in json.loads(said)["tests"]] == ["held"]
    code, said = typed("flowbook.cli", "test", "run", "sums.ipynb")
    assert code == 0, said
    (tmp_path / "none.ipynb").write_text(text_of("%%flow a\n1"))
    assert "has no test cells" in typed("flowbook.cli", "test", "none.ipynb")[1]
