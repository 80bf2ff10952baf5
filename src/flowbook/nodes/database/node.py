"""A statement, several, or a table of rows, in a database; one transaction.

A node only reads unless it says that it changes data, and then the project has to allow it. That
it only reads is the database's to hold: its transactions are read-only, a SQLite file is opened so.
What ends a transaction or changes the session is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from flowbook.errors import UsageError
from flowbook.graph.node import NodeContext
from flowbook.graph.options import Options
from flowbook.graph.services import Grant
from flowbook.ids import PortName
from flowbook.nodes.asking import kind_of_first
from flowbook.nodes.database.connecting import Address, read_address
from flowbook.nodes.database.job import Job
from flowbook.nodes.database.settings import DatabaseSettings
from flowbook.nodes.database.statements import Statement, split
from flowbook.nodes.database.values import table_of
from flowbook.nodes.tables import families


class DatabaseNode(DatabaseSettings):
    """Runs SQL in Postgres, MySQL, MariaDB, SQLite or a file of DuckDB, or writes rows to a table.

    Parameters are `:name` in the SQL: values of `parameters`, and inputs of that name. They are
    bound, never pasted, and `{{ }}` in the SQL means nothing. `where id in :ids` takes a list. All
    statements are one transaction; the rows of the last one are the output, or `{changed: …}` where
    it gives none.

    The node only reads unless it says `changes: true` or `write`, and then the project has to grant
    `database`. A change whose answer is lost with the connection may be there all the same: for
    nodes with retries, write with `mode: upsert`, which does the same twice.

    Connections come from a pool that is kept for the address, the user and the password.
    """

    kind: ClassVar[str] = "database"
    begins: ClassVar[str] = "driver: sqlite\ndatabase: data.sqlite\nsql: select 1 as one"
    family: ClassVar[str] = "services"
    external: ClassVar[bool] = True
    untemplated: ClassVar[tuple[str, ...]] = ("sql",)
    defaults: ClassVar[Options] = Options()
    grace: ClassVar[float] = 5.0
    example: ClassVar[str] = """\
%%flow made -> path
import contextlib, sqlite3
import flowbook
path = flowbook.context().services.file("till.sqlite", writing=True)
with contextlib.closing(sqlite3.connect(path)) as till:
    till.executescript('''
        drop table if exists sales;
        create table sales (city text, total int);
        insert into sales values ('Oslo', 30), ('Rome', 12), ('Oslo', 5);
    ''')

%%flow database by_city(path=made.path)
driver: sqlite
database: "{{ path }}"
sql: |
  select city, sum(total) as total from sales
  where total > :least group by city order by city
parameters: {least: 10}
result: rows
"""

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The rows of the last statement; `DatabaseFailed` says what the database said."""
        self.check_written_out()
        address = self._address(context)
        changes = self.changes or bool(self.write)
        if changes:
            self._check_allowed(context, address)
        if address.kind == "duckdb":
            return self._from_duckdb(context, address, inputs)
        statements = self._statements(address.kind, changes=changes)
        return Job(self, context, address, inputs, statements).run(changes=changes)

    # ------------------------------------------------------------ before it runs

    def _address(self, context: NodeContext) -> Address:
        password = context.services.secret(self.secret) if self.secret else self.password
        parts = {
            name: getattr(self, name) for name in ("driver", "host", "port", "database", "user")
        }
        address = read_address(self.connection, {**parts, "password": password})
        if not address.database and address.kind in ("sqlite", "duckdb"):
            raise UsageError(
                f"database {self.name!r} names no file", hint="say database: data/till.sqlite"
            )
        return address

    def _check_allowed(self, context: NodeContext, address: Address) -> None:
        what = f"change data in {address.public}"
        if not context.services.effects:
            raise UsageError(
                f"database {self.name!r} would {what}, and a test run changes nothing",
                hint="allow the node to do so in the test, or give it data of your own",
            )
        context.services.require(Grant.DATABASE, what)

    def _statements(self, kind: str, *, changes: bool) -> list[Statement]:
        found = split(self.sql, kind)
        told = f"database {self.name!r}"
        if bool(found) == bool(self.write):
            both = "both sql and write" if found else "neither sql nor write"
            raise UsageError(f"{told} has {both}", hint="say one of them")
        for one in found:
            if one.controls:
                raise UsageError(
                    f"{told} has a statement {one.first.upper()}, which is the node's to say",
                    hint="leave it out: all statements are one transaction",
                )
            if not changes and not one.reads and not (kind == "sqlite" and one.first == "pragma"):
                raise UsageError(
                    f"{told} has a statement {one.first.upper()}, and it only reads",
                    hint="say changes: true, and let the project grant database",
                )
        if self.rows is not None and len(found) > 1:
            raise UsageError(
                f"{told} has rows and {len(found)} statements", hint="give it one statement"
            )
        return found

    def _from_duckdb(
        self, context: NodeContext, address: Address, inputs: Mapping[PortName, Any]
    ) -> Any:
        if self.write or self.changes:
            raise UsageError(
                f"database {self.name!r} cannot change a file of DuckDB, which is read only here",
                hint="write it in a python cell, or use Postgres, MySQL or SQLite",
            )
        path = context.services.file(address.database)
        name = Path(path).stem
        kind = "" if self.result == "frame" else self.result
        kind = kind_of_first(inputs) if kind == "auto" else kind
        sql = "; ".join(one.text for one in split(self.sql, "postgresql"))
        names = frozenset().union(*(one.names for one in split(self.sql, "postgresql")))
        for one in sorted(names, key=len, reverse=True):
            sql = sql.replace(f":{one}", f"${one}")
        given = {**{str(key): value for key, value in inputs.items()}, **self.parameters}
        found = context.query(
            sql.replace("\\:", ":"),
            {},
            {one: given[one] for one in names if one in given},
            attach={name: path},
            result="arrow" if find_spec("pyarrow") else "frame",
        )
        return table_of(*_columns_of(found), kind or "frame")


def _columns_of(found: Any) -> tuple[list[str], list[Sequence[Any]]]:
    maker = families([found])[0]
    assert maker is not None  # noqa: S101  a query gives a table
    names = maker.columns(found)
    cells = [maker.cells(found, name) for name in names]
    return names, list(zip(*cells, strict=True))
