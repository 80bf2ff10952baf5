"""The history as a file of your own: CSV, JSON, Parquet, or a DuckDB to keep.

An export is one consistent look, with what no fold has taken up yet. It is written under another
name beside its place and renamed when it is whole, so a reader never sees half of one. Folds wait
while it is written; commits do not.

Times are UTC: ISO 8601 text in CSV and JSON, timestamps without a zone in Parquet and DuckDB. What
is JSON in the history is JSON in JSON, and its text elsewhere.
"""

# ruff: noqa: S608  # statements are assembled from names of ours; values are bound

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from flowbook.errors import StoreError, UsageError
from flowbook.store.asking import bounded, only_select, views_hint, views_of
from flowbook.store.disk import Disk, Durability
from flowbook.store.filters import RunFilter
from flowbook.store.migrations import STORAGE_VERSION
from flowbook.store.resident import blames
from flowbook.store.schema import VIEWS
from flowbook.store.snapshot import Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Parameters: TypeAlias = Mapping[str, Any] | list[Any] | None


class Format(StrEnum):
    """How a file is written; also its suffix."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    PARQUET = "parquet"
    DUCKDB = "duckdb"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written, and where."""

    path: Path
    rows: int
    bytes: int

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {"path": str(self.path), "rows": self.rows, "bytes": self.bytes}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to export: a view narrowed by runs, or a query that says all itself."""

    view: str | None = None
    query: str | None = None
    parameters: Parameters = None
    runs: RunFilter = field(default_factory=RunFilter)


NODE_IO: Mapping[str, str] = {
    "run_id": "the run",
    "flow": "name of the flow",
    "node": "the node",
    "status": "as in `node_runs`",
    "attempts": "how many attempts began",
    "started_at": "UTC; the first attempt",
    "ended_at": "UTC",
    "duration_ms": "milliseconds of the last attempt",
    "inputs": "JSON: input → what came in, by its wire, its parameter or its default",
    "outputs": "JSON: output → what went out; small values stand in it, under `inline`",
    "result": "JSON: what the node showed, if it showed something",
    "error": "the last error",
    "scope": "as in `node_runs`",
}
"""Columns of the export `node_io`, which is put together from the views when it is asked for."""

# What an input took is read from the definition as it was recorded, by the rules of its wires: the
# one it names, else an output called so, else a node called so, else a parameter or its default.
_NODE_IO_SQL = """
WITH gave AS (
    SELECT run_id, scope, node, coalesce(arg_max(payload, seq)->'$.outputs', '{}') AS outputs,
           arg_max(payload, seq)->'$.result' AS result
    FROM events WHERE kind IN ('NODE_COMPLETED', 'NODE_REUSED')
    GROUP BY run_id, scope, node
), nodes AS (
    SELECT flow, version, node->>'$.id' AS node, node->'$.inputs' AS inputs,
           coalesce(from_json(node->'$.outputs', '["VARCHAR"]'), []) AS outputs
    FROM (SELECT flow, version, unnest(from_json(spec->'$.nodes', '["JSON"]')) AS node
          FROM flow_versions)
), declared AS (
    SELECT flow, version, node, input->>'$.name' AS name, input->>'$.wire.node' AS wired,
           input->>'$.wire.port' AS port, input->'$.default' AS fallback
    FROM (SELECT * EXCLUDE (inputs), unnest(from_json(inputs, '["JSON"]')) AS input FROM nodes)
), fed AS (
    SELECT d.*, coalesce(d.wired, maker.node, named.node) AS source,
           coalesce(d.port, CASE WHEN maker.node IS NOT NULL THEN d.name END) AS output
    FROM declared AS d
    LEFT JOIN nodes AS maker ON maker.flow = d.flow AND maker.version = d.version
        AND maker.node <> d.node AND d.wired IS NULL AND d.fallback IS NULL
        AND list_contains(maker.outputs, d.name)
    LEFT JOIN nodes AS named ON named.flow = d.flow AND named.version = d.version
        AND named.node <> d.node AND d.wired IS NULL AND d.fallback IS NULL
        AND named.node = d.name
), read AS (
    SELECT r.id AS run_id, n.scope, fed.node, fed.name,
           arg_max(CASE WHEN source IS NULL THEN json_object('inline', coalesce(
                   json_extract(r.params, '$."' || fed.name || '"'), fallback))
               ELSE coalesce(json_extract(gave.outputs, '$."' || coalesce(
                   output, json_keys(gave.outputs)[1]) || '"'), gave.result)
               END, length(coalesce(gave.scope, ''))) AS input
    FROM runs AS r JOIN fed USING (flow, version)
    JOIN node_runs AS n ON n.run_id = r.id AND n.node = fed.node
    LEFT JOIN gave ON gave.run_id = r.id AND gave.node = source
        AND starts_with(n.scope || '.', concat(nullif(gave.scope, '') || '.'))
    GROUP BY r.id, n.scope, fed.node, fed.name
), came AS (
    SELECT run_id, scope, node, json_group_object(name, input) AS inputs
    FROM read WHERE scope = '' OR coalesce(input->>'$.inline', input->>'$.hash') IS NOT NULL
    GROUP BY run_id, scope, node
)
SELECT n.run_id, r.flow, n.node, n.status, n.attempts, n.started_at, n.ended_at, n.duration_ms,
       coalesce(came.inputs, '{}')::JSON AS inputs, coalesce(gave.outputs, '{}')::JSON AS outputs,
       gave.result, n.error, n.scope
FROM node_runs AS n JOIN runs AS r ON r.id = n.run_id
LEFT JOIN gave ON gave.run_id = n.run_id AND gave.scope = n.scope AND gave.node = n.node
LEFT JOIN came ON came.run_id = n.run_id AND came.scope = n.scope AND came.node = n.node"""

VIEWS_OUT: tuple[str, ...] = (*VIEWS, "node_io")
"""What can be exported by name."""


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
    "deliveries": _Own("flow", "happened_at"),
    "audit": _Own("workflow_id", "created_at"),  # an entry outlives its run
    "node_stats": _Own("flow", link="flow", key="flow"),
    "flow_stats": _Own("flow", link="flow", key="flow"),
    "daily_stats": _Own("flow", "day", "flow", "flow"),
    "edge_frequency": _Own("flow", link="flow", key="flow"),
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
    "deliveries": "written_at, id",
    "registry": "run_id",
    "node_stats": "flow, node",
    "flow_stats": "flow",
    "daily_stats": "flow, day",
    "critical_path": "run_id, scope, step",
    "edge_frequency": "flow, source, output, target, input",
    "resources": "run_id, node",
}


def export(
    snapshot: Snapshot,
    path: Path,
    wanted: Wanted,
    *,
    format: str | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write what is `wanted` to `path`; see `History.export`."""
    form = _format(path, format)
    _check(snapshot, path, wanted, overwrite)
    disk = Disk()
    with _refusing(path), disk.staged(path.parent) as staged:
        views = _looked_at(snapshot, form, wanted)
        with snapshot.look(*views) as view, _refusing(path, snapshot.layout.database):
            tables = {name: _select(name, wanted) for name in _named(form, wanted)}
            write = partial(_write, view, staged, form, tables)
            rows = bounded(view, write, float("inf"))  # so that a Ctrl-C is heard
        if path.exists() and not overwrite:
            raise _taken(path)
        disk.publish(staged, path, Durability.FSYNC)
    return Exported(path, rows, path.stat().st_size)


def _format(path: Path, named: str | None) -> Format:
    """The format asked for, or the one the suffix says."""
    word = (named or path.suffix).lstrip(".").lower()
    try:
        return Format(word)
    except ValueError:
        asked = f"{word!r} is no format" if word else f"{path} has no suffix that names a format"
        raise UsageError(
            f"{asked} to export to", hint=f"there are {', '.join(f'.{one}' for one in Format)}"
        ) from None


def _check(snapshot: Snapshot, path: Path, wanted: Wanted, overwrite: bool) -> None:
    """Refuse what cannot be, before anything is touched."""
    conditions, _values = wanted.runs.compile()
    if wanted.query is not None and (wanted.view is not None or conditions):
        raise UsageError(
            "a query says itself what is exported", hint="leave the view and the filters out"
        )
    if wanted.view is not None and wanted.view not in VIEWS_OUT:
        raise UsageError(
            f"no view is called {wanted.view!r}", hint=f"there are {', '.join(VIEWS_OUT)}"
        )
    if path.resolve().is_relative_to(snapshot.layout.root.resolve()):
        raise UsageError(
            f"{path} lies inside the store", hint="export to a place outside .flowbook/"
        )
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint="make it, or write elsewhere")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file in it")
    if path.exists() and not overwrite:
        raise _taken(path)


def _taken(path: Path) -> UsageError:
    return UsageError(
        f"{path} is there already", hint="say overwrite=True (--overwrite) to replace it"
    )


def _named(form: Format, wanted: Wanted) -> tuple[str, ...]:
    """The tables of the file: one, or in a database that is not told which, all views."""
    if wanted.query is not None:
        return ("query",)
    if wanted.view is not None:
        return (wanted.view,)
    return tuple(VIEWS) if form is Format.DUCKDB else ("runs",)


def _looked_at(snapshot: Snapshot, form: Format, wanted: Wanted) -> tuple[str, ...]:
    """The views to make; `UsageError` for a query that is not one SELECT."""
    if wanted.query is not None:
        with closing(snapshot.resident.cursor()) as parser:
            return views_of(parser, only_select(parser, wanted.query).query)
    named = _named(form, wanted)
    if "node_io" in named:
        return ("runs", "events", "node_runs", "flow_versions")
    conditions, _values = wanted.runs.compile()
    return tuple(dict.fromkeys((*named, "runs") if conditions else named))


def _select(name: str, wanted: Wanted) -> tuple[str, Parameters]:
    if wanted.query is not None:
        return wanted.query.strip().removesuffix(";"), wanted.parameters
    source = _NODE_IO_SQL if name == "node_io" else f'FROM "{name}"'
    conditions, values = _conditions(name, wanted.runs)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return f"FROM ({source}){where} ORDER BY {_ORDER[name]}", values


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


def _write(
    view: DuckDBPyConnection,
    staged: Path,
    form: Format,
    tables: Mapping[str, tuple[str, Parameters]],
) -> int:
    """Write the tables, and say how many rows they are."""
    if form is Format.DUCKDB:
        return _write_database(view, staged, tables)
    ((select, values),) = tables.values()
    return _write_file(view, staged, form, select, values)


def _write_file(
    view: DuckDBPyConnection, staged: Path, form: Format, select: str, values: Parameters
) -> int:
    options = {
        Format.CSV: "FORMAT csv, HEADER",
        Format.JSON: "FORMAT json, ARRAY true",
        Format.JSONL: "FORMAT json",
        Format.PARQUET: "FORMAT parquet, COMPRESSION zstd",
    }[form]
    plain = _as_text(view, form, select, values)
    view.execute(f"COPY (\n{plain}\n) TO '{_quoted(staged)}' ({options})", values)
    return int(view.fetchall()[0][0])


def _as_text(view: DuckDBPyConnection, form: Format, select: str, values: Parameters) -> str:
    """`select`, with the columns replaced that text would not hold as they are."""
    if form is Format.PARQUET:
        return select
    replaced = []
    for name, kind, *_rest in view.execute(f"DESCRIBE {select}", values).fetchall():
        column = '"' + name.replace('"', '""') + '"'
        if kind == "TIMESTAMP":
            text = f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%fZ')"
        elif kind.endswith("[]") and form is Format.CSV:
            text = f"to_json({column})"
        elif kind in ("DOUBLE", "FLOAT") and form is not Format.CSV:
            text = f"CASE WHEN isfinite({column}) THEN {column} END"  # JSON has no NaN
        else:
            continue
        replaced.append(f"{text} AS {column}")
    if not replaced:
        return select
    return f"SELECT * REPLACE ({', '.join(replaced)}) FROM (\n{select}\n)"


def _write_database(
    view: DuckDBPyConnection, staged: Path, tables: Mapping[str, tuple[str, Parameters]]
) -> int:
    rows = 0
    view.execute(f"ATTACH '{_quoted(staged)}' AS exported (STORAGE_VERSION '{STORAGE_VERSION}')")
    try:
        for name, (select, values) in tables.items():
            view.execute(f'CREATE TABLE exported."{name}" AS (\n{select}\n)', values)
            rows += view.fetchall()[0][0]
        view.execute("CHECKPOINT exported")  # all of it in the one file
    finally:
        view.execute("DETACH exported")
        staged.with_name(f"{staged.name}.wal").unlink(missing_ok=True)
    return rows


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@contextmanager
def _refusing(path: Path, database: Path | None = None) -> Iterator[None]:
    """Say what DuckDB and the disk refuse in words of ours; what `database` has is its lease's."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        if database is not None and blames(error, database):
            raise
        if isinstance(error, duckdb.IOException):
            raise _unwritten(path, error) from error
        raise UsageError(f"the query is refused: {error}", hint=views_hint()) from error
    except OSError as error:
        raise _unwritten(path, error) from error


def _unwritten(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"{path} cannot be written: {error}", hint="is there room, and may you write there?"
    )
