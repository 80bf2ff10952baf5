"""What answers look like. The document is made of these, and tests hold every answer against them.

Times are ISO 8601 text in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from flowbook.alerts.notice import Notice
from flowbook.alerts.rule import Rule
from flowbook.events import Event
from flowbook.session.waiting import Wait
from flowbook.store.audit import AuditRow
from flowbook.store.lineage import Checkpoint
from flowbook.store.notices import DeliveryRow
from flowbook.store.rows import NodeRunRow, RunRow
from flowbook.store.sizes import FlowSize
from flowbook.widget.run_protocol import Page, Peek


@dataclass(frozen=True, slots=True)
class ListedRun(RunRow):
    """One run; its process is gone where `error` begins with `lost: `.

    `waiting_for` says in words what it waits for, and is empty where it waits for nothing.
    `notebook` is the path of the notebook with its flow, seen from the server's folder; null where
    none, or more than one, has a flow of that name.
    """

    waiting_for: str = ""
    notebook: str | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer."""


class RunsPage(Answer, frozen=True, kw_only=True):
    """A page of runs, the latest first.

    `next` is the cursor of the page that follows, if one does. `sql` is the filter as a query that
    `project().history.sql` answers as it stands. `position`: whoever follows `live` from there
    misses nothing that the page does not have.
    """

    runs: list[ListedRun]
    next: str | None
    sql: str
    position: int


class Deleted(Answer, frozen=True, kw_only=True):
    """What a deletion took, or with `dry_run` would take; `skipped` were chosen and have to stay.

    `count` and `runs` have the runs that others started, too.
    """

    count: int
    runs: list[str]
    skipped: int
    dry_run: bool


class OneRun(Answer, frozen=True, kw_only=True):
    """A run."""

    run: ListedRun


class RunDetail(OneRun, frozen=True, kw_only=True):
    """A run and its nodes."""

    nodes: list[NodeRunRow]


class Nodes(Answer, frozen=True, kw_only=True):
    """What became of the nodes of a run, in the order in which they started."""

    nodes: list[NodeRunRow]


class StoredValue(Answer, frozen=True, kw_only=True):
    """A value that a node gave, described; its columns mean what they do in the view `values`."""

    run_id: str
    node: str
    port: str
    attempt: int | None
    ts: str
    hash: str | None
    format: str | None
    type: str | None
    bytes: int | None
    rows: int | None
    columns: list[Any] | dict[str, Any] | None
    inline: bool | None
    redacted: bool | None
    reason: str | None
    scope: str


class Values(Answer, frozen=True, kw_only=True):
    """What the nodes of a run gave, described."""

    values: list[StoredValue]


class Events(Answer, frozen=True, kw_only=True):
    """Events of a run in order; `next` is what to ask for the following page `after`."""

    events: list[Event]
    next: int | None


class PrintedLine(Answer, frozen=True, kw_only=True):
    """Text that a node printed or logged; `stream` is stdout, stderr or log."""

    seq: int
    at: str
    node: str
    scope: str
    stream: str
    text: str


class Log(Answer, frozen=True, kw_only=True):
    """What nodes of a run printed, in order; `next` is what to ask for the next page `after`."""

    lines: list[PrintedLine]
    next: int | None


class Branch(Answer, frozen=True, kw_only=True):
    """A run, and the runs that replay it, the first one first."""

    run: ListedRun
    branches: list[Branch]


class Tree(Branch, frozen=True, kw_only=True):
    """The first run that others replay, with all of them; `more` were left out."""

    more: int


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """An environment: versions of Python, of flowbook and of all installed packages, by name."""

    digest: str
    python: str
    platform: str
    flowbook: str
    packages: dict[str, str]


class RanIn(Answer, frozen=True, kw_only=True):
    """What a run is performed in, or was last; null where that was not recorded."""

    environment: Surroundings | None


class CheckpointList(Answer, frozen=True, kw_only=True):
    """The points that a run can be restored from."""

    run_id: str
    checkpoints: list[Checkpoint]


ValuePage = Page | Peek
"""Rows of a table, or a value at a glance."""


class AskedRun(Answer, frozen=True, kw_only=True):
    """What was asked of a run, and which process performs it; `here`: that has heard it."""

    run: str
    asked: str
    here: bool
    host: str | None
    pid: int | None


class Sent(Answer, frozen=True, kw_only=True):
    """The signal that was left for a run."""

    run: str
    signal: str
    id: str


class Decided(Answer, frozen=True, kw_only=True):
    """The decision that was told to a node."""

    run: str
    node: str
    approved: bool
    id: str


class Waits(Answer, frozen=True, kw_only=True):
    """The nodes that wait for something, the longest first."""

    waiting: list[Wait]


class AuditPage(Answer, frozen=True, kw_only=True):
    """Entries of the audit, newest first."""

    entries: list[AuditRow]
    next: str | None


class Sizes(Answer, frozen=True, kw_only=True):
    """How much room each flow takes up."""

    flows: list[FlowSize]


class Messages(Answer, frozen=True, kw_only=True):
    """What a canvas is to hear, in order."""

    messages: list[dict[str, Any]]


class Begun(Answer, frozen=True, kw_only=True):
    """The run that was begun, in a process of its own."""

    run: str


class LastRun(Answer, frozen=True, kw_only=True):
    """The run that started last."""

    id: str
    status: str
    started_at: str


class FlowSummary(Answer, frozen=True, kw_only=True):
    """A flow: how often it ran, how it went, and how long it took when it went well.

    `success_rate` is that of the runs which succeeded or failed; null where there is none yet.
    """

    flow: str
    notebook: str | None
    runs: int
    last_run: LastRun | None
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None


class Flows(Answer, frozen=True, kw_only=True):
    """The flows of a project, the one that ran last first."""

    flows: list[FlowSummary]


class Statistics(Answer, frozen=True, kw_only=True):
    """Rows of the views `flow_stats` and `node_stats`; their columns are in the reference."""

    flows: list[dict[str, Any]]
    nodes: list[dict[str, Any]]


class Rules(Answer, frozen=True, kw_only=True):
    """The rules about who is told of what, by name."""

    rules: list[Rule]


class OneRule(Answer, frozen=True, kw_only=True):
    """A rule."""

    rule: Rule


class RuleTold(Answer, frozen=True, kw_only=True):
    """What a rule would have told in the last `days`, in that order; `fired` is how many times."""

    rule: str
    days: float
    fired: int
    notices: list[Notice]


class RuleGone(Answer, frozen=True, kw_only=True):
    """The rule that was taken away."""

    removed: str


class RefusedRule(msgspec.Struct, frozen=True, kw_only=True):
    """Why a rule cannot be as it is: in which `field`, such as `to.0.secret`, and what to do."""

    message: str
    hint: str | None
    field: str | None


class CheckedRule(Answer, frozen=True, kw_only=True):
    """What a rule that is not saved would ask for, in words; or, in `refused`, why it cannot be.

    `warnings` are about what is in the way of telling anybody as things stand, such as a secret
    that is nowhere.
    """

    valid: bool
    words: str
    warnings: list[str]
    refused: RefusedRule | None


class RuleSaid(Answer, frozen=True, kw_only=True):
    """By channel: `sent`, or what is in the way."""

    sent: dict[str, str]


class RuleChoices(Answer, frozen=True, kw_only=True):
    """What a rule can tell by, JupyterLab (`lab`) first, and the names of secrets there are."""

    channels: list[str]
    secrets: list[str]


class Deliveries(Answer, frozen=True, kw_only=True):
    """Who was told of what, the latest first; the columns mean what they do in `deliveries`."""

    deliveries: list[DeliveryRow]


class OneDelivery(Answer, frozen=True, kw_only=True):
    """Whom somebody is told by, as it stands now."""

    delivery: DeliveryRow


class RunsDiff(Answer, frozen=True, kw_only=True):
    """How two runs differ, as `Diff.to_json` tells it."""

    a: dict[str, Any]
    b: dict[str, Any]
    definition: dict[str, Any]
    params: list[dict[str, Any]]
    environment: list[dict[str, Any]]
    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]
    first: list[str]
    path: dict[str, Any]
