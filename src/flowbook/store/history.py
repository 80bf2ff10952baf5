"""What ran, when, and how it went: typed pages for programs, SQL for people.

Every answer is one consistent look (`flowbook.store.snapshot`) at everything durable, of every
process: what is folded and what is still in a journal. A run whose process died without saying so
is no longer `running`: it is shown as `failed`, with the error `lost: process N is gone`. That is
worked out at each look from the life files of writers and stored nowhere, so a run that is taken
up again is simply running again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from flowbook.errors import StoreError, UsageError
from flowbook.events import Event, RunStatus, TriggerKind, decode
from flowbook.ids import RunId
from flowbook.store import segments
from flowbook.store.asking import bounded, only_select, refusing, views_of
from flowbook.store.deletion import Deletion, Deletions, Why
from flowbook.store.export import Exported, Wanted, export
from flowbook.store.figures import FlowStats, flow_stats
from flowbook.store.filters import RunFilter
from flowbook.store.frames import as_frame, register
from flowbook.store.lineage import Checkpoints, RunTree, branches, checkpoints, tree
from flowbook.store.paging import check_limit, read_cursor, write_cursor
from flowbook.store.rows import (
    NODE_COLUMNS,
    RUN_COLUMNS,
    NodeRunRow,
    RunPage,
    RunRow,
    node_row,
    run_row,
)
from flowbook.store.schema import VIEWS
from flowbook.store.snapshot import Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

T = TypeVar("T")

SQL_SECONDS = 30.0
"""How long a query of `History.sql` may take: it keeps folds waiting."""

# Each part alone is a plain scan, of which DuckDB reads no more than the page has rows: a page of a
# million runs costs as much as one of a thousand. Over both at once it would read them whole.
_PAGE = (
    f"SELECT {RUN_COLUMNS} FROM {{part}} {{where}} "  # noqa: S608  # values are bound
    "ORDER BY started_at DESC, id DESC LIMIT ?"
)


@dataclass(frozen=True, slots=True, repr=False)
class History:
    """The history of one project."""

    snapshot: Snapshot
    deletions: Deletions

    def __repr__(self) -> str:
        layout = self.snapshot.layout
        try:
            size = f"{layout.database.stat().st_size / 2**20:.1f} MiB in DuckDB"
        except FileNotFoundError:
            size = "nothing in DuckDB"
        waiting = len(segments.listed(layout))
        plural = "" if waiting == 1 else "s"
        return f"History of {layout.root}: {size}, {waiting} journal segment{plural}"

    def runs(  # noqa: PLR0913  # each is one way to narrow a page
        self,
        *,
        flow: str | None = None,
        status: RunStatus | str | None = None,
        trigger: TriggerKind | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        pinned: bool | None = None,
        text: str | None = None,
        limit: int = 20,
        cursor: str | None = None,
    ) -> RunPage:
        """Runs that match, latest first; give a page's `next` as `cursor` for the one after.

        `since` and `until` bound the start, from inclusive to exclusive; naive times are local.
        `text` is the beginning of an id or any part of an error.
        """
        check_limit(limit)
        conditions, values = RunFilter(
            flow=flow, status=status, trigger=trigger, since=since, until=until, pinned=pinned,
            text=text,
        ).compile()  # fmt: skip
        if cursor is not None:
            started, run_id = read_cursor(cursor)
            conditions.append("started_at <= ? AND (started_at < ? OR id < ?)")
            values += [started, started, run_id]
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        rows: list[RunRow] = []
        with self.snapshot.look("old_runs", "recent_runs") as view:
            for part in ("old_runs", "recent_runs"):
                page = view.execute(_PAGE.format(part=part, where=where), [*values, limit + 1])
                rows += map(run_row, page.fetchall())
        rows.sort(key=lambda row: (row.started_at, row.id), reverse=True)
        found = tuple(rows[:limit])
        last = found[-1] if len(rows) > limit else None
        return RunPage(found, None if last is None else write_cursor(last.started_at, last.id))

    def run(self, run_id: str) -> RunRow:
        """One run; `UsageError` when there is none of that id."""
        with self.snapshot.look("runs") as view:
            rows = view.execute(
                f"SELECT {RUN_COLUMNS} FROM runs WHERE id = ?",  # noqa: S608  # ours
                [run_id],
            ).fetchall()
        if not rows:
            raise _no_run(run_id)
        return run_row(rows[0])

    def children(self, run_id: str) -> tuple[RunRow, ...]:
        """The runs that a run started, oldest first; theirs are not among them."""
        with self.snapshot.look("runs") as view:
            rows = view.execute(
                f"SELECT {RUN_COLUMNS} FROM runs WHERE parent = ? "  # noqa: S608  # ours
                "ORDER BY started_at, id",
                [run_id],
            ).fetchall()
        return tuple(map(run_row, rows))

    def keyed(self, flow: str, key: str) -> RunRow | None:
        """The newest run of a flow that was started with that run key; None when there is none."""
        with self.snapshot.look("runs") as view:
            rows = view.execute(
                f"SELECT {RUN_COLUMNS} FROM runs WHERE flow = ? AND key = ? "  # noqa: S608  # ours
                "ORDER BY started_at DESC, id DESC LIMIT 1",
                [flow, key],
            ).fetchall()
        return run_row(rows[0]) if rows else None

    def events(self, run_id: str, *, after: int = -1, limit: int | None = None) -> list[Event]:
        """A run's events in order, from the one behind number `after`.

        Raises `UsageError` when there is no run of that id.
        """
        with self.snapshot.look("events") as view:
            rows = view.execute(
                "SELECT payload FROM events WHERE run_id = ? AND seq > ? ORDER BY seq LIMIT ?",
                [run_id, after, 2**62 if limit is None else limit],
            ).fetchall()
            known = (
                rows
                or view.execute(
                    "SELECT 1 FROM events WHERE run_id = ? LIMIT 1", [run_id]
                ).fetchall()
            )
        if not known:
            raise _no_run(run_id)
        try:
            return [decode(payload) for (payload,) in rows]
        except msgspec.DecodeError as error:
            raise StoreError(
                f"run {run_id} has an event that this flowbook does not know: {error}",
                hint="it was written by a newer version: upgrade flowbook",
            ) from error

    def node_runs(self, run_id: str, *, scope: str | None = None) -> tuple[NodeRunRow, ...]:
        """What became of a run's nodes, in the order in which they started.

        `scope` narrows it to one turn of a container (`each[3]`), or with '' to what is in none.
        """
        with self.snapshot.look("node_runs") as view:
            rows = view.execute(
                f"SELECT {NODE_COLUMNS} FROM node_runs "  # noqa: S608  # ours
                "WHERE run_id = ? AND scope = coalesce(?, scope) "
                "ORDER BY started_at NULLS LAST, ended_at NULLS LAST, node, scope",
                [run_id, scope],
            ).fetchall()
        return tuple(node_row(row) for row in rows)

    def stats(
        self, flow: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> FlowStats:
        """How a flow did: its nodes, edges and days, and what its critical paths went through.

        Of runs that started from `since` inclusive to `until` exclusive; naive times are local.
        """
        return flow_stats(self.snapshot, flow, since, until)

    def checkpoints(self, run_id: str) -> Checkpoints:
        """The points a run can be restored from: every completion of a node that is recorded.

        Raises `UsageError` when there is no run of that id.
        """
        return Checkpoints(RunId(run_id), checkpoints(self.events(run_id)))

    def branches(self, run_id: str) -> RunPage:
        """The replays of a run, the first one first; `UsageError` when there is no such run."""
        self.run(run_id)
        return RunPage(branches(self.snapshot, run_id))

    def tree(self, run_id: str) -> RunTree:
        """The run that this one, and others, replay in the end, with all of their branches.

        Raises `UsageError` when there is no such run.
        """
        return tree(self.snapshot, self.run(run_id))

    def delete(
        self,
        run_id: str,
        *,
        reason: str | None = None,
        actor: str | None = None,
        pinned: bool = False,
    ) -> Deletion:
        """Delete a run for good, with the runs it started; a pinned one only with `pinned`.

        Files that it wrote stay. Raises `UsageError` for a run that does not exist, that still
        goes on or waits, or that is pinned.
        """
        return self.deletions.delete(run_id, Why(lambda _flow: reason, actor), pinned=pinned)

    def delete_where(  # noqa: PLR0913  # the same ways to narrow as `runs`
        self,
        *,
        flow: str | None = None,
        status: RunStatus | str | None = None,
        trigger: TriggerKind | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        pinned: bool | None = None,
        text: str | None = None,
        reason: str | None = None,
        actor: str | None = None,
        dry_run: bool = True,
    ) -> Deletion:
        """Delete all runs that match, as `runs` narrows them; only says which with `dry_run`.

        What goes on or waits is skipped and counted, and so is what is pinned, unless
        `pinned=True` asks for just those. Raises `UsageError` when nothing narrows it.
        """
        which = RunFilter(
            flow=flow, status=status, trigger=trigger, since=since, until=until, pinned=pinned,
            text=text,
        )  # fmt: skip
        why = Why(lambda _flow: reason, actor)
        return self.deletions.delete_where(which, why, dry_run=dry_run)

    def pin(self, run_id: str, *, reason: str | None = None, actor: str | None = None) -> None:
        """Let a run survive every retention; `UsageError` when there is none of that id."""
        self.deletions.pin(run_id, True, Why(lambda _flow: reason, actor))

    def unpin(self, run_id: str, *, reason: str | None = None, actor: str | None = None) -> None:
        """Take a pin back; `UsageError` when there is no run of that id."""
        self.deletions.pin(run_id, False, Why(lambda _flow: reason, actor))

    def sql(
        self,
        query: str,
        parameters: Mapping[str, Any] | list[Any] | None = None,
        *,
        tables: Mapping[str, Any] | None = None,
        timeout: float = SQL_SECONDS,
    ) -> Any:
        """One SELECT over the views of the history, such as `runs`, `events` or `audit`.

        `tables` are your own frames, to join with. Returns a pandas frame (an Arrow table without
        pandas). Raises `UsageError` for a query that is not one readable SELECT, `StoreError` when
        it takes longer than `timeout` seconds.
        """
        return self._answered(query, parameters, tables or {}, timeout, as_frame)

    def table(
        self,
        query: str,
        parameters: Mapping[str, Any] | list[Any] | None = None,
        *,
        timeout: float = SQL_SECONDS,
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        """As `sql`, but column names and plain rows, for doors that need no frame."""
        return self._answered(query, parameters, {}, timeout, _as_rows)

    def export(  # noqa: PLR0913  # each is one way to narrow what is written
        self,
        path: Path | str,
        *,
        view: str | None = None,
        query: str | None = None,
        parameters: Mapping[str, Any] | list[Any] | None = None,
        flow: str | None = None,
        status: RunStatus | str | None = None,
        trigger: TriggerKind | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        format: str | None = None,
        overwrite: bool = False,
    ) -> Exported:
        """Write the history to a file of your own, in one consistent look.

        The suffix of `path`, or `format`, says how: csv, json (an array), jsonl, parquet, or
        duckdb, a database with every view as a table. `view` is one of the views (`runs` when left
        out, all in a duckdb) or `node_io`, which has inputs, outputs and duration of every node
        that ran; the filters narrow it to what belongs to such runs. `query` is a SELECT instead.

        The file appears whole or not at all. Raises `UsageError` for a file that is there already
        and not to be overwritten, and for what does not exist or cannot be exported to;
        `StoreError` when it cannot be written.

        >>> from tempfile import mkdtemp; from flowbook.store.store import Store
        >>> folder = Path(mkdtemp()); store = Store.open(folder / ".flowbook")
        >>> store.history.export(folder / "runs.csv").rows
        0
        >>> store.close()
        """
        runs = RunFilter(flow=flow, status=status, trigger=trigger, since=since, until=until)
        wanted = Wanted(view, query, parameters, runs)
        done = export(self.snapshot, Path(path), wanted, format=format, overwrite=overwrite)
        if self.snapshot.layout.root.exists():
            self.deletions.audit.account("EXPORTED", **_exported(done, wanted))
        return done

    def _answered(
        self,
        query: str,
        parameters: Mapping[str, Any] | list[Any] | None,
        tables: Mapping[str, Any],
        timeout: float,
        read: Callable[[DuckDBPyRelation], T],
    ) -> T:
        snapshot = self.snapshot
        database = snapshot.layout.database
        for name in tables:
            if name.casefold() in VIEWS:
                raise UsageError(
                    f"{name!r} is a view of the history", hint="give your table another name"
                )
        with closing(snapshot.resident.cursor()) as parser, refusing(database):
            statement = only_select(parser, query)
            views = views_of(parser, statement.query, tables)
        with snapshot.look(*views) as view, refusing(database):
            for name, table in tables.items():
                register(view, name, table)
            return bounded(view, lambda: read(view.sql(statement, params=parameters)), timeout)


def _as_rows(result: DuckDBPyRelation) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    return tuple(result.columns), result.fetchall()


def _exported(done: Exported, wanted: Wanted) -> dict[str, Any]:
    """What the audit says of an export: where to, how much, and what was asked for."""
    asked = wanted.parameters if isinstance(wanted.parameters, Mapping) else {}
    given = {name: str(value) for name, value in asked.items() if value is not None}
    return {
        "path": str(done.path.resolve()),
        "rows": done.rows,
        "view": wanted.view,
        "query": wanted.query,
        "filter": {**given, **wanted.runs.to_json()} or None,
    }


def _no_run(run_id: str) -> UsageError:
    return UsageError(f"no run {run_id!r} in this project", hint="history.runs() lists them")
