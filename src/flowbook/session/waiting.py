"""What runs wait for, and saying that it has come.

What waits is read from the history, so it is the same for a run of this process, of another and of
none. A signal is a file that stays until the run has durably used it up: it does not matter
whether anybody performs the run when it is sent. Nothing here changes a run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import UsageError
from flowbook.ids import FlowId, NodeId, RunId
from flowbook.store.audit import Action, who
from flowbook.store.signals import PRIORITIZE, Control

if TYPE_CHECKING:
    from flowbook.store.history import History
    from flowbook.store.rows import RunRow
    from flowbook.store.store import Store

_WAITING = """
SELECT run_id, flow, node, scope, payload FROM (
    SELECT run_id, node, coalesce(payload->>'$.scope', '') AS scope, kind, payload, ts, seq
    FROM events WHERE kind IN ('NODE_SUSPENDED', 'NODE_RESUMED') AND run_id IN (
        SELECT id FROM runs WHERE status IN ('suspended', 'running') OR error[:6] = 'lost: ')
    QUALIFY row_number() OVER (PARTITION BY run_id, node, scope ORDER BY seq DESC) = 1)
JOIN runs ON runs.id = run_id
WHERE kind = 'NODE_SUSPENDED' AND ($run IS NULL OR run_id = $run) ORDER BY ts, run_id, seq
"""
_LAST = """
SELECT kind, payload FROM events
WHERE run_id = $run AND node = $node AND coalesce(payload->>'$.scope', '') = $scope
      AND kind IN ('NODE_SUSPENDED', 'NODE_COMPLETED', 'NODE_FAILED', 'NODE_CANCELLED')
ORDER BY seq DESC LIMIT 1
"""

_USED = """
SELECT 1 FROM events
WHERE run_id = $run AND kind = 'NODE_RESUMED' AND payload->>'$.signal' = $signal LIMIT 1
"""
_WAITING_FOR = """
SELECT run_id, coalesce(nullif(reason, ''), 'something outside') FROM node_runs
WHERE run_id IN ({}) AND status = 'suspended' ORDER BY run_id, started_at, node
"""
_MOST_NAMED = 3
RUN_ID = re.compile("[0-9a-f-]{36}")
"""What the id of a run looks like."""


class Office(Protocol):
    """What signals need of their project."""

    @property
    def store(self) -> Store: ...
    @property
    def history(self) -> History: ...


@dataclass(frozen=True, slots=True)
class Wait:
    """A node that waits: for what, since when, and until when at most; times are UTC.

    `node` is its name in the whole run (`each[3].asked`). `data` is what it wants to remember, of
    an approval the prompt, the approvers and the decisions so far.
    """

    run: RunId
    flow: FlowId
    node: NodeId
    reason: str
    signal: str | None
    until: datetime | None
    timeout_at: datetime | None
    since: datetime
    data: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """The wait as plain data, its times as ISO 8601 text."""
        return {
            name: value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
            for name, value in asdict(self).items()
        }


def waiting(project: Office, run_id: str | None = None) -> tuple[Wait, ...]:
    """What waits for something, the longest first; of one run, or of all that are not over."""
    _names, rows = project.history.table(_WAITING, {"run": run_id})
    return tuple(_wait(*row) for row in rows)


def waiting_for(history: History, runs: Sequence[RunId]) -> dict[RunId, str]:
    """What these runs wait for outside of them, in words; those that wait for nothing are left out.

    Of many nodes that wait the first few are named.
    """
    ids = ", ".join(f"'{run}'" for run in runs if RUN_ID.fullmatch(run))
    if not ids:
        return {}
    _names, rows = history.table(_WAITING_FOR.format(ids))
    told: dict[RunId, list[str]] = {}
    for run, reason in rows:
        told.setdefault(RunId(run), []).append(reason)
    return {run: _listed(reasons) for run, reasons in told.items()}


def _listed(reasons: Sequence[str]) -> str:
    some = list(dict.fromkeys(reasons))
    more = f" and {len(some) - _MOST_NAMED} more" if len(some) > _MOST_NAMED else ""
    return f"{', '.join(some[:_MOST_NAMED])}{more}"


def is_due(project: Office, run_id: str, now: datetime) -> bool:
    """True when a run that is suspended could go on at once: it is time, or its signal is there."""
    waits = waiting(project, run_id)
    sent = {signal.name for signal in project.store.signals.pending(run_id)}
    times = [at for one in waits for at in (one.until, one.timeout_at)]
    return any(one.signal in sent for one in waits) or any(at and at <= now for at in times)


def send(project: Office, run_id: str, name: str, payload: Any = None) -> str:
    """Leave a signal for a run, durably; its id. See `Project.signal`."""
    if name in (*Control, PRIORITIZE):
        raise UsageError(
            f"{name!r} is no signal of yours: every run understands it as it is",
            hint=f"project.{name}({str(run_id)!r})",
        )
    row = project.history.run(run_id)
    _refuse_ended(row, name)
    sent = project.store.signals.send(row.id, name, payload)
    try:
        _refuse_ended(project.history.run(row.id), name)
    except UsageError:  # it ended meanwhile, and may have swept up before the signal was there
        if _used(project, row.id, sent):  # or with it
            return str(sent)
        project.store.signals.withdraw(row.id, sent)
        raise
    return str(sent)


def _used(project: Office, run_id: str, signal: str) -> bool:
    _names, rows = project.history.table(_USED, {"run": run_id, "signal": signal})
    return bool(rows)


def approve(
    project: Office,
    run_id: str,
    node: str,
    *,
    approved: bool,
    by: str | None,
    comment: str,
) -> str:
    """Tell an approval node a decision, and the audit. See `Project.approve`."""
    from flowbook.nodes.approval import SIGNAL

    row = project.history.run(run_id)
    _refuse_ended(row, node)
    asked = _asked(project, row, node)
    person = by or who()[0]
    _refuse_stranger(asked.get("approvers") or (), person, node)
    action = Action.APPROVED if approved else Action.REJECTED
    project.store.audit.record(
        action, run=row.id, flow=row.flow, actor=person, node=node, reason=comment or None
    )
    decision = {"approved": approved, "by": person, "comment": comment}
    return send(project, row.id, SIGNAL.format(node), decision)


def _asked(project: Office, row: RunRow, node: str) -> Mapping[str, Any]:
    """What an approval node told about itself when it suspended last."""
    scope, _, name = node.rpartition(".")
    known = {"run": row.id, "node": name, "scope": scope}
    _names, rows = project.history.table(_LAST, known)
    if rows and rows[0][0] != "NODE_SUSPENDED":
        raise UsageError(f"node {node!r} of run {row.id} has ended: there is nothing to decide")
    told = json.loads(rows[0][1]) if rows else {}
    if not str(told.get("signal", "")).startswith("approval:"):
        others = [one.node for one in waiting(project, row.id) if "decisions" in one.data]

        raise UsageError(
            f"node {node!r} of run {row.id} waits for no approval",
            hint=f"these do: {', '.join(others)}" if others else "flowbook history waiting",
        )
    data: Mapping[str, Any] = told.get("data", {})
    return data


def _refuse_stranger(approvers: Sequence[str], person: str, node: str) -> None:
    if approvers and person not in approvers:
        raise UsageError(
            f"{person!r} is none of the approvers of {node!r}: {', '.join(approvers)}",
            hint="say who decides with by=, or --by",
        )


def _refuse_ended(row: RunRow, what: str) -> None:
    from flowbook.session.recovery import is_lost

    if row.status.over and not is_lost(row):
        raise UsageError(
            f"run {row.id} is over ({row.status.value}): nobody waits for {what!r}",
            hint="run the flow again for a new run",
        )


def _wait(run: str, flow: str, node: str, scope: str, payload: str) -> Wait:
    told = json.loads(payload)
    return Wait(
        RunId(run),
        FlowId(flow),
        NodeId(f"{scope}.{node}" if scope else node),
        told["reason"],
        told.get("signal"),
        _when(told.get("until")),
        _when(told.get("timeout_at")),
        datetime.fromtimestamp(told["at"], UTC),
        told.get("data", {}),
    )


def _when(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
