"""Fold and be killed on the way: `die.py ROOT STEP`. Says `survived` if it never got there."""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import flowbook.store.fold
from flowbook.store.store import Store

flowbook.store.fold.CHECKPOINT_BYTES = 0


def reached(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)


store = Store.open(Path(sys.argv[1]))
replace(store._fold, reached=reached)(budget=5.0)
print("survived", flush=True)
