"""Make values that nobody hears of, then make and report the same: `reuse.py ROOT`.

Says the hash of each value that was reported, once that is durable.
"""

import sys
import time
from pathlib import Path

from flowbook.events import NodeCompleted, RunCreated, TriggerKind
from flowbook.ids import mint_uuid7
from flowbook.store.store import Store

store = Store.open(Path(sys.argv[1]))
for number in range(10**9):
    batch, at = divmod(number, 80)
    ref = store.vault.put(f"value {batch} {at % 40} " * 1000)
    if at < 40:
        if at == 39:
            time.sleep(0.9)  # until they are garbage
        continue
    run = mint_uuid7(time.time_ns() // 1_000_000, number)
    store.sink.append(
        [
            RunCreated(
                run=run, seq=0, at=time.time(), flow="f", version="v", trigger=TriggerKind.CLI,
                nodes=("n",),
            ),
            NodeCompleted(
                run=run, seq=1, at=time.time(), node="n", attempt=1, ms=1.0, outputs={"n": ref}
            ),
        ]
    ).result(30)  # fmt: skip
    print(ref.hash, flush=True)
