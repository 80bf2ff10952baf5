"""Open a database as a stranger would: `foreign.py DATABASE`; says `open`, waits for a kill."""

import sys
import time

import duckdb

connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(60)
