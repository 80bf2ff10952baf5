"""Ask what has no end: `ask.py ROOT sql|table|export SECONDS`; says how it ended, then reads on."""

import signal
import sys
import time
from pathlib import Path

from flowbook.errors import StoreError
from flowbook.store.store import Store

ENDLESS = (
    "SELECT count(*) AS n FROM runs, range(1000000) AS a, range(10000000) AS b "
    "WHERE a.range * b.range % 7 = 3"
)

signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the shell left us
history = Store.open(Path(sys.argv[1])).history
seconds = float(sys.argv[3])
try:
    if sys.argv[2] == "export":
        history.export(Path(sys.argv[1]).parent / "never.csv", query=ENDLESS)
    else:
        getattr(history, sys.argv[2])(ENDLESS, timeout=seconds)
except KeyboardInterrupt:
    print("interrupted", flush=True)
except StoreError as error:
    print(error.message, flush=True)
print(len(history.runs().runs), flush=True)
time.sleep(60)
