"""What `%flow history` asks the history of the project."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flowbook.errors import UsageError
from flowbook.ids import NodeId
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.store.filters import RunFilter

_RUNS = """
SELECT id, flow, status, trigger, started_at, duration_ms, error FROM runs {where}
ORDER BY started_at DESC, id DESC LIMIT {limit}"""
_NODES = """
SELECT run_id, n.node, n.scope, n.status, n.attempts, n.started_at, n.duration_ms,
       coalesce(n.error, n.reason) AS why
FROM node_runs AS n JOIN (SELECT id, started_at AS begun FROM runs {where}) ON id = run_id
WHERE list_contains(?, n.node)
ORDER BY begun DESC, run_id DESC, n.started_at NULLS LAST LIMIT {limit}"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of the history: of runs or, with `nodes`, of those in each run."""

    nodes: tuple[NodeId, ...] = ()
    sql: str | None = None
    limit: int = 20
    status: str | None = None
    trigger: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    every: bool = False
    """Those of all flows, not only of this one."""

    @property
    def narrowed(self) -> bool:
        """True when something is said of the runs."""
        given = (self.status, self.trigger, self.since, self.until)
        return bool(self.nodes) or self.every or any(one is not None for one in given)


def ask(notebook: KernelNotebook, wanted: Wanted) -> Any:
    """The rows, as a frame; `UsageError` for a query beside other ways to narrow it."""
    history = notebook.project.history
    if wanted.sql is not None:
        if wanted.narrowed:
            raise UsageError(
                "%flow history: --sql says all by itself", hint="narrow the query with WHERE"
            )
        return history.sql(wanted.sql)
    conditions, values = RunFilter(
        flow=None if wanted.every else notebook.flow.name,
        status=wanted.status,
        trigger=wanted.trigger,
        since=wanted.since,
        until=wanted.until,
    ).compile()
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    if not wanted.nodes:
        return history.sql(_RUNS.format(where=where, limit=wanted.limit), values)
    query = _NODES.format(where=where, limit=wanted.limit)
    return history.sql(query, [*values, list(map(str, wanted.nodes))])
