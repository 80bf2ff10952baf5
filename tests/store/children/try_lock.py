"""Try to get the folder's lock at once: `try_lock.py ROOT`; says `got it` or `refused`."""

import sys
from pathlib import Path

from flowbook.errors import StoreBusy
from flowbook.store.layout import Layout
from flowbook.store.locks import StoreLock

try:
    with StoreLock(Layout(Path(sys.argv[1]))).folding(budget=0.1):
        print("got it")
except StoreBusy:
    print("refused")
