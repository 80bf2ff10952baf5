"""What counts as a table, and what every kind of table can do.

Four families are known, each by the library that made the value, none of which has to be
installed: pandas, Polars, Arrow, and *records* (a list of dicts). Values that are no tables are
refused, not guessed at. `settled` makes a frame of a Polars `LazyFrame`, and an Arrow table of an
Arrow record batch and of a DuckDB relation (a pandas frame without pyarrow).
"""

from flowbook.nodes.tables.family import Family as Family
from flowbook.nodes.tables.family import Positions as Positions
from flowbook.nodes.tables.reading import as_records as as_records
from flowbook.nodes.tables.reading import by_column as by_column
from flowbook.nodes.tables.reading import columnar as columnar
from flowbook.nodes.tables.reading import families as families
from flowbook.nodes.tables.reading import family as family
from flowbook.nodes.tables.reading import from_columns as from_columns
from flowbook.nodes.tables.reading import is_missing as is_missing
from flowbook.nodes.tables.reading import named_family as named_family
from flowbook.nodes.tables.reading import rows_of as rows_of
from flowbook.nodes.tables.reading import settled as settled
from flowbook.nodes.tables.reading import stacked as stacked
