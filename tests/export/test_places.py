"""Where the nodes of a job stand is in its cells, and its kernel is told of it."""

from __future__ import annotations

import json

import nbformat
from tests.export.test_notebook import REGISTRY, SPEC, author

from flowbook.cells.notebook import Notebook
from flowbook.cells.source import read
from flowbook.export.notebook import Layout, export_notebook
from flowbook.export.places import NAME, heard, told, told_of
from flowbook.graph.spec import Position
from flowbook.session.places import placed

RAW = Position(300.0, -40.0)


def export(spec, **options):
    return export_notebook(author(), spec, REGISTRY, source="../tour.ipynb", **options)


def test_a_node_stands_in_the_job_where_it_stands_on_the_canvas():
    for layout in Layout:
        job = export(placed(SPEC, {"raw": RAW}), layout=layout)
        nodes = read(Notebook.parse(job), REGISTRY).spec.nodes
        assert {one.id: one.position for one in nodes} == {"raw": RAW, "clean": None}


def test_where_nodes_stand_changes_neither_version_nor_text():
    def lean(text):
        cells = nbformat.reads(text, as_version=4).cells
        return [(cell.id, cell.source, cell.metadata.get("tags")) for cell in cells]

    plain, moved = export(SPEC), export(placed(SPEC, {"raw": RAW}))
    assert plain != moved
    assert lean(plain) == lean(moved)
    about = [json.loads(text)["metadata"] for text in (plain, moved)]
    assert about[0] == about[1]


def said(text):
    return told(json.loads(text))


def test_a_kernel_hears_what_the_cells_of_its_job_say(tmp_path):
    job = export(placed(SPEC, {"raw": RAW}))
    (tmp_path / "job.ipynb").write_text(job)
    assert heard(told_of(tmp_path / "job.ipynb"), SPEC) == {"raw": RAW}
    assert heard(told(nbformat.reads(job, as_version=4)), SPEC) == {"raw": RAW}
    assert heard(said(export(SPEC)), SPEC) == {}


def test_a_job_within_a_job_is_not_told_of_the_other_ones_places():
    outer, inner = said(export(placed(SPEC, {"raw": RAW}))), said(export(SPEC))
    assert heard({**outer, **inner}, SPEC) == {}


def test_what_is_no_layout_is_none(tmp_path):
    assert told_of(tmp_path / "gone.ipynb") == told({})
    for text in ("", "[]", '{"cells": 5}', '{"cells": [5]}'):
        (tmp_path / "job.ipynb").write_text(text)
        assert told_of(tmp_path / "job.ipynb") == told({})
    for text in ("", "[1]", '{"a": 1}', '{"a": [1, "x"]}', "NaN"):
        assert heard({NAME: text}, SPEC) == {}
    assert heard({}, SPEC) == {}


def test_more_than_a_process_can_be_told_is_not_told():
    cells = [
        {"id": f"{n:012d}", "metadata": {"flowbook": {"position": [n, n]}}} for n in range(9_000)
    ]
    assert told({"cells": cells}) == told({})
    assert heard(told({"cells": cells[:100]}), SPEC) == {}
