"""Every edit and every patch goes over the wire and comes back; what is none is told why."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.graph.test_codec import nodes as any_nodes
from tests.graph.test_edits import edits

from flowbook.cells import edit_wire
from flowbook.cells.edit_wire import decode, encode, patch_from_json, patch_to_json
from flowbook.cells.notebook import Cell
from flowbook.cells.patches import DeleteCell, InsertCell, ReplaceSource, SetMetadata
from flowbook.errors import UsageError
from flowbook.graph.edits import AddNode, Edit, MoveNodes, ReplaceNode, SetSetup
from flowbook.graph.spec import NodeSpec, Position


def over_the_wire(document):
    return json.loads(json.dumps(document))


more = st.one_of(
    st.builds(AddNode, any_nodes),
    st.builds(ReplaceNode, any_nodes),
    st.builds(SetSetup, st.lists(any_nodes, max_size=2).map(tuple)),
)


@given(edits | more)
def test_an_edit_comes_back_as_it_went(edit):
    assert decode(over_the_wire(encode(edit))) == edit


def test_there_is_a_message_for_every_edit():
    assert set(edit_wire._SENT) == set(get_args(Edit))
    assert set(edit_wire._TAKEN) == set(get_args(edit_wire.EditMessage))


def test_the_shape_is_plain():
    assert encode(MoveNodes({"a": Position(1, 2.5), "b": None})) == {
        "type": "MOVE_NODES",
        "positions": {"a": {"x": 1, "y": 2.5}, "b": None},
    }
    assert encode(AddNode(NodeSpec("a", body="1"), 3)) == {
        "type": "ADD_NODE",
        "node": {"id": "a", "body": "1"},
        "index": 3,
    }


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "Expected `object`"),
        ({}, "missing required field `type`"),
        ({"type": "EXPLODE"}, "Invalid value 'EXPLODE'"),
        ({"type": "REMOVE_NODE"}, "missing required field `node`"),
        ({"type": "REMOVE_NODE", "node": 3}, r"Expected `str`, got `int` - at `\$.node`"),
        ({"type": "REMOVE_NODE", "node": "a", "x": 1}, "unknown field `x`"),
        ({"type": "SET_OPTIONS", "node": "a", "options": {"retires": "3"}}, "unknown option"),
        ({"type": "SEVERAL", "edits": [{"type": "CONNECT"}]}, r"at `\$.edits\[0\]`"),
    ],
)
def test_what_is_no_edit_is_told_why(document, told):
    with pytest.raises(UsageError, match=told) as refused:
        decode(document)
    assert refused.value.hint


def test_gestures_in_gestures_without_end_are_refused():
    document = {"type": "REMOVE_NODE", "node": "a"}
    for _ in range(100_000):
        document = {"type": "SEVERAL", "edits": [document]}
    with pytest.raises(UsageError, match="this is no edit"):
        decode(document)


@pytest.mark.parametrize(
    ("patch", "document"),
    [
        (ReplaceSource("c", "a\n"), {"type": "REPLACE_SOURCE", "cell": "c", "source": "a\n"}),
        (
            SetMetadata("c", {"tags": ["x"]}),
            {"type": "SET_METADATA", "cell": "c", "metadata": {"tags": ["x"]}},
        ),
        (DeleteCell("c"), {"type": "DELETE_CELL", "cell": "c"}),
        (
            InsertCell(2, Cell.code("c", "a\nb", {"tags": []})),
            {
                "type": "INSERT_CELL",
                "index": 2,
                "cell": {
                    "id": "c",
                    "cell_type": "code",
                    "source": "a\nb",
                    "metadata": {"tags": []},
                    "execution_count": None,
                    "outputs": [],
                },
            },
        ),
    ],
)
def test_a_patch_comes_back_as_it_went(patch, document):
    assert patch_to_json(patch) == document
    assert patch_from_json(over_the_wire(document)) == patch


@pytest.mark.parametrize("document", [None, {"type": "MOVE_CELL"}, {"type": "DELETE_CELL"}])
def test_what_is_no_patch_is_told_why(document):
    with pytest.raises(UsageError, match="this is no patch"):
        patch_from_json(document)


def test_cells_of_a_front_end_are_read():
    (one, other) = edit_wire.cells_from_json([{"id": "a", "source": ["x\n", "y"]}, {"source": "z"}])
    assert (one.id, one.type, one.source) == ("a", "code", "x\ny")
    assert other.id
    with pytest.raises(UsageError, match="cell 1 is no object"):
        edit_wire.cells_from_json([{}, 3])
    with pytest.raises(UsageError, match="cells are a list"):
        edit_wire.cells_from_json({})
