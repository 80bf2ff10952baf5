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


CASES = {
    "a template": ("http", 'method: GET\nurl: "http://127.0.0.1:1/{{ given.nope }}"', 3),
    "a header": (
        "http",
        'url: "http://127.0.0.1:1"\nheaders:\n  A: "1"\n  B: "{{ given.n + 1 }}"',
        5,
    ),
    "a block": (
        "http",
        'url: "http://127.0.0.1:1"\nmethod: POST\nbody: |\n  {{ given.city }}\n  {{ given.n + 1 }}',
        6,
    ),
    "a list": ("log", 'message: "x"\n'
        'data:\n- "{{ given.city }}"\n- "{{ given.n + 1 }}"', 5),
    "no answer": ("http", 'timeout: 5\n\nurl: "http://127.0.0.1:1/{{ given.city }}"', 4),
    "no address": ("http", 'timeout: 5\nurl: "{{ given.city }}"', 3),
    "a trait": ("http", 'url: "http://127.0.0.1:1"\ntimeout: "{{ given.city }}"', 3),
    "a secret": (
        "http",
        'url: "http://127.0.0.1:1"\nheaders:\n  T: "{{ $secret.none }}{{ given.n }}"',
        4,
    ),
    "a router": (
        "router",
        "conditions:\n- {id: a, expression: value.city == 1}\n- id: b\n  expression: value.n > 1",
        5,
    ),
    "an if": ("if", "labels: [yes it is, no]\ncondition: value.n > 1", 3),
    "a switch": ("switch", 'cases:\n  a: 1\nvalue: "{{ given.n + 1 }}"', 4),
    "a filter": ("filter", 'items: "{{ given.rows }}"\nwhere: a > 1', 3),
    "a transform": (
        "transform",
        'items: "{{ given.rows }}"\nfields:\n  fine: item.a\n  b: a + 1',
        5,
    ),
    "a sort": ("sort", 'items: "{{ given.rows }}"\nby:\n- a\n- nothing + 1', 5),
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
    assert not any("traitlets" in one or "httpx" in one for one in frames)
