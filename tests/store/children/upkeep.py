"""Look after a store from a process of its own: `upkeep.py ROOT WHAT ARGUMENT`.

`get NAME` says a setting. `apply NOW` applies the retention as soon as a line comes in, and says
how many runs went. `delete RUN` deletes a run and dies before the fold. `daily NOW` does what the
background does.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from flowbook.store.store import Store

store = Store.open(Path(sys.argv[1]))
what, argument = sys.argv[2:4]
if what == "get":
    print(store.settings.get(argument), flush=True)
elif what == "apply":
    store.settings.all()  # everything is loaded
    print("ready", flush=True)
    sys.stdin.readline()
    print(store.retention.apply(float(argument)).count, flush=True)
elif what == "daily":
    store.settings.all()
    print("ready", flush=True)
    sys.stdin.readline()
    store.retention.daily(float(argument))
    print("done", flush=True)
elif what == "delete":
    doomed = replace(store.history.deletions, fold=lambda: os.kill(os.getpid(), signal.SIGKILL))
    replace(store.history, deletions=doomed).delete(argument)
