from __future__ import annotations

import msgspec
import pytest
from tests.widget.stage import RUN, completed, created

from flowbook.widget.protocol import (
    Batch,
    CancelRun,
    Details,
    KernelMessage,
    Move,
    Refused,
    Snapshot,
    StartRun,
    TidyUp,
    Unreadable,
    ViewMessage,
    read,
    write,
)
from flowbook.widget.views import FlowView, RunView


def test_every_view_message_is_read_by_its_type():
    assert read({"type": "RUN", "params": {"city": "Oslo"}}) == StartRun({"city": "Oslo"})
    assert read({"type": "RUN"}) == StartRun({})
    assert read({"type": "CANCEL"}) == CancelRun()
    assert read({"type": "TIDY_UP"}) == TidyUp()
    moved = read({"type": "MOVE", "positions": {"clean": {"x": 1, "y": 2.5}}})
    assert isinstance(moved, Move)
    assert moved.positions["clean"].y == 2.5


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"type": "CHEER"}, "CHEER"),
        ({"node": "clean"}, "type"),
        ({"type": "INSPECT", "view": "v"}, "node"),
        ({"type": "MOVE", "positions": {"clean": [1, 2]}}, "positions"),
        ("hello", "object"),
        (None, "object"),
    ],
)
def test_what_is_no_view_message_is_refused_by_name(content, named):
    with pytest.raises(Unreadable, match=named) as refused:
        read(content)
    assert "reload the page" in str(refused.value)


def test_messages_survive_the_wire():
    messages = (
        Snapshot(1, FlowView("tour"), RunView(RUN, (created(), completed(1)))),
        Batch(2, (completed(1),)),
        Details("v", "clean"),
        Refused("no", "why"),
    )
    for message in messages:
        assert msgspec.convert(write(message), KernelMessage) == message


def test_no_message_has_a_key_called_id():
    def keys(kind):
        for part in getattr(kind, "__args__", (kind,)):
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                yield from part.__struct_fields__

    assert "id" not in {*keys(KernelMessage), *keys(ViewMessage)}
