"""One envelope for all that is journalled: run events and the store's own facts.

A journal line is `{"writer": …, "wseq": …, "fact": {…}}`. `wseq` counts a writer's facts from 0,
upwards, and is never given twice to different facts: with the writer it is what makes a fold
exactly once. The fact is kept as it was encoded, tag `kind` first; an event has `run` and `seq`,
a fact of the store has neither. What a reader does not know it keeps and passes over.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from flowbook.events import Event
from flowbook.ids import FlowId, WriterId

LINE_LIMIT = 16 * 2**20 - 1024
"""Bytes a fact may have: DuckDB reads JSON lines of up to 16 MiB."""


class WriterOpened(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="WRITER_OPENED"
):
    """A process began to write; the first fact of every writer. `at`: seconds since the epoch."""

    at: float
    host: str
    pid: int


class FlowRecorded(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="FLOW_RECORDED"
):
    """A version of a flow was seen; `spec` is the definition as JSON."""

    at: float
    flow: FlowId
    version: str
    spec: msgspec.Raw


StoredFact: TypeAlias = Event | WriterOpened | FlowRecorded


class Line(msgspec.Struct, frozen=True):
    """One journal line, its fact still encoded."""

    writer: WriterId
    wseq: int
    fact: msgspec.Raw


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)


def prefix(writer: WriterId) -> bytes:
    """What every line of a writer begins with."""
    return b'{"writer":%b,"wseq":' % _encoder.encode(writer)


def encode_line(start: bytes, wseq: int, fact: StoredFact) -> bytes:
    r"""One line with its newline; raises what msgspec raises, `ValueError` when it is too long.

    >>> encode_line(prefix(WriterId("w")), 7, WriterOpened(at=1.5, host="h", pid=2))
    b'{"writer":"w","wseq":7,"fact":{"kind":"WRITER_OPENED","at":1.5,"host":"h","pid":2}}\n'
    """
    encoded = _encoder.encode(fact)
    if len(encoded) > LINE_LIMIT:
        raise ValueError(f"a fact of {len(encoded):,} bytes; the journal takes {LINE_LIMIT:,}")
    return b'%b%d,"fact":%b}\n' % (start, wseq, encoded)


def decode_line(line: bytes) -> Line:
    """The line without its newline; `msgspec.DecodeError` when it is damaged."""
    return _decoder.decode(line)
