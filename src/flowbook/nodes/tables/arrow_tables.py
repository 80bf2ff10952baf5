"""Arrow tables. Every type has its nulls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from flowbook.graph.dtypes import family_of
from flowbook.nodes.tables.family import Positions, cannot_read, first_of_each, has_nothing, is_a

_DTYPES: Final = {
    "int": "int64", "integer": "int64", "float": "float64", "str": "string", "text": "string",
    "boolean": "bool", "date": "date32", "datetime": "timestamp[us]", "timestamp": "timestamp[us]",
}  # fmt: skip


class Arrow:
    """`pyarrow.Table`, and what a record batch or a DuckDB relation holds."""

    name: ClassVar[str] = "arrow"

    def owns(self, value: object) -> bool:
        return is_a("pyarrow", ["Table"], value)

    def take(self, table: Any) -> Any:
        import pyarrow as pa

        if self.owns(table):
            return table
        try:
            if isinstance(table, list):
                names = dict.fromkeys(str(name) for row in table for name in row)
                return pa.table({name: [row.get(name) for row in table] for name in names})
            if is_a("pandas", ["DataFrame"], table):
                return pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata()
        except (pa.ArrowException, TypeError) as error:
            raise cannot_read(table, "Arrow", error) from error
        return table.to_arrow()

    def columns(self, table: Any) -> list[str]:
        return list(table.column_names)

    def count(self, table: Any) -> int:
        return int(table.num_rows)

    def kind(self, table: Any, column: str) -> str:
        return family_of(str(table.schema.field(column).type)) or ""

    def cells(self, table: Any, column: str) -> list[Any]:
        return list(table.column(column).to_pylist())

    def records(self, table: Any) -> list[dict[str, Any]]:
        return list(table.to_pylist())

    def stack(self, tables: Sequence[Any]) -> Any:
        import pyarrow as pa

        try:
            return pa.concat_tables(tables, promote_options="permissive")
        except (pa.ArrowException, TypeError) as error:
            raise cannot_read(tables[-1], "the ones before it", error) from error

    def beside(self, tables: Sequence[Any]) -> Any:
        import pyarrow as pa

        return pa.table({name: one.column(name) for one in tables for name in one.column_names})

    def picked(self, table: Any, rows: Positions) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        at = pa.array(rows, type=pa.int64())
        if has_nothing(rows):
            at = pc.if_else(pc.less(at, 0), pa.scalar(None, pa.int64()), at)
        return table.take(at)

    def chosen(self, table: Any, names: Mapping[str, str]) -> Any:
        import pyarrow as pa

        return pa.table({new: table.column(old) for new, old in names.items()})

    def filled(self, table: Any, other: Any, column: str) -> Any:
        import pyarrow as pa
        import pyarrow.compute as pc

        one, two = table.column(column), other.column(column)
        if pa.types.is_null(one.type):
            one = one.cast(two.type)
        elif one.type != two.type:
            # Floats win over integers; all else has to be of one type.
            wide = pa.float64() if "double" in (str(one.type), str(two.type)) else one.type
            one, two = one.cast(wide), two.cast(wide)
        return self._with(table, column, pc.coalesce(one, two))

    def with_column(self, table: Any, column: str, values: list[Any]) -> Any:
        import pyarrow as pa

        return self._with(table, column, pa.array(values))

    def distinct(self, table: Any) -> Any:
        columns = [table.column(name).to_pylist() for name in table.column_names]
        return self.picked(table, first_of_each(zip(*columns, strict=True)))

    def cast(self, table: Any, column: str, dtype: str) -> Any:
        import pyarrow as pa

        words = {"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "float32"}
        known = dtype if dtype in words else _DTYPES.get(dtype) or family_of(dtype) or dtype
        wanted = pa.type_for_alias(_DTYPES.get(known, known))
        return self._with(table, column, table.column(column).cast(wanted))

    def _with(self, table: Any, column: str, values: Any) -> Any:
        if column in table.column_names:
            return table.set_column(table.column_names.index(column), column, values)
        return table.append_column(column, values)
