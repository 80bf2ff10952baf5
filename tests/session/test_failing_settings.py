"""A node that fails by one of its settings points at the line of that setting."""

from __future__ import annotations

import json

import pytest

from flowbook.errors import RunFailed

SOURCE = "%%flow given\n{'n': None, 'city': 'Oslo', 'rows': [{'a': 1}, {'a': 'x'}]}"


def flow_of(project, tmp_path, *cells):
    told = [
        {"id": f"c{n}", "cell_type": "code", "metadata": {}, "execution_count": None,
         "outputs": [], "source": one}
        for n, one in enumerate((SOURCE, *cells))
    ]  # fmt: skip
    made = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": told}
    (tmp_path / "page.ipynb").write_text(json.dumps(made))
    return project.read_notebook(tmp_path / "page.ipynb")


def failed(project, tmp_path, *cells):
    run = flow_of(project, tmp_path, *cells).run()
    run.wait(30)
    with pytest.raises(RunFailed) as caught:
        run.raise_for_status()
    return caught.value


SITE = 'url: "http://127.0.0.1:1"'
OVER = 'over: "{{ given.rows }}"'
CASES = {
    "a template": ("http", 'method: GET\nurl: "http://127.0.0.1:1/{{ given.nope }}"', 3),
    "a header": ("http", f'{SITE}\nheaders:\n  A: "1"\n  B: "{{{{ given.n + 1 }}}}"', 5),
    "a block": (
        "http",
        f"{SITE}\nmethod: POST\ndata: |\n  {{{{ given.city }}}}\n  {{{{ given.n + 1 }}}}",
        6,
    ),
    "a list": ("log", 'message: x\nvalue:\n- "{{ given.city }}"\n- "{{ given.n + 1 }}"', 5),
    "no answer": ("http", 'timeout: 5\n\nurl: "http://127.0.0.1:1/{{ given.city }}"', 4),
    "no address": ("http", 'timeout: 5\nurl: "{{ given.city }}"', 3),
    "a trait": ("http", f'{SITE}\ntimeout: "{{{{ given.city }}}}"', 3),
    "a secret": ("http", f'{SITE}\nheaders:\n  T: "{{{{ $secret.none }}}}"', 4),
    "a router": (
        "router",
        "conditions:\n- {id: a, expression: value.city == 1}\n- id: b\n  expression: value.n > 1",
        5,
    ),
    "an if": ("if", "labels: [yes it is, no]\ncondition: value.n > 1", 3),
    "a switch": ("switch", 'cases:\n  a: 1\nvalue: "{{ given.n + 1 }}"', 4),
    "a filter": ("filter", f"{OVER}\nwhere: a > 1", 3),
    "a transform": (
        "transform",
        f'{OVER}\nfields:\n  fine: "{{{{ a }}}}"\n  b: "{{{{ a + 1 }}}}"',
        5,
    ),
    "a sort": ("sort", f"{OVER}\nby:\n- a\n- a + 1", 5),
    "a while": ("while", "initial: 1\ncondition: last.no > given.n", 3),
}


@pytest.mark.parametrize("case", CASES)
def test_it_points_at_the_setting(project, tmp_path, case):
    kind, body, line = CASES[case]
    cells = [f"%%flow {kind} it(given)\n{body}"]
    if kind == "while":
        cells.append("%%flow turn(last)\n#| in: it\nlast")
    error = failed(project, tmp_path, *cells)
    assert error.error_type != "flowbook.errors.InvalidFlow"
    assert (error.node, error.cell, error.line) == ("it", "c1", line), str(error)
    assert f"(cell c1, line {line})" in str(error)
    shown = cells[0].splitlines()[line - 1].strip()
    frames = error.frames().splitlines()
    assert frames[1].endswith(f", line {line}, in it")
    assert frames[2].strip() == shown
    assert sum('File "' in one for one in frames) == 1  # and none of a library


def test_arrows_mark_the_expression(project, tmp_path):
    body = 'url: "http://127.0.0.1:1"\nparams:\n  q: "{{ given.city }} {{ given.n[0] }}"'
    error = failed(project, tmp_path, f"%%flow http it(given)\n{body}")
    line, arrows = error.frames().splitlines()[2:4]
    assert line[arrows.index("~") :].startswith("given.n[0]")
    assert (error.line, arrows.strip()) == (4, "~~~~~~~^^^")


def test_it_points_there_from_a_process(project, tmp_path):
    cell = '%%flow log it(given)\n#| on: process\nlevel: info\nmessage: "{{ given.n + 1 }}"'
    error = failed(project, tmp_path, cell)
    assert (error.cell, error.line) == ("c1", 4)
    assert 'message: "{{ given.n + 1 }}"' in error.frames()


def test_a_node_without_a_cell_fails_as_ever(project):
    from flowbook.graph.flow import Flow
    from flowbook.graph.spec import NodeSpec
    from flowbook.nodes.http import HttpNode

    flow = Flow("plain", host=project)
    flow.add(HttpNode(NodeSpec("get", kind="http"), url="http://127.0.0.1:1"))
    with pytest.raises(RunFailed, match="node 'get' failed: HttpFailed") as caught:
        flow.run().raise_for_status()
    assert caught.value.line is None


def test_what_is_no_settings_fault_points_at_the_head(project, tmp_path):
    cell = '%%flow read_file it(given)\npath: "{{ given.city }}.csv"'
    assert failed(project, tmp_path, cell).line == 1


def test_the_history_has_the_line(project, tmp_path):
    cell = '%%flow log it(given)\nlevel: info\nmessage: "{{ given.n + 1 }}"'
    failed(project, tmp_path, cell)
    asked = "select payload->>'$.error.line' from events where kind = 'NODE_FAILED'"
    assert project.history.table(asked)[1] == [("3",)]
