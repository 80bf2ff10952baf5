"""Send signals for ever: `send.py ROOT RUN`; says the id of each that is sent."""

import sys
from pathlib import Path

from flowbook.store.layout import Layout
from flowbook.store.signals import Signals

signals = Signals(Layout(Path(sys.argv[1])))
number = 0
while True:
    print(signals.send(sys.argv[2], "progress", {"n": number, "text": "x" * 20_000}), flush=True)
    number += 1
