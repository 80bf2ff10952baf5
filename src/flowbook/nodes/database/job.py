"""One run of a node in its database: connection, transaction, result, and errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from flowbook.errors import DatabaseFailed, FlowbookError, UsageError
from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.asking import kind_of_first
from flowbook.nodes.cell_code import CellText
from flowbook.nodes.database.connecting import Address, Pooling, engine_for
from flowbook.nodes.database.failures import failed, line_of
from flowbook.nodes.database.settings import DatabaseSettings
from flowbook.nodes.database.statements import Statement
from flowbook.nodes.database.values import bound, plain_rows, table_of
from flowbook.nodes.database.watching import Watch, stopper, watched
from flowbook.nodes.database.writing import Target, write_rows
from flowbook.nodes.pointing import raise_from_line
from flowbook.nodes.tables import families, settled

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Job:
    """What a node does with its statements at an address."""

    def __init__(
        self,
        node: DatabaseSettings,
        context: NodeContext,
        address: Address,
        inputs: Mapping[PortName, Any],
        statements: list[Statement],
    ) -> None:
        self.node, self.context, self.address = node, context, address
        self.inputs, self.statements = inputs, statements
        self.current: Statement | None = None

    def run(self, *, changes: bool) -> Any:
        """The result; `DatabaseFailed` for whatever the database raises."""
        node = self.node
        pooling = Pooling(node.pool_size, node.pool_overflow, node.pool_recycle)
        engine = engine_for(self.context.services, self.address, pooling, changes=changes)
        watch = Watch()
        try:
            with engine.connect() as connection:
                self._prepare(connection, changes=changes)
                stop = stopper(connection, self.address.kind)
                with watched(self.context, watch, stop, node.timeout), connection.begin():
                    return self._written(connection) if node.write else self._asked(connection)
        except FlowbookError:
            raise
        except Exception as error:
            if not _is_of_a_database(error):
                raise
            self._fail(error, watch)

    def _prepare(self, connection: Connection, *, changes: bool) -> None:
        options: dict[str, Any] = {}
        if self.node.isolation and self.address.kind != "sqlite":
            options["isolation_level"] = self.node.isolation.replace("_", " ").upper()
        if self.address.kind == "postgresql" and not changes:
            options["postgresql_readonly"] = True
        if options:
            connection.execution_options(**options)

    def _asked(self, connection: Connection) -> Any:
        from sqlalchemy import bindparam, text

        given = {
            **{str(name): value for name, value in self.inputs.items()},
            **self.node.parameters,
        }
        rows = None if self.node.rows is None else self._rows()[0]
        changed, result = 0, None
        for statement in self.statements:
            self.current = statement
            clause = text(statement.text)
            clause = clause.bindparams(
                *(bindparam(name, expanding=True) for name in statement.lists)
            )
            if rows is None:
                result = connection.execute(clause, self._bound(statement, given))
            elif rows:
                many = [self._bound(statement, {**given, **row}) for row in rows]
                result = connection.execute(clause, many)
            if result is not None and not result.returns_rows:
                changed += max(result.rowcount, 0)
        if result is None or not result.returns_rows:
            return {"changed": changed}
        return self._table(result)

    def _bound(self, statement: Statement, given: Mapping[str, Any]) -> dict[str, Any]:
        if missing := sorted(statement.names - set(given)):
            raise UsageError(
                f"the SQL of database {self.node.name!r} reads :{missing[0]}, which is not given",
                hint=f"given: {', '.join(sorted(map(str, given))) or 'nothing'}",
            )
        return {name: bound(given[name], self.address.kind) for name in statement.names}

    def _table(self, result: Any) -> Any:
        most = self.node.max_rows
        rows = result.fetchmany(most + 1) if most else result.fetchall()
        if most and len(rows) > most:
            result.close()
            raise UsageError(
                f"database {self.node.name!r} gives more than {most:,} rows",
                hint="narrow the query, or raise max_rows",
            )
        kind = self.node.result
        if kind == "auto":
            kind = kind_of_first(self.inputs) or "frame"
        return table_of(list(result.keys()), rows, kind)

    def _rows(self) -> tuple[list[dict[str, Any]], list[str]]:
        given = self.node.rows
        if given is None:
            tables = [settled(value) for value in self.inputs.values()]
            found = [one for one, maker in zip(tables, families(tables), strict=True) if maker]
            given = found[0] if found else self.inputs.get(PortName("rows"), [])
        return plain_rows(given, f"database {self.node.name!r}", self.address.kind)

    def _written(self, connection: Connection) -> dict[str, int]:
        rows, columns = self._rows()
        target = Target(self.node.write, self.node.mode, tuple(self.node.key))
        return {"changed": write_rows(connection, target, rows, columns, self._alive)}

    def _alive(self) -> None:
        if self.context.cancelled():
            raise DatabaseFailed(
                f"writing to {self.address.public} was stopped; nothing of it is there",
                database=self.address.public,
                retryable=True,
            )

    def _fail(self, error: Exception, watch: Watch) -> None:
        where = self.address.public
        if watch.stopped:
            why = f"took longer than {self.node.timeout:g} s" if watch.late else "was stopped"
            raise DatabaseFailed(
                f"{where}: the statement {why}", database=where, retryable=True
            ) from None
        told = failed(error, where, [self.address.password])
        statement = self.current
        if statement is None:
            raise told from None
        at = line_of(error, statement.sql)
        cell = CellText.of(self.node.spec)
        line = _cell_line(cell, statement, at or 0)
        if line is None:
            raise told from None
        told.cell, told.line = cell.cell, line
        told.message += f" (node {self.node.name!r}, line {line})"
        told.hint = told.hint or f"look at: {cell.lines()[line - 1].strip()}"
        raise_from_line(cell, line, told, None)


def _is_of_a_database(error: Exception) -> bool:
    import sqlite3

    from sqlalchemy.exc import SQLAlchemyError

    known = (SQLAlchemyError, sqlite3.Error)
    return isinstance(error, known) or type(error).__module__.startswith(("psycopg", "pymysql"))


def _cell_line(cell: CellText, statement: Statement, at: int) -> int | None:
    """The line of the cell where a line of a statement is written; None where it is not."""
    lines = statement.sql.splitlines()
    wanted = lines[min(at, len(lines) - 1)].strip()
    places = [number for number, line in enumerate(cell.body.splitlines()) if wanted in line]
    later = [number for number in places if number >= statement.line + at]
    found = later or places
    return cell.line + found[0] if found and wanted else None
