"""SQL in databases that are elsewhere: Postgres, MySQL and MariaDB, SQLite, and files of DuckDB."""

from flowbook.nodes.database.node import DatabaseNode as DatabaseNode
