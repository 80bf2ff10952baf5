"""`flowbook check` says everything at once and executes nothing."""

from __future__ import annotations

import json

from flowbook.graph.problem import Problem, Severity
from flowbook.graph.spec import FlowSpec, InputSpec, NodeSpec, Wire

SPEC = FlowSpec(
    "tour",
    (
        NodeSpec("raw", outputs=("rows", "n")),
        NodeSpec(
            "clean",
            kind="sql",
            inputs=(InputSpec("rows", wire=Wire("raw", "rows")), InputSpec("top", default=3)),
            outputs=("clean",),
        ),
    ),
)
WRONG = Problem(Severity.ERROR, "no node 'x'", "clean", "cell2", 1, "did you mean 'raw'?")


def test_json_has_nodes_edges_and_problems(ask, home, notebook):
    home.spec, home.problems = SPEC, (WRONG,)
    code, out, err = ask("check", "tour.ipynb", "--json")
    assert (code, err) == (2, "")
    assert json.loads(out) == {
        "flow": "tour",
        "nodes": [
            {"name": "raw", "kind": "python", "inputs": [], "outputs": ["rows", "n"]},
            {"name": "clean", "kind": "sql", "inputs": ["rows", "top"], "outputs": ["clean"]},
        ],
        "edges": [{"source": "raw", "output": "rows", "target": "clean", "input": "rows"}],
        "problems": [
            {
                "severity": "error",
                "cell": "cell2",
                "line": 1,
                "node": "clean",
                "message": "no node 'x'",
                "hint": "did you mean 'raw'?",
            }
        ],
    }


def test_a_problem_found_twice_is_told_once(ask, home, notebook):
    home.problems = home.checked = (WRONG,)
    _, out, _ = ask("check", "tour.ipynb", "--json")
    assert len(json.loads(out)["problems"]) == 1


def test_warnings_alone_end_well(ask, home, notebook):
    home.problems = (Problem(Severity.WARNING, "odd"),)
    code, _, err = ask("check", "tour.ipynb")
    assert code == 0
    assert "0 errors, 1 warning" in err


def test_a_table_for_people(ask, home, notebook):
    home.spec = SPEC
    code, out, err = ask("check", "tour.ipynb")
    assert code == 0
    assert out.splitlines()[3] == "clean  sql     rows, top  clean"
    assert err == "tour: 2 nodes, 1 edge, 0 errors, 0 warnings\n"


def test_checking_writes_nothing(ask, home, notebook, tmp_path):
    ask("check", "tour.ipynb")
    assert [path.name for path in tmp_path.iterdir()] == ["tour.ipynb"]
