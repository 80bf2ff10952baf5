"""Nodes over rows: choose, order, group, reshape and compute, on tables and lists alike.

What comes in stays what it is: a table of pandas, Polars, Arrow or DuckDB comes out as the same
kind of table, a list of records as a list of records, a plain list as a plain list. `shapes` knows
the kinds apart, `expressions` asks a row for a value, `vectors` asks a whole column at once where
that gives exactly the same. The rest is one family of node kinds per file.
"""
