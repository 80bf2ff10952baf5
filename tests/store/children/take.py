"""Take every signal of a run once told to: `take.py ROOT RUN`; says `ready`, then each id taken."""

import sys
from pathlib import Path

from flowbook.store.layout import Layout
from flowbook.store.signals import Signals

signals = Signals(Layout(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
for signal in signals.pending(sys.argv[2]):
    if signals.take(signal):
        print(signal.id, flush=True)
print("done", flush=True)
