"""Attach a database from an instance in memory: `attach.py DATABASE [OPTIONS]`; says `open`."""

import sys
import time

import duckdb

connection = duckdb.connect()
options = f" ({sys.argv[2]})" if len(sys.argv) > 2 else ""
connection.execute(f"ATTACH '{sys.argv[1]}' AS theirs{options}")
print("open", flush=True)
time.sleep(60)
