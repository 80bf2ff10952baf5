"""What is in the store only is shown by its preview, in the words of the wire."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tests.widget.stage import RUN, FakeNodeRun, FakeRun, spec

import flowbook
from flowbook.events import NodeStarted
from flowbook.events.ports import DevNull
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.codec import encode
from flowbook.ids import NodeId, PortName
from flowbook.run.rules.phase import Outcome
from flowbook.session.desk import Desk
from flowbook.session.project import Project
from flowbook.store import preview as kept
from flowbook.store.layout import Layout
from flowbook.store.recording import Recording, RecordingOptions
from flowbook.store.values import Objects
from flowbook.widget.closeup import details
from flowbook.widget.preview import preview, type_name
from flowbook.widget.protocol import Inspect, write
from flowbook.widget.stored import stored_port, told
from flowbook.widget.views import ArrayPreview, ImagePreview, TablePreview, TextPreview, TreePreview

FRAME = pd.DataFrame({"day": ["mon", "tue"] * 600, "rain": [0.5, None] * 600})


@pytest.fixture
def vault(tmp_path):
    return Objects(Layout(tmp_path / "store"))


def without_objects(folder):
    """Delete everything that is kept but the previews."""
    for path in folder.rglob("objects/**/*"):
        if path.is_file() and not path.name.endswith(".preview.json"):
            path.unlink()


def port(vault, value):
    ref = vault.put(value)
    return stored_port("x", ref, vault.preview(ref))


@pytest.mark.parametrize(
    "value",
    [
        [1, {"a": [2]}],
        {"a": 1},
        None,
        3.5,
        "some text",
        [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
        np.linspace(0, 1, 3000).reshape(1000, 3),
        np.array(["2015-07-19", "NaT"], dtype="datetime64[D]"),
        FRAME.head(20),
    ],
    ids=["list", "dict", "none", "number", "text", "records", "array", "times", "frame"],
)
def test_a_stored_value_looks_like_one_in_memory(vault, value):
    shown = port(vault, value)
    assert shown.type == type_name(value)
    near = preview(value)
    if isinstance(near, TextPreview) and isinstance(shown.preview, TreePreview):
        assert shown.preview.value == near.text
    else:
        assert shown.preview == near


def test_a_large_table_is_its_first_rows(vault):
    shown = port(vault, FRAME).preview
    assert (shown.total, shown.width, len(shown.rows)) == (1200, 2, kept.MOST_ROWS)
    assert [column.name for column in shown.columns] == ["day", "rain"]


def test_a_picture_is_a_picture(vault):
    shown = port(vault, Image.new("RGB", (640, 480), "navy"))
    assert shown.type == "Image"
    assert isinstance(shown.preview, ImagePreview)
    assert shown.preview.alt == "Picture of 640 by 480 pixels"
    large = kept.Preview("PIL.Image.Image", ValueFormat.IMAGE, 9, kept.ImagePreview("", "", 9, 8))
    note = stored_port("x", ValueRef("ab", ValueFormat.IMAGE, "PIL.Image.Image"), large).note
    assert note == "a picture of 9 by 8 pixels; install Pillow to see it small"


def test_what_is_not_to_be_seen_and_what_is_gone_are_notes(vault):
    ref = vault.put({"pin": "1234"}, redacted=True)
    assert stored_port("x", ref, vault.preview(ref)).note == "redacted before it was kept"
    lost = ValueRef("ab" * 32, ValueFormat.NPY, "numpy.ndarray")
    shown = stored_port("x", lost, vault.preview(lost))
    assert (shown.type, shown.preview) == ("ndarray", None)
    assert "run the node, or replay the run" in shown.note


# ---------------------------------------------------------------- what the flow keeps back today


@pytest.fixture
def tell(vault):
    options = RecordingOptions(sensitive_fields=("pin",))
    return Recording(DevNull(), vault, options, lambda: ["hunter22"]).shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (
            pd.DataFrame({"pin": [1, 2], "who": ["Ann", "hunter22"]}),
            (("[redacted]", "Ann"), ("[redacted]", "[redacted]")),
        ),
        (
            {"pin": 1, "rest": ["hunter22 it is"]},
            {"pin": "[redacted]", "rest": ["[redacted] it is"]},
        ),
        ("say hunter22", "say [redacted]"),
        (np.array(["hunter22", "x"]), ("[redacted]", "x")),
    ],
    ids=["table", "tree", "text", "array"],
)
def test_what_was_kept_before_it_was_sensitive_is_not_shown(vault, tell, value, shown):
    found = told("x", port(vault, value), tell).preview
    parts = {TablePreview: "rows", TreePreview: "value", ArrayPreview: "values"}
    assert getattr(found, parts.get(type(found), "text")) == shown
    assert "hunter22" not in str(write_port(found))


def test_a_port_of_a_sensitive_name_is_not_shown(vault, tell):
    assert told("pin", port(vault, FRAME), tell).preview == TextPreview("[redacted]")


def write_port(shown):
    from flowbook.widget.protocol import Details
    from flowbook.widget.views import PortPreview

    return write(Details("v", NodeId("n"), outputs=(PortPreview("x", preview=shown),)))


# ---------------------------------------------------------------- through the close-up


def test_what_is_in_memory_is_shown_from_there_and_the_rest_by_its_preview(vault):
    ref = vault.put(np.zeros(5000))
    without_objects(vault._layout.root)
    run = FakeRun(RUN)
    run.nodes["clean"] = FakeNodeRun(
        Outcome.SUCCEEDED,
        held_inputs={PortName("rows"): [1, 2]},
        held_outputs={PortName("clean"): ref},
    )
    shown = details(spec(), run, Inspect("v", NodeId("clean")), vault.preview)
    assert shown.inputs[0].preview == TreePreview([1, 2])
    assert shown.outputs[0].preview.shape == (5000,)


def test_a_store_that_cannot_be_read_is_a_note():
    def broken(ref):
        raise OSError("the disk is gone")

    run = FakeRun(RUN)
    ref = ValueRef("ab", ValueFormat.NPY, "numpy.ndarray")
    run.nodes["clean"] = FakeNodeRun(held_outputs={PortName("clean"): ref})
    (shown,) = details(spec(), run, Inspect("v", NodeId("clean")), broken).outputs
    assert (shown.preview, shown.note) == (None, "the disk is gone")


def measuring(host):
    flow = flowbook.Flow("measuring", host=host)

    @flow.node
    def field():
        return np.arange(60_000, dtype="float64").reshape(200, 300)

    @flow.node
    def mean(field=field):
        return float(field.mean())

    @flow.node
    def told(mean=mean):
        return f"{mean:.1f}"

    return flow


def test_the_canvas_opens_no_value_of_a_recovered_run(tmp_path):
    first = Project(tmp_path)
    flow = measuring(first)
    run = flow.run()
    events = first.history.events(run.id)
    spec, version = flow.spec(), events[0].version
    first.close()
    last = next(i for i, e in enumerate(events) if isinstance(e, NodeStarted) and e.node == "told")
    second = Project(tmp_path / "second")
    second.store.record_flow("measuring", version, encode(spec))
    second.store.sink.append(events[: last + 1]).result()
    second.close()
    (tmp_path / ".flowbook" / "objects").rename(tmp_path / "second" / ".flowbook" / "objects")
    third = Project(tmp_path / "second")
    flow = measuring(third)
    (taken,) = flow.recover().wait()
    assert taken["told"].output == "29999.5"
    without_objects(tmp_path / "second")
    desk = Desk(third, flow)
    (shown,) = details(flow.spec(), desk.current_run(), asked("field"), desk.preview).outputs
    assert (shown.type, shown.note) == ("ndarray", "")
    assert (shown.preview.shape, shown.preview.mean) == ((200, 300), 29999.5)
    (read,) = details(flow.spec(), desk.current_run(), asked("mean"), desk.preview).inputs
    assert read.preview == shown.preview
    assert not taken["field"].at_hand
    third.close()


def asked(node):
    return Inspect("v", NodeId(node))


def test_a_stored_series_is_a_table_with_what_is_in_it():
    column = kept.Column("rain", "float64", 1, 0.5, 3.0, 1.5, median=1.0, bars=(2, 0, 1))
    table = kept.TablePreview((column,), ((0.5,), (3.0,)), 2, 1)
    known = kept.Preview("pandas.Series", ValueFormat.PARQUET, 9, table)
    ref = ValueRef("ab", ValueFormat.PARQUET, "pandas.Series")
    shown = stored_port("rain", ref, known).preview
    assert isinstance(shown, TablePreview)
    assert shown.series == ArrayPreview("float64", (2,), (), 1, 0.5, 3.0, 1.5, None, 1.0, (2, 0, 1))


def test_more_of_a_stored_text_can_be_asked_for_and_more_of_bytes_cannot():
    shown = kept.TextPreview("abc", True, 9000)
    for kind, total in (("str", 9000), ("bytes", None)):
        ref = ValueRef("ab", ValueFormat.JSON, kind)
        found = stored_port("said", ref, kept.Preview(kind, ValueFormat.JSON, 9, shown)).preview
        assert found == TextPreview("abc", True, total)
