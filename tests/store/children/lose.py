"""Begin a run and wait to be killed: `lose.py ROOT RUN`; says `running` once that is durable."""

import sys
import time
from pathlib import Path

from flowbook.events import NodeStarted, RunCreated, TriggerKind
from flowbook.store.store import Store

store = Store.open(Path(sys.argv[1]))
run = sys.argv[2]
store.sink.append(
    [
        RunCreated(
            run=run, seq=0, at=time.time(), flow="f", version="v", trigger=TriggerKind.CLI,
            nodes=("slow",),
        ),
        NodeStarted(run=run, seq=1, at=time.time(), node="slow", attempt=1),
    ]
).result(10)  # fmt: skip
print("running", flush=True)
time.sleep(60)
