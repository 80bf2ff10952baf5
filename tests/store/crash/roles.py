"""What a doomed process does. Every role says what it got done on standard output, line by line.

`a K N`: facts K to K+N-1 were acknowledged. `r N`: a look at history was answered with N.
`! …`: something happened that must not. A role never ends by itself, but for `scripted`.
"""

from __future__ import annotations

import os
import random
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import flowbook.store.fold
import flowbook.store.journal
from flowbook.errors import StoreBusy
from flowbook.events import NodeCompleted, encode
from flowbook.store.store import Store
from tests.store.crash.workload import Workload, stamp

IN_FLIGHT = 24
VALUE = "a text that is too long for a reference\n" * 200


def say(text: str) -> None:
    """One line, in one write."""
    os.write(1, f"{text}\n".encode())


def complain() -> None:
    say("! " + traceback.format_exc().strip().replace("\n", " | "))


def writer(root: str, child: int, seed: int) -> None:
    """Write for ever with some facts in flight, and fold as often as possible."""
    flowbook.store.journal.ROTATE_BYTES = 8 * 2**10
    flowbook.store.fold.CHECKPOINT_BYTES = 64 * 2**10
    store = Store.open(Path(root))
    threading.Thread(target=_fold_for_ever, args=(store, child, seed), daemon=True).start()
    room = threading.Semaphore(IN_FLIGHT)

    def told(first: int, count: int) -> Callable[[object], None]:
        def acknowledged(future: object) -> None:
            failure = future.exception()  # type: ignore[attr-defined]
            say(f"! {failure!r}" if failure else f"a {first} {count}")
            room.release()

        return acknowledged

    for first, batch in Workload(child, seed).batches():
        room.acquire()
        store.sink.append(batch).add_done_callback(told(first, len(batch)))
        time.sleep(0.0005)  # the judge reads all of it again


def _fold_for_ever(store: Store, child: int, seed: int) -> None:
    chance = random.Random(f"fold {seed} {child}")
    while True:
        try:
            store.fold(budget=0.2)
        except StoreBusy:
            pass
        except Exception:
            complain()
        time.sleep(chance.choice((0, 0.02, 0.1)))


def reader(root: str, child: int, seed: int) -> None:
    """Look for ever; an answer that contradicts itself is said."""
    store = Store.open(Path(root))
    while True:
        try:
            _names, ((rows, runs),) = store.history.table(
                "SELECT count(*), count(DISTINCT id) FROM runs"
            )
            if rows != runs:
                say(f"! {rows} rows of {runs} runs")
            page = store.history.runs(limit=5)
            if page.runs:
                store.history.events(page.runs[-1].id)
            say(f"r {rows}")
        except StoreBusy:
            continue
        except Exception:
            complain()


def scripted(root: str, child: int, seed: int) -> None:
    """Everything a store does, once and in the same order each time; begins when told to.

    Says `e` and why for a step that failed, and goes on with the next one.
    """
    os.read(0, 1)
    flowbook.store.journal.ROTATE_BYTES = 2048
    flowbook.store.fold.CHECKPOINT_BYTES = 10**9
    store = Store.open(Path(root))
    work = Workload(child, seed)
    batches = work.batches()

    def append(count: int) -> None:
        for _ in range(count):
            first, batch = next(batches)
            store.sink.append(batch).result()
            say(f"a {first} {len(batch)}")

    def put() -> None:
        ref = store.vault.put(VALUE)
        done = NodeCompleted(
            run=f"value-{child}", seq=0, at=stamp(child, work.k), node="n", attempt=1, ms=1.0,
            result=ref,
        )  # fmt: skip
        work.k += 1
        store.sink.append([done]).result()
        say("v " + encode(done).decode())

    def fold(checkpoint: bool = False) -> None:
        flowbook.store.fold.CHECKPOINT_BYTES = -1 if checkpoint else 10**9
        store.fold(budget=2)

    steps: tuple[Callable[[], object], ...] = (
        lambda: append(3), fold, lambda: append(2), put, fold, lambda: append(12),
        lambda: fold(checkpoint=True), lambda: append(2), fold, lambda: append(1), store.close,
    )  # fmt: skip
    for number, step in enumerate(steps):
        try:
            step()
        except Exception as error:
            say(f"e {number} {type(error).__module__}.{type(error).__name__} {error}".split("\n")[0])
    say("done")


ROLES = {"writer": writer, "reader": reader, "scripted": scripted}
