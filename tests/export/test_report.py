"""The executed notebook tells what the run did, cell by cell."""

from __future__ import annotations

import json

import nbformat
import pandas as pd
import pytest
from tests.export.story import BORN, RUN, story
from tests.run.histories import containers

from flowbook.errors import UsageError
from flowbook.export.report import report, write_report
from flowbook.graph.spec import FlowSpec, NodeSpec, Place


class Gave:
    def __init__(self, value, **ports):
        self.output = value
        self.outputs = ports or {"only": value}

    def shown(self, values):
        return values


class Told:
    """A finished run: events told by hand and values held by hand."""

    id = RUN

    def __init__(self, *, good=False):
        self.good = good
        self.values = {
            "daily": Gave(pd.DataFrame({"t": [1]})),
            "station": Gave({"a": 1, "b": 2}, a=1, b=2),
            "clean": Gave({"matched": ["hot"]}, hot=3, wet=4),
            "chart": Gave(None),
        }

    def events(self):
        return story(good=self.good)

    def __getitem__(self, node):
        return self.values[node]


def source() -> str:
    cells = [nbformat.v4.new_markdown_cell("# Title", id="title")]
    for name in ("daily", "station", "clean", "chart"):
        cells.append(
            nbformat.v4.new_code_cell(
                f"%%flow {name}",
                id=name,
                execution_count=7,
                outputs=[nbformat.v4.new_output("stream", text="stale")],
            )
        )
    cells.append(nbformat.v4.new_code_cell("flow.canvas()", id="plain", execution_count=9))
    return nbformat.v4.writes(nbformat.v4.new_notebook(cells=cells))


SPEC = FlowSpec(
    "tour",
    tuple(
        NodeSpec(name, place=Place(name, i + 1))
        for i, name in enumerate(("daily", "station", "clean", "chart"))
    ),
)


def cells(*, good=False):
    notebook = nbformat.reads(report(Told(good=good), source(), SPEC), as_version=4)
    nbformat.validate(notebook)
    return {cell.id: cell for cell in notebook.cells}, notebook


def test_a_value_is_shown_on_its_cell():
    found, _ = cells()
    (output,) = found["daily"].outputs
    assert output.output_type == "execute_result"
    assert "text/html" in output.data
    assert output.execution_count == found["daily"].execution_count == 1


def test_each_of_several_outputs_is_shown_by_name():
    found, _ = cells()
    ports = [output.metadata["flowbook"]["port"] for output in found["station"].outputs]
    assert ports == ["a", "b"]


def test_a_result_that_is_not_the_ports_is_shown_whole():
    found, _ = cells(good=True)
    *_, output = found["clean"].outputs
    assert output.data["text/plain"] == "{'matched': ['hot']}"


def test_a_node_that_gave_nothing_shows_nothing():
    found, _ = cells(good=True)
    assert found["chart"].outputs == []
    assert found["chart"].execution_count == 4


def test_a_failure_is_an_error_output_with_its_traceback_after_what_was_printed():
    found, _ = cells()
    printed, error = found["clean"].outputs
    assert printed.text == "cleaning\n"
    assert (error.ename, error.evalue) == ("ValueError", "3 days | missing")
    assert error.traceback[1] == "  line 4"


def test_a_skipped_node_says_why():
    found, _ = cells()
    assert found["chart"].outputs[0].text == "skipped: upstream failed (clean)\n"
    assert found["chart"].execution_count is None


def test_what_did_not_run_has_no_outputs():
    found, _ = cells()
    assert found["plain"].outputs == []
    assert found["plain"].execution_count is None


def test_a_node_inside_of_a_container_shows_the_turn_in_which_it_failed():
    (play,) = [play for name, play in containers() if name == "map_with_failures"]

    class Mapped(Told):
        def events(self):
            return play.events

        def __getitem__(self, node):
            return Gave({"cities": 3, "each": [1, 2], "total": 2}.get(node, node))

    names = ("cities", "each", "fetch", "clean", "total")
    spec = FlowSpec("tour", tuple(NodeSpec(name, place=Place(name, 1)) for name in names))
    made = [nbformat.v4.new_code_cell(f"%%flow {name}", id=name) for name in names]
    text = nbformat.v4.writes(nbformat.v4.new_notebook(cells=made))
    notebook = nbformat.reads(report(Mapped(), text, spec), as_version=4)
    nbformat.validate(notebook)
    cells = {cell.id: cell for cell in notebook.cells}
    told, failed = cells["fetch"].outputs
    assert told.text == "2 succeeded, 1 failed; this is each[0]:\n"
    assert failed.evalue == "boom"
    assert cells["clean"].outputs[1].data["text/plain"] == "each[2].clean"
    summary = notebook.cells[0].source
    assert "| `each` | succeeded | 1 |" in summary
    assert "3/3 (1 failed)" in summary


def test_times_are_those_of_the_run():
    found, _ = cells()
    assert found["daily"].metadata["execution"] == {
        "iopub.execute_input": "2023-11-14T22:13:20.100Z",
        "shell.execute_reply": "2023-11-14T22:13:20.700Z",
    }
    assert BORN == 1_700_000_000


def test_the_summary_comes_first():
    _, notebook = cells()
    text = notebook.cells[0].source
    assert text.startswith("# tour: failed in 1.70 s")
    assert RUN in text
    assert "| `city` | `'Oslo'` |" in text
    assert "| `station` | succeeded | 2 | 1.30 | |" in text.replace("  ", " ")
    assert r"ValueError: 3 days \| missing" in text
    assert notebook.metadata["flowbook"]["run"] == RUN


def test_the_file_appears_whole(tmp_path):
    path = write_report(Told(), source(), SPEC, tmp_path / "reports" / "tour.ipynb")
    assert json.loads(path.read_text())["nbformat"] == 4
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot write the report"):
        write_report(Told(), source(), SPEC, tmp_path / "file" / "tour.ipynb")


def test_the_flow_as_it_was_drawn_stands_below_the_summary_and_above_the_authors_cells():
    drawn = {"image/svg+xml": "<svg/>", "text/plain": "flow tour"}
    made = nbformat.reads(report(Told(), source(), SPEC, drawn), as_version=4)
    nbformat.validate(made)
    summary, drawing, title, *_ = made.cells
    assert (summary.cell_type, title.id) == ("markdown", "title")
    assert drawing.outputs[0].data == drawn
    assert drawing.metadata["jupyter"] == {"source_hidden": True}
    plain = nbformat.reads(report(Told(), source(), SPEC), as_version=4)
    assert [one.id for one in plain.cells] == [one.id for one in made.cells if one is not drawing]
