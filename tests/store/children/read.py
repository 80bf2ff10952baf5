"""Read history for ever: `read.py ROOT`. Says the number of runs it saw, each time."""

import sys
from pathlib import Path

from flowbook.store.store import Store

store = Store.open(Path(sys.argv[1]))
while True:
    names, rows = store.history.table("SELECT count(*), count(DISTINCT id) FROM runs")
    assert rows[0][0] == rows[0][1], rows
    print(rows[0][0], flush=True)
