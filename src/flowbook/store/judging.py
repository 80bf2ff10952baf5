"""The facts that rules judge, found by SQL: runs that are over, with what was before and is usual.

One statement serves what is told now and what would have been told in a month, so that both say
the same. It leaves out what a rule surely does not tell; whether the rest is told is decided in
`flowbook.alerts.judging`. What is usual is that of the runs that succeeded and were over before.
"""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flowbook.alerts.facts import Figures, FinishedRun
from flowbook.alerts.rule import Failed, Heavy, Recovered, Rule, Slow, TimedOut, When
from flowbook.store.rows import from_us, to_us
from flowbook.store.snapshot import Snapshot

LOST_SECONDS = 60.0
"""A run whose process is gone is judged so long after its last sign of life: it may be taken up."""

_OVER = "status IN ('succeeded', 'failed') AND ended_at IS NOT NULL"
_UNJUDGED = f"""
SELECT id, lost FROM known_runs AS r
WHERE {_OVER} AND trigger <> 'test' AND ended_at >= make_timestamp($since)
      AND (NOT lost OR ended_at < make_timestamp($now) - to_microseconds($grace))
      AND NOT EXISTS (SELECT 1 FROM judged AS j WHERE j.subject = r.id AND j.lost = r.lost)
ORDER BY ended_at, id"""
_FLOWS = "SELECT DISTINCT flow, trigger FROM runs WHERE flow IS NOT NULL"
_FACTS = """
WITH watched AS (
    SELECT id, flow, status, trigger, ended_at, error, duration_ms FROM runs
    WHERE {over} AND list_contains($watched, concat_ws(chr(0), flow, trigger))
), measured AS ({measured}), placed AS (
    SELECT id, lag(status) OVER (PARTITION BY flow ORDER BY ended_at, id) AS before FROM watched
), usual AS ({usual})
SELECT m.id, flow, status, trigger, epoch_us(ended_at), error, before, value, bar, known
FROM measured AS m JOIN placed USING (id) LEFT JOIN usual USING (id)
WHERE {chosen} AND {may} ORDER BY ended_at, m.id"""
_UNMEASURED = "SELECT *, NULL::DOUBLE AS value FROM watched"
_TOOK = "SELECT *, duration_ms / 1e3 AS value FROM watched"
_USED = """
    SELECT watched.*, used.value FROM watched LEFT JOIN (
        SELECT run_id, {value} AS value FROM node_runs WHERE attempts > 0 {node} GROUP BY run_id
    ) AS used ON used.run_id = watched.id"""
_RETRIED = """
    SELECT watched.*, told.value FROM watched LEFT JOIN (
        SELECT run_id, count(*)::DOUBLE AS value FROM events WHERE kind = 'RUN_RETRIED'
        GROUP BY run_id
    ) AS told ON told.run_id = watched.id"""
_ALSO: Mapping[type, tuple[str, ...]] = {Heavy: ("node_runs",), TimedOut: ("events",)}
"""What is read of the history besides its runs, by condition."""
_NOT_USUAL = "SELECT NULL::VARCHAR AS id, NULL::DOUBLE AS bar, NULL::BIGINT AS known WHERE false"
_USUAL = """
    SELECT id, quantile_cont(value, {share}) OVER past AS bar, count(value) OVER past AS known
    FROM measured WHERE status = 'succeeded' AND value IS NOT NULL
    WINDOW past AS (PARTITION BY flow ORDER BY ended_at, id
                    ROWS BETWEEN {over} PRECEDING AND 1 PRECEDING)"""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Runs that no rule was asked about; of those in `lost` only the process is gone."""

    over: tuple[str, ...]
    lost: tuple[str, ...]

    @property
    def runs(self) -> tuple[str, ...]:
        """All of them."""
        return self.over + self.lost


def unjudged(snapshot: Snapshot, since: float, now: float) -> Unjudged:
    """The runs that were over between two times, in seconds since the epoch, and wait for rules."""
    bounds = {"since": round(since * 1e6), "now": round(now * 1e6)}
    with snapshot.look("known_runs", "judged") as view:
        grace = round(LOST_SECONDS * 1e6)
        rows = view.execute(_UNJUDGED, {**bounds, "grace": grace}).fetchall()
    return Unjudged(tuple(i for i, lost in rows if not lost), tuple(i for i, lost in rows if lost))


def facts(
    snapshot: Snapshot,
    rule: Rule,
    *,
    runs: Collection[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[tuple[FinishedRun, Figures]]:
    """The runs of which a rule may have something to say, in the order in which they ended.

    Of those with these ids, or of those that ended `since` then and before `until`.
    """
    chosen, given = ["true"], dict[str, Any]()
    for name, value, condition in (
        ("runs", None if runs is None else list(runs), "list_contains($runs, m.id)"),
        ("since", since and to_us(since), "ended_at >= make_timestamp($since)"),
        ("until", until and to_us(until), "ended_at < make_timestamp($until)"),
    ):
        if value is not None:
            chosen.append(condition)
            given[name] = value
    with snapshot.look("runs", *_ALSO.get(type(rule.when), ())) as view:
        kinds = view.execute(_FLOWS).fetchall()
        given["watched"] = [f"{flow}\0{by}" for flow, by in kinds if rule.watches(flow, by)]
        if isinstance(rule.when, Heavy) and rule.when.node is not None:
            given["node"] = rule.when.node
        sql = _statement(rule, " AND ".join(chosen))
        rows = view.execute(sql, given).fetchall()
    return [_fact(row) for row in rows]


def _statement(rule: Rule, chosen: str) -> str:
    return _FACTS.format(
        over=_OVER,
        measured=_measured(rule.when),
        usual=_usual(rule.when),
        chosen=chosen,
        may=_may(rule),
    )


def _measured(when: When) -> str:
    if isinstance(when, Slow):
        return _TOOK
    if isinstance(when, Heavy):
        value = "sum(cpu_ms) / 1e3" if when.what == "cpu" else "max(memory)::DOUBLE"
        return _USED.format(value=value, node="" if when.node is None else "AND node = $node")
    return _RETRIED if isinstance(when, TimedOut) else _UNMEASURED


def _usual(when: When) -> str:
    if isinstance(when, Slow) or (isinstance(when, Heavy) and when.limit is None):
        return _USUAL.format(share=repr(float(when.percentile) / 100), over=int(when.over))
    return _NOT_USUAL


def _may(rule: Rule) -> str:
    """What has to be so of a run for a rule to have something to say of it."""
    when = rule.when
    first = " AND before IS DISTINCT FROM 'failed'" if rule.first_only else ""
    if isinstance(when, Failed | TimedOut):
        retried = "value > 0 OR " if isinstance(when, TimedOut) else ""
        return f"({retried}status = 'failed')" + first
    if isinstance(when, Recovered):
        return "status = 'succeeded' AND before = 'failed'"
    if isinstance(when, Heavy) and when.limit is not None:
        return f"value > {float(when.limit)!r}"
    return "status = 'succeeded' AND value > bar" if isinstance(when, Slow | Heavy) else "false"


def _fact(row: Sequence[Any]) -> tuple[FinishedRun, Figures]:
    run, flow, status, trigger, ended, error, before, value, bar, known = row
    found = FinishedRun(run, flow, status, trigger, from_us(ended), error, before)
    return found, Figures(value, bar, known or 0)
