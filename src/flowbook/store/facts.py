"""One envelope for all that is journalled: run events and the store's own facts.

A journal line is writer, `wseq`, fact and checksum, with a tab between each two. `wseq` counts a
writer's facts from 0, upwards, and is never given twice to different facts: with the writer it is
what makes a fold exactly once. The fact is kept as it was encoded, JSON with its tag `kind` first;
an event has `run` and `seq`, a fact of the store has neither. What a reader does not know it keeps
and passes over.

The checksum is of all that stands before it. It is SHA-1, cut to 64 bits, because it is to find
accidents, and of what both Python and DuckDB compute it is the fastest. Tabs, because DuckDB splits
them faster than it would cut a checksum off a JSON line.

Earlier versions wrote `{"writer": …, "wseq": …, "fact": {…}}` without a checksum. Which of the two
a line has to be is said by the name of its segment, which no damage inside can change.
"""

from __future__ import annotations

from hashlib import sha1
from typing import Any, TypeAlias

import msgspec

from flowbook.events import Event
from flowbook.events.values import ValueRef
from flowbook.ids import FlowId, NodeId, PortName, RunId, WriterId

LINE_LIMIT = 16 * 2**20 - 1024
"""Bytes a fact may have: DuckDB reads JSON lines of up to 16 MiB."""


Edge: TypeAlias = tuple[NodeId, PortName, NodeId, PortName]
"""Source and output, target and input."""


class StoreFact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """What every fact of the store carries. `at`: seconds since the epoch, UTC."""

    at: float


class WriterOpened(StoreFact, frozen=True, kw_only=True, tag="WRITER_OPENED"):
    """A process began to write; the first fact of every writer. `kernel`: its id, if it is one."""

    host: str
    pid: int
    kernel: str | None = None


class FlowRecorded(StoreFact, frozen=True, kw_only=True, tag="FLOW_RECORDED"):
    """A version of a flow was seen; `spec` is the definition as JSON.

    `edges`: source, output, target and input of each; None for a definition that is only text.
    """

    flow: FlowId
    version: str
    spec: msgspec.Raw
    edges: tuple[Edge, ...] | None = None


class EnvironmentRecorded(StoreFact, frozen=True, kw_only=True, tag="ENVIRONMENT_RECORDED"):
    """An environment in which runs are performed; runs name its `digest`.

    `packages`: versions of installed distributions, by name.
    """

    digest: str
    python: str
    platform: str
    flowbook: str
    packages: dict[str, str] = {}


class VersionPublished(StoreFact, frozen=True, kw_only=True, tag="VERSION_PUBLISHED"):
    """A version of a flow is the one that others are to run, from now on.

    `setup` is the code that makes what its nodes took from plain cells of their notebook. `places`:
    where its nodes stood on the canvas, as far as somebody had placed them; None when not told.
    """

    flow: FlowId
    version: str
    by: str
    note: str = ""
    setup: str = ""
    places: dict[NodeId, tuple[float, float]] | None = None


class RunsDeleted(StoreFact, frozen=True, kw_only=True, tag="RUNS_DELETED"):
    """These runs are gone for good, with all that was recorded of them."""

    runs: tuple[RunId, ...]


class RunPinned(StoreFact, frozen=True, kw_only=True, tag="RUN_PINNED"):
    """A run is to survive every retention, or no longer."""

    run: RunId
    pinned: bool


class SettingChanged(StoreFact, frozen=True, kw_only=True, tag="SETTING_CHANGED"):
    """A setting of the project, or of one flow, has a new value; `null` takes it back."""

    name: str
    value: msgspec.Raw
    flow: FlowId | None = None


class Audited(StoreFact, frozen=True, kw_only=True, tag="AUDITED"):
    """Somebody did something that is to be accounted for; outlives what it was done to.

    `id` is a UUIDv7; `actor` a user's name or `system`; `metadata` says why, from where, and how
    it went.
    """

    id: str
    action: str
    actor: str
    run: RunId | None = None
    flow: FlowId | None = None
    metadata: dict[str, Any] = {}


class AuditPruned(StoreFact, frozen=True, kw_only=True, tag="AUDIT_PRUNED"):
    """Audit rows from before `before` (seconds since the epoch) have outlived their retention."""

    before: float


class DatasetVersioned(StoreFact, frozen=True, kw_only=True, tag="DATASET_VERSIONED"):
    """A dataset has a new version; `version` is a UUIDv7, `parent` the version it was made of."""

    dataset: str
    version: str
    value: ValueRef
    parent: str | None = None
    run: RunId | None = None
    node: NodeId | None = None


class DatasetTagged(StoreFact, frozen=True, kw_only=True, tag="DATASET_TAGGED"):
    """A tag of a dataset names this version from now on, or none."""

    dataset: str
    tag: str
    version: str | None = None


class CacheCleared(StoreFact, frozen=True, kw_only=True, tag="CACHE_CLEARED"):
    """What was computed up to `at` is not to be taken from the cache any more.

    Of `node` only, of `flow` only; of everything without. `label` is the tag that was asked for.
    """

    flow: FlowId | None = None
    node: NodeId | None = None
    label: str | None = None


class MemoryChanged(StoreFact, frozen=True, kw_only=True, tag="MEMORY_CHANGED"):
    """A remembered key has a new value, or, without `value`, none any more.

    Of `flow`, of the whole project without. `version` counts the changes of the key from 1. `write`
    is the id of a change by a node, the same in every attempt; `by` is who made it by hand.
    """

    key: str
    version: int
    value: ValueRef | None = None
    flow: FlowId | None = None
    run: RunId | None = None
    node: NodeId | None = None
    attempt: int | None = None
    write: str | None = None
    by: str | None = None


class ScheduleSaved(StoreFact, frozen=True, kw_only=True, tag="SCHEDULE_SAVED"):
    """A schedule of the project is from now on as `settings`, JSON, say.

    `notebook`: its path, seen from the project's folder. Moments up to `since` are none of it;
    `next_run` is the first behind that. Both in seconds since the epoch.
    """

    schedule: str
    flow: FlowId
    notebook: str
    settings: msgspec.Raw
    since: float
    by: str
    next_run: float | None = None


class ScheduleRemoved(StoreFact, frozen=True, kw_only=True, tag="SCHEDULE_REMOVED"):
    """There is no such schedule any more; what became of its slots stays told."""

    schedule: str
    by: str


class DecidedSlot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What becomes of one moment of a schedule. Times in seconds since the epoch.

    `behind`: the moment before it. `tries`: how often a process was started for its run, which has
    the id `run` and the run key `key`; `begun`: it has been seen to begin.
    """

    scheduled_for: float
    verdict: str
    reason: str
    detail: str = ""
    run: RunId | None = None
    key: str | None = None
    tries: int = 0
    begun: bool = False
    behind: float | None = None


class SlotsDecided(StoreFact, frozen=True, kw_only=True, tag="SLOTS_DECIDED"):
    """What becomes of moments of a schedule; a later word on the same moment counts.

    Where all moments up to `upto` are decided with it, `next_run` is the first behind that. `by`
    says which process decided.
    """

    schedule: str
    flow: FlowId
    slots: tuple[DecidedSlot, ...]
    by: str
    upto: float | None = None
    next_run: float | None = None


class RunsJudged(StoreFact, frozen=True, kw_only=True, tag="RUNS_JUDGED"):
    """The rules about who is told of what have been asked of these.

    `subjects` are ids of runs, or what times of schedules are known by; `lost`: the runs were not
    over, but their process was gone.
    """

    subjects: tuple[str, ...]
    lost: bool = False


class NoticeWritten(StoreFact, frozen=True, kw_only=True, tag="NOTICE_WRITTEN"):
    """Somebody is to be told something, once.

    `id` follows from what is told to whom, so that writing it again is no second one. `notice` is
    what is told and `target` where it goes, as JSON; neither has an address.
    """

    id: str
    notice: msgspec.Raw
    target: msgspec.Raw
    run: RunId | None = None


class NoticeTried(StoreFact, frozen=True, kw_only=True, tag="NOTICE_TRIED"):
    """An attempt to tell somebody is over: `outcome` is sent, retry or failed.

    `retry_at`: seconds since the epoch before which there is no other. `error` has no address.
    With `asked` as its outcome it is no attempt: what had failed for good is to be sent again.
    """

    id: str
    outcome: str
    error: str | None = None
    retry_at: float | None = None
    run: RunId | None = None


StoredFact: TypeAlias = (
    Event
    | WriterOpened
    | FlowRecorded
    | EnvironmentRecorded
    | VersionPublished
    | RunsDeleted
    | RunPinned
    | SettingChanged
    | Audited
    | AuditPruned
    | DatasetVersioned
    | DatasetTagged
    | CacheCleared
    | MemoryChanged
    | ScheduleSaved
    | ScheduleRemoved
    | SlotsDecided
    | RunsJudged
    | NoticeWritten
    | NoticeTried
)


class Line(msgspec.Struct, frozen=True):
    """One journal line, its fact still encoded."""

    writer: WriterId
    wseq: int
    fact: msgspec.Raw


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Line)
_parse = msgspec.json.Decoder(msgspec.Raw).decode
_CHECKSUM_LENGTH = 16


def checksum(text: bytes) -> bytes:
    r"""What ends a line that begins with `text` and a tab.

    >>> checksum(b'w\t7\t{"kind":"RUN_PINNED"}')
    b'77151db8520b6cb1'
    """
    return sha1(text, usedforsecurity=False).hexdigest()[:_CHECKSUM_LENGTH].encode()


def prefix(writer: WriterId) -> bytes:
    """What every line of a writer begins with."""
    return b"%b\t" % writer.encode()


def encode_line(start: bytes, wseq: int, fact: StoredFact) -> bytes:
    r"""One line with its newline; raises what msgspec raises, `ValueError` when it is too long.

    >>> encode_line(prefix(WriterId("w")), 7, WriterOpened(at=1.5, host="h", pid=2))
    b'w\t7\t{"kind":"WRITER_OPENED","at":1.5,"host":"h","pid":2}\t693517468272d941\n'
    """
    encoded = _encoder.encode(fact)
    if b"\n" in encoded or b"\t" in encoded:  # between the tokens of JSON that was handed in
        encoded = msgspec.json.format(encoded, indent=-1)
    if len(encoded) > LINE_LIMIT:
        raise ValueError(f"a fact of {len(encoded):,} bytes; the journal takes {LINE_LIMIT:,}")
    return line_of(start, wseq, encoded)


def line_of(start: bytes, wseq: int, encoded: bytes) -> bytes:
    """One line with its newline, of a fact that is encoded."""
    text = b"%b%d\t%b" % (start, wseq, encoded)
    return b"%b\t%b\n" % (text, checksum(text))


def decode_line(line: bytes) -> Line:
    """The line without its newline; `msgspec.DecodeError` when it is damaged."""
    text, stated = line[: -_CHECKSUM_LENGTH - 1], line[-_CHECKSUM_LENGTH - 1 :]
    if stated != b"\t%b" % checksum(text):
        raise msgspec.DecodeError("the line does not fit its checksum")
    try:
        writer, wseq, fact = text.split(b"\t", 2)
        return Line(WriterId(writer.decode()), int(wseq), _parse(fact))
    except ValueError as error:
        raise msgspec.DecodeError(f"the line is none of the journal's: {error}") from error


def decode_plain_line(line: bytes) -> Line:
    """The same for a line of an earlier version, which has no checksum."""
    try:
        line.decode()  # msgspec does not look into the fact
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error
    return _decoder.decode(line)


def plain_line_of(line: Line) -> bytes:
    """A line of an earlier version, with its newline."""
    return _encoder.encode(line) + b"\n"
