"""Tables of pandas. Integers with nulls become floats, as pandas itself has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from flowbook.errors import UsageError
from flowbook.graph.dtypes import family_of
from flowbook.nodes.tables.family import Positions, has_nothing, is_a

_WITH_NULLS: Final = {"int": "Int64", "float": "float64", "bool": "boolean"}
_WITHOUT: Final = {"int": "int64", "integer": "int64", "float": "float64", "boolean": "bool"}


class Pandas:
    """`pandas.DataFrame`; its index is left behind."""

    name: ClassVar[str] = "pandas"

    def owns(self, value: object) -> bool:
        return is_a("pandas", ["DataFrame"], value)

    def take(self, table: Any) -> Any:
        import pandas as pd

        if isinstance(table, list):
            return pd.DataFrame(table)
        frame = table if self.owns(table) else table.to_pandas()
        names = self.columns(frame)
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise UsageError(f"a frame has two columns {twice!r}", hint="rename one of them")
        frame = frame if list(frame.columns) == names else frame.set_axis(names, axis=1)
        plain = type(frame.index).__name__ == "RangeIndex"
        return frame if plain else frame.reset_index(drop=True)

    def columns(self, table: Any) -> list[str]:
        return [str(name) for name in table.columns]

    def count(self, table: Any) -> int:
        return len(table)

    def kind(self, table: Any, column: str) -> str:
        from pandas.api.types import infer_dtype

        dtype = str(table[column].dtype)
        if dtype == "object":
            return "string" if infer_dtype(table[column], skipna=True) == "string" else ""
        return family_of(dtype) or ""

    def cells(self, table: Any, column: str) -> list[Any]:
        series = table[column]
        if not series.isna().any():
            return list(series.tolist())
        return list(series.astype(object).where(series.notna(), None).tolist())

    def records(self, table: Any) -> list[dict[str, Any]]:
        columns = {name: self.cells(table, name) for name in self.columns(table)}
        if not columns:
            return [{} for _ in range(len(table))]
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    def stack(self, tables: Sequence[Any]) -> Any:
        import pandas as pd

        # A frame without rows has no say about the types of the others.
        full = [one for one in tables if len(one)] or tables[:1]
        stacked = pd.concat(full, ignore_index=True)
        names = list(dict.fromkeys(name for one in tables for name in one.columns))
        return stacked if list(stacked.columns) == names else stacked.reindex(columns=names)

    def beside(self, tables: Sequence[Any]) -> Any:
        import pandas as pd

        return pd.concat([one.reset_index(drop=True) for one in tables], axis=1)

    def picked(self, table: Any, rows: Positions) -> Any:
        import numpy as np

        rows = np.asarray(rows, dtype="int64")
        if not has_nothing(rows):
            return table.take(rows).reset_index(drop=True)
        return table.reset_index(drop=True).reindex(rows).reset_index(drop=True)

    def chosen(self, table: Any, names: Mapping[str, str]) -> Any:
        return table[list(names.values())].set_axis(list(names), axis=1)

    def filled(self, table: Any, other: Any, column: str) -> Any:
        mine = table[column]
        if not mine.isna().any():
            return table
        theirs = other[column]
        if theirs.isna().all():
            return table
        filled = theirs if mine.isna().all() else mine.where(mine.notna(), theirs)
        return table.assign(**{column: filled})

    def with_column(self, table: Any, column: str, values: list[Any]) -> Any:
        import pandas as pd

        return table.assign(**{column: pd.Series(values, index=table.index)})

    def distinct(self, table: Any) -> Any:
        return table.drop_duplicates(ignore_index=True)

    def cast(self, table: Any, column: str, dtype: str) -> Any:
        return table.assign(**{column: _cast(table[column], dtype)})


def _cast(series: Any, dtype: str) -> Any:
    import pandas as pd

    kind = family_of(dtype)
    if kind in ("date", "datetime"):
        read = pd.to_datetime(series)
        return read.dt.date.astype(object).where(read.notna(), None) if kind == "date" else read
    if kind == "string":
        return series.where(series.isna(), series.astype(str)).astype("str")
    if kind == "bool" and family_of(str(series.dtype)) in ("string", None):
        texts = series.dropna().astype(str).str.lower()
        if not texts.isin(["true", "false"]).all():
            raise ValueError("a text is neither true nor false")
        series = (texts == "true").astype(object).reindex(series.index)
    if series.isna().any():
        return series.astype(_WITH_NULLS.get(kind or "", dtype))
    return series.astype(_WITHOUT.get(dtype, dtype))
