"""Hold the shared lock almost all the time: `flood.py ROOT`; says `flooding` once it began."""

import sys
import time
from pathlib import Path

from flowbook.store.layout import Layout
from flowbook.store.locks import StoreLock

lock = StoreLock(Layout(Path(sys.argv[1])))
print("flooding", flush=True)
while True:
    with lock.reading(budget=5.0):
        time.sleep(0.03)
