"""What a node streamed, as the close-up shows it."""

from __future__ import annotations

import base64

from tests.widget.stage import RUN

from flowbook.errors import ValueUnavailable
from flowbook.events import NodeStreamed
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.ids import EventSeq, NodeId
from flowbook.run.stream import Tail
from flowbook.run.streamed import Streamed
from flowbook.widget.streamed import MOST_SHOWN, MOST_TEXT, streamed_view
from flowbook.widget.views import ImagePreview, TextPreview, TreePreview


def fact(channel, key, index=0, attempt=1, size=10, **more):
    ref = ValueRef(key, ValueFormat.JSON, "dict", size=size)
    of = {"run": RUN, "seq": EventSeq(index + 3), "at": 1.0, "node": NodeId("fetch")}
    return NodeStreamed(
        **of, attempt=attempt, channel=channel, value=ref, chunk_index=index, **more
    )


def shown(*facts, values=None, tail=None):
    def get(ref):
        if ref.hash not in (values or {}):
            raise ValueUnavailable("it is gone", ref=ref, reason="gone")
        return values[ref.hash]

    return streamed_view(Streamed(facts, get, tail))


def test_a_node_that_streams_nothing_has_no_view():
    assert shown() is None
    assert shown(fact("progress", "p")) is None


def test_the_end_of_a_long_text_is_shown():
    said = "x" * MOST_TEXT + "end"
    view = shown(fact("token", "t", chunks=7), values={"t": said})
    assert (view.text[-3:], len(view.text), view.cut, view.tokens) == ("end", MOST_TEXT, True, 7)


def test_while_tokens_come_the_text_is_what_is_at_hand():
    view = shown(tail=Tail(2, "so far", 2))
    assert (view.attempt, view.text, view.tokens) == (2, "so far", 2)


def test_the_last_chunks_and_artefacts_are_opened_unless_they_are_large():
    many = [fact("data", f"d{i}", i) for i in range(MOST_SHOWN + 2)]
    values = {f"d{i}": {"n": i} for i in range(MOST_SHOWN + 2)}
    view = shown(*many, fact("data", "big", 99, size=10**9), values=values)
    assert view.more_data == 3
    assert view.data[0].preview == TreePreview({"n": 3})
    assert view.data[-1].note == "1,000,000,000 bytes"


def test_artefacts_are_shown_as_what_they_are():
    view = shown(
        fact("artefact", "png", 0, name="a.png", media_type="image/png"),
        fact("artefact", "txt", 1, name="a.txt", media_type="text/plain"),
        fact("artefact", "bin", 2, name="a.bin", media_type="application/octet-stream"),
        fact("artefact", "gone", 3, name="b.txt", media_type="text/plain"),
        values={"png": b"\x89PNG", "txt": b"hello", "bin": b"\x00" * 12},
    )
    encoded = base64.b64encode(b"\x89PNG").decode()
    assert [one.preview for one in view.artefacts] == [
        ImagePreview("image/png", encoded, "a.png"),
        TextPreview("hello"),
        None,
        None,
    ]
    assert view.artefacts[2].size == 12
    assert "gone" in view.artefacts[3].note
