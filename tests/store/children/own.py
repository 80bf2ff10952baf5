"""Take up a run once told to: `own.py ROOT RUN`; says `ready`, then `mine` or whose it is."""

import sys
from pathlib import Path

from flowbook.store.holders import own_run, run_owner
from flowbook.store.layout import Layout

layout, run = Layout(Path(sys.argv[1])), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
owned = own_run(layout, run)
print("mine" if owned else run_owner(layout, run).pid, flush=True)
sys.stdin.readline()
