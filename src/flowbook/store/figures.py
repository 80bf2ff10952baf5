"""The statistics of one flow as rows for programs, in one consistent look.

What the views of `flowbook.store.statistics` say of it, and how often each of its nodes was on the
critical path of its latest runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from flowbook.ids import FlowId, NodeId, PortName, RunId
from flowbook.store.display import html_table, text_table, took
from flowbook.store.rows import from_us, to_us
from flowbook.store.statistics import critical_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from flowbook.store.snapshot import Snapshot

T = TypeVar("T")

PATHS = 100
"""Of how many of the latest runs the critical paths are counted."""


@dataclass(frozen=True, slots=True)
class NodeStats:
    """One node over many runs; see the view `node_stats`."""

    node: NodeId
    runs: int
    completed: int
    failed: int
    reused: int
    skipped: int
    cancelled: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    mean_ms: float | None
    total_ms: float | None
    attempts: int
    wait_ms: float | None
    cpu_ms: float | None
    memory: int | None


@dataclass(frozen=True, slots=True)
class EdgeStats:
    """How often an edge was taken; see the view `edge_frequency`."""

    source: NodeId
    output: PortName
    target: NodeId
    input: PortName
    runs: int
    taken: int
    times: int


@dataclass(frozen=True, slots=True)
class DayStats:
    """One day of the trend; see the view `daily_stats`."""

    day: date
    runs: int
    succeeded: int
    failed: int
    cancelled: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class PathStats:
    """How often a node was on the critical path: in `runs` of the `of` latest runs that are over.

    `mean_ms` is what it added to the duration then, `share` its mean part of the path, from 0 to 1.
    """

    node: NodeId
    runs: int
    of: int
    mean_ms: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Overview:
    """A flow over many runs; see the view `flow_stats`."""

    runs: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    success_rate: float | None = None
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    mean_ms: float | None = None
    last_run: RunId | None = None
    last_status: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class FlowStats:
    """How a flow did in the runs that started in a time; slowest nodes and latest days first."""

    flow: FlowId
    overview: Overview
    nodes: tuple[NodeStats, ...]
    edges: tuple[EdgeStats, ...]
    days: tuple[DayStats, ...]
    path: tuple[PathStats, ...]
    """By how often they were on the critical path."""
    since: datetime | None = None
    until: datetime | None = None

    def __getitem__(self, node: str) -> NodeStats:
        """One node; `KeyError` for one that no run has come to."""
        found = next((one for one in self.nodes if one.node == node), None)
        if found is None:
            raise KeyError(node)
        return found

    def __repr__(self) -> str:
        return f"{self._head()}\n{text_table(_HEAD, self._cells())}"

    def _repr_html_(self) -> str:
        days = [(f"{one.day}", f"{one.runs}", _percent(one.success_rate), took(one.p50_ms),
                 took(one.p95_ms)) for one in self.days]  # fmt: skip
        trend = html_table(("day (UTC)", "runs", "succeeded", "p50", "p95"), days)
        return (
            f"<p>{escape(self._head())}</p>{html_table(_HEAD, self._cells())}"
            f"<details><summary>By day</summary>{trend}</details>"
        )

    def _head(self) -> str:
        all_runs = self.overview
        rate = _percent(all_runs.success_rate) or "none"
        return (
            f"{self.flow}: {all_runs.runs} runs, {rate} succeeded; p50 "
            f"{took(all_runs.p50_ms) or '?'}, p95 {took(all_runs.p95_ms) or '?'}"
        )

    def _cells(self) -> Iterable[tuple[str, ...]]:
        on_path = {one.node: f"{one.runs} of {one.of}" for one in self.path}
        for one in self.nodes:
            yield (
                one.node,
                str(one.runs),
                str(one.failed or ""),
                _percent(one.success_rate),
                took(one.p50_ms),
                took(one.p95_ms),
                took(one.p99_ms),
                took(one.wait_ms),
                took(one.cpu_ms),
                f"{one.memory / 1e6:,.0f} MB" if one.memory is not None else "",
                on_path.get(one.node, ""),
            )

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data, times and days as ISO 8601 text."""
        return {
            "flow": self.flow,
            "since": None if self.since is None else self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            **asdict(self.overview),
            "nodes": [asdict(one) for one in self.nodes],
            "edges": [asdict(one) for one in self.edges],
            "days": [{**asdict(one), "day": one.day.isoformat()} for one in self.days],
            "path": [asdict(one) for one in self.path],
        }


_HEAD = ("node", "runs", "failed", "succeeded", "p50", "p95", "p99", "waited", "CPU", "memory",
         "on the path")  # fmt: skip

_OVER = """SELECT id FROM runs WHERE flow = $flow AND status IN ('succeeded', 'failed')
    AND started_at >= coalesce($since, '-infinity'::TIMESTAMP)
    AND started_at < coalesce($until, 'infinity'::TIMESTAMP)
    ORDER BY started_at DESC, id DESC LIMIT $most"""
_EVENTS = """(SELECT e.* FROM events AS e WHERE e.run_id IN (SELECT unnest($runs))
    AND e.run_id >= list_min($runs) AND e.scope = '')"""
_ON_PATH = f"""SELECT node, count(*), len($runs), avg(ms), avg(share)
    FROM ({critical_path(_EVENTS)}) GROUP BY node ORDER BY sum(ms) DESC, node"""  # noqa: S608  # ours


def flow_stats(
    snapshot: Snapshot,
    flow: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    paths: int = PATHS,
) -> FlowStats:
    """The statistics of a flow's runs that started in a time; see `History.stats`."""
    bounds = {"flow": flow, "since": _naive(since), "until": _naive(until)}
    views = ("flow_stats", "node_stats", "edge_frequency", "daily_stats", "runs", "events")
    with snapshot.look(*views) as view:
        overview = _rows(view, Overview, "flow_stats", bounds)
        nodes = _rows(view, NodeStats, "node_stats", bounds, "total_ms DESC NULLS LAST, node")
        edges = _rows(view, EdgeStats, "edge_frequency", bounds, "ALL")
        days = _rows(view, DayStats, "daily_stats", bounds, "day DESC")
        ids = [run for (run,) in view.execute(_OVER, {**bounds, "most": paths}).fetchall()]
        path = view.execute(_ON_PATH, {"runs": ids}).fetchall() if ids else []
    return FlowStats(
        FlowId(flow),
        overview[0] if overview else Overview(),
        nodes,
        edges,
        days,
        tuple(PathStats(*row) for row in path),
        since,
        until,
    )


def _rows(
    view: DuckDBPyConnection,
    kind: type[T],
    name: str,
    bounds: dict[str, Any],
    order: str = "ALL",
) -> tuple[T, ...]:
    columns = ", ".join(f'"{field.name}"' for field in fields(kind))  # type: ignore[arg-type]  # T is one of our dataclasses
    query = f"SELECT {columns} FROM {name}($since, $until) WHERE flow = $flow ORDER BY {order}"  # noqa: S608  # ours
    return tuple(kind(*row) for row in view.execute(query, bounds).fetchall())


def _naive(moment: datetime | None) -> datetime | None:
    """UTC without a zone, as the history has its times."""
    return None if moment is None else from_us(to_us(moment)).replace(tzinfo=None)


def _percent(rate: float | None) -> str:
    return "" if rate is None else f"{100 * rate:.3g} %"
