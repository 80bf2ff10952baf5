"""Maintain a store and be killed on the way: `maintain.py ROOT compact|rebuild STEP`.

Says `survived` if it never got to that step.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from flowbook.store.compact import compact
from flowbook.store.rebuild import rebuild
from flowbook.store.store import Store


def reached(step):
    if step == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)


store = Store.open(Path(sys.argv[1]))
fold = replace(store._fold, reached=reached)
if sys.argv[2] == "compact":
    compact(fold, budget=5.0)
else:
    rebuild(fold, partial=False, budget=5.0)
print("survived", flush=True)
