"""Write runs for ever, folding often: `write.py ROOT [FOLD_PAUSE]`.

Says `RUN SEQ` after each fact is acknowledged, and nothing that is not.
"""

import sys
import threading
import time
from pathlib import Path

from flowbook.errors import StoreBusy
from flowbook.events import (
    NodeCompleted,
    NodeStarted,
    RunCompleted,
    RunCreated,
    RunStatus,
    TriggerKind,
)
from flowbook.ids import mint_uuid7
from flowbook.store.store import Store

store = Store.open(Path(sys.argv[1]))
pause = float(sys.argv[2]) if len(sys.argv) > 2 else 0.05


def fold_for_ever():
    while True:
        time.sleep(pause)
        try:
            store.fold(budget=0.2)
        except StoreBusy:
            continue


def events(run, nodes):
    yield RunCreated(
        run=run, seq=0, at=time.time(), flow="f", version="v", trigger=TriggerKind.CLI, nodes=nodes
    )
    for at, node in enumerate(nodes):
        yield NodeStarted(run=run, seq=2 * at + 1, at=time.time(), node=node, attempt=1)
        yield NodeCompleted(run=run, seq=2 * at + 2, at=time.time(), node=node, attempt=1, ms=1.0)
    last = 2 * len(nodes) + 1
    yield RunCompleted(run=run, seq=last, at=time.time(), status=RunStatus.SUCCEEDED, ms=2.0)


threading.Thread(target=fold_for_ever, daemon=True).start()
number = 0
while True:
    number += 1
    run = mint_uuid7(time.time_ns() // 1_000_000, number + (hash(store.sink.writer) % 2**60) * 8)
    asked = [(e, store.sink.append([e])) for e in events(run, tuple(f"n{i}" for i in range(20)))]
    for event, future in asked:
        future.result(30)
        sys.stdout.write(f"{event.run} {event.seq}\n")
    sys.stdout.flush()
