"""What of each view belongs to some runs, and in which order it is exported."""

# ruff: noqa: S608  # every statement is assembled from constants of this module

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flowbook.store.filters import RunFilter
from flowbook.store.rows import to_us
from flowbook.store.statistics import BOUNDED


@dataclass(frozen=True, slots=True)
class _Own:
    """By which columns of its own a view is narrowed, and how it names its runs."""

    flow: str | None = None
    time: str | None = None
    link: str = "run_id"
    key: str = "id"


_BY_RUN = _Own()
_OWN: Mapping[str, _Own] = {
    "flow_versions": _Own("flow", "recorded_at", "(flow, version)", "flow, version"),
    "publications": _Own("flow", "published_at", "(flow, version)", "flow, version"),
    "datasets": _Own(time="created_at"),
    "memory": _Own("flow", "changed_at"),
    "memory_history": _Own("flow", "changed_at"),
    "schedules": _Own("flow", "changed_at", "flow", "flow"),
    "slots": _Own("flow", "scheduled_for"),
    "deliveries": _Own("flow", "happened_at"),
    "audit": _Own("workflow_id", "created_at"),  # an entry outlives its run
    "node_stats": _Own("flow", link="flow", key="flow"),
    "flow_stats": _Own("flow", link="flow", key="flow"),
    "daily_stats": _Own("flow", link="flow", key="flow"),
    "edge_frequency": _Own("flow", link="flow", key="flow"),
    "environments": _Own(link="digest", key="environment"),
}
_ORDER: Mapping[str, str] = {
    "runs": "started_at, id",
    "events": "run_id, seq",
    "node_runs": "run_id, started_at NULLS LAST, node, scope",
    "node_io": "run_id, started_at NULLS LAST, node, scope",
    "turns": "run_id, started_at, turn",
    "results": 'run_id, scope, node, "index", port',
    "compensations": "run_id, compensated DESC, position",
    "flow_versions": "recorded_at, flow, version",
    "publications": "flow, published_at",
    "values": "run_id, ts, node, port",
    "datasets": "dataset, number",
    "memory": "flow NULLS FIRST, key",
    "memory_history": "changed_at, flow, key, version",
    "usage": "run_id, ts, node",
    "streams": "run_id, ts, node, channel, chunk_index",
    "attempts": "run_id, started_at NULLS LAST, node, scope, attempt",
    "audit": "id",
    "schedules": "name",
    "slots": "scheduled_for, schedule",
    "deliveries": "written_at, id",
    "registry": "run_id",
    "node_stats": "flow, node",
    "flow_stats": "flow",
    "daily_stats": "flow, day",
    "critical_path": "run_id, scope, step",
    "edge_frequency": "flow, source, output, target, input",
    "resources": "run_id, node",
    "environments": "digest",
}


def narrowed(name: str, source: str | None, runs: RunFilter) -> tuple[str, list[Any]]:
    """A SELECT of what is in a view, or in its `source`, of these runs, and its values.

    >>> narrowed("resources", None, RunFilter())
    ('FROM (FROM "resources") ORDER BY run_id, node', [])
    """
    source, bound = source or f'FROM "{name}"', list[Any]()
    if name in BOUNDED:  # figures of what ran in that time, not figures that are of that time
        source = f'FROM "{name}"(make_timestamp(?::BIGINT), make_timestamp(?::BIGINT))'
        bound = [None if at is None else to_us(at) for at in (runs.since, runs.until)]
        runs = replace(runs, since=None, until=None)
    conditions, values = _conditions(name, runs)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"FROM ({source}){where} ORDER BY {_ORDER[name]}", [*bound, *values]


def summed_up(runs: RunFilter) -> bool:
    """True where figures over runs can be told of just these: all that a flow had, in a time."""
    rest = replace(runs, flow=None, since=None, until=None)
    return not rest.compile()[0]


def _conditions(name: str, runs: RunFilter) -> tuple[list[str], list[Any]]:
    """What narrows a view: its own columns as far as it has them, then the runs it is about."""
    if name == "runs":
        return runs.compile()
    own = _OWN.get(name, _BY_RUN)
    rest, conditions, values = runs, [], []
    for fields, theirs, column in ((("flow",), "flow", own.flow),
                                   (("since", "until"), "started_at", own.time)):  # fmt: skip
        if column:
            direct = RunFilter(**{field: getattr(runs, field) for field in fields})
            found, bound = direct.compile()
            conditions += [condition.replace(theirs, column) for condition in found]
            values += bound
            rest = replace(rest, **dict.fromkeys(fields))
    found, bound = rest.compile()
    if found:
        chosen = f"SELECT {own.key} FROM runs WHERE {' AND '.join(found)}"
        conditions.append(f"{own.link} IN ({chosen})")
    return conditions, [*values, *bound]
