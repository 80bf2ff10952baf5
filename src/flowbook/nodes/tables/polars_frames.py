"""Tables of Polars. Every type has its nulls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from flowbook.graph.dtypes import family_of
from flowbook.nodes.tables.family import Positions, cannot_read, has_nothing, is_a

_DTYPES: Final = {
    "int": "Int64", "float": "Float64", "string": "String", "bool": "Boolean", "date": "Date",
    "datetime": "Datetime",
}  # fmt: skip


class Polars:
    """`polars.DataFrame`."""

    name: ClassVar[str] = "polars"

    def owns(self, value: object) -> bool:
        return is_a("polars", ["DataFrame"], value)

    def take(self, table: Any) -> Any:
        import polars as pl

        if self.owns(table):
            return table
        try:
            if isinstance(table, list):
                return pl.DataFrame(table, infer_schema_length=None)
            return pl.DataFrame(table)
        except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
            raise cannot_read(table, "Polars", error) from error

    def columns(self, table: Any) -> list[str]:
        return list(table.columns)

    def count(self, table: Any) -> int:
        return int(table.height)

    def kind(self, table: Any, column: str) -> str:
        return family_of(str(table.schema[column])) or ""

    def cells(self, table: Any, column: str) -> list[Any]:
        return list(table[column].to_list())

    def records(self, table: Any) -> list[dict[str, Any]]:
        return list(table.to_dicts())

    def stack(self, tables: Sequence[Any]) -> Any:
        import polars as pl

        try:
            return pl.concat(tables, how="diagonal_relaxed")
        except pl.exceptions.PolarsError as error:
            raise cannot_read(tables[-1], "the ones before it", error) from error

    def beside(self, tables: Sequence[Any]) -> Any:
        import polars as pl

        return pl.concat([one for one in tables if one.width], how="horizontal")

    def picked(self, table: Any, rows: Positions) -> Any:
        import polars as pl

        at = pl.Series("at", rows, dtype=pl.Int64)
        if has_nothing(rows):
            at = at.set(at < 0, None)
            if not table.height:
                return table.clear(len(rows))
        return table.select(pl.all().gather(at)) if table.width else table

    def chosen(self, table: Any, names: Mapping[str, str]) -> Any:
        import polars as pl

        return table.select(pl.col(old).alias(new) for new, old in names.items())

    def filled(self, table: Any, other: Any, column: str) -> Any:
        import polars as pl

        one, two = table[column], other[column]
        try:
            made = pl.select(pl.coalesce(one, two)).to_series()
        except pl.exceptions.PolarsError as error:
            raise TypeError(str(error)) from error
        return table.with_columns(made.alias(column))

    def with_column(self, table: Any, column: str, values: list[Any]) -> Any:
        import polars as pl

        return table.with_columns(pl.Series(column, values, strict=False))

    def distinct(self, table: Any) -> Any:
        return table.unique(maintain_order=True)

    def cast(self, table: Any, column: str, dtype: str) -> Any:
        import polars as pl

        wanted: Any = _wanted(dtype)
        text = table.schema[column] == pl.String
        series = table[column]
        try:
            if text and wanted == pl.Date:
                made = series.str.to_date()
            elif text and wanted == pl.Datetime:
                made = series.str.to_datetime()
            elif text and wanted == pl.Boolean:
                made = series.str.to_lowercase().replace_strict({"true": True, "false": False})
            else:
                made = series.cast(wanted)
        except pl.exceptions.PolarsError as error:
            raise ValueError(str(error)) from error
        return table.with_columns(made.alias(column))


def _wanted(dtype: str) -> Any:
    import polars as pl

    word = _DTYPES.get(dtype) or _DTYPES.get(dtype.removesuffix("eger").removesuffix("ean"))
    exact = getattr(pl, dtype.capitalize().replace("Uint", "UInt"), None)
    return exact if exact is not None else getattr(pl, word or _DTYPES[family_of(dtype) or ""])
