"""Hold the lock of a store: `hold_lock.py ROOT reading|folding`; says `held`, waits for a kill."""

import sys
import time
from pathlib import Path

from flowbook.store.layout import Layout
from flowbook.store.locks import StoreLock

with getattr(StoreLock(Layout(Path(sys.argv[1]))), sys.argv[2])(budget=5.0):
    print("held", flush=True)
    time.sleep(60)
