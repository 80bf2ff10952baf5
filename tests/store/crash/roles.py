"""What a doomed process does. Every role says what it got done on standard output, line by line.

`a K N`: facts K to K+N-1 were acknowledged. `r N`: a look at history was answered with N.
`v EVENT`: so was that event, which refers to a kept value. `e STEP …`: a step failed, and how.
`! …`: something happened that must not. A role never ends by itself, but for `scripted`.
"""

from __future__ import annotations

import os
import random
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from tests.store.crash.workload import Workload, stamp

import flowbook.store.fold
import flowbook.store.journal
import flowbook.store.resident
from flowbook.errors import StoreBusy
from flowbook.events import NodeCompleted, encode
from flowbook.store.store import Store

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

    def told(first: int, count: int) -> Callable[[Future[None]], None]:
        def acknowledged(future: Future[None]) -> None:
            failure = future.exception()
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
        time.sleep(chance.choice((0, 0.2, 1.0)))


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
    """Everything a store does, once and in the same order each time, on two threads.

    Says `ready` and the ids of the two, this one's and the journal's, and begins when told to. A
    step that fails is said, and the next one is tried.
    """
    flowbook.store.journal.ROTATE_BYTES = 2048
    flowbook.store.resident._SETTINGS["threads"] = 1  # DuckDB writes on the thread that asks
    script = Script(Store.open(Path(root)), Workload(child, seed))
    script.store.sink.append([]).result()  # nothing yet, but on the journal's own thread
    (journal,) = (t.native_id for t in threading.enumerate() if t.name == "flowbook-journal")
    say(f"ready {threading.get_native_id()} {journal}")
    os.read(0, 1)
    for number, step in enumerate(script.steps()):
        try:
            step()
        except Exception as error:
            kind = f"{type(error).__module__}.{type(error).__name__}"
            say(f"e {number} {kind} {error}".split("\n")[0])
    say("done")


class Script:
    """The steps of `scripted`."""

    def __init__(self, store: Store, work: Workload) -> None:
        self.store = store
        self.work = work
        self._batches = work.batches()

    def steps(self) -> tuple[Callable[[], object], ...]:
        return (
            lambda: self.append(3), self.fold, lambda: self.append(2), self.put, self.fold,
            lambda: self.append(12), lambda: self.fold(checkpoint=True), lambda: self.append(2),
            self.fold, lambda: self.append(1), self.store.close,
        )  # fmt: skip

    def append(self, count: int) -> None:
        failed = None
        for _ in range(count):
            first, batch = next(self._batches)
            try:
                self.store.sink.append(batch).result()
            except Exception as error:
                failed = error
            else:
                say(f"a {first} {len(batch)}")
        if failed:
            raise failed

    def put(self) -> None:
        ref = self.store.vault.put(VALUE)
        if not ref.hash:
            raise OSError(ref.reason)
        child, work = self.work.child, self.work
        done = NodeCompleted(
            run=f"value-{child}", seq=0, at=stamp(child, work.k), node="n", attempt=1, ms=1.0,
            result=ref,
        )  # fmt: skip
        work.k += 1
        self.store.sink.append([done]).result()
        say("v " + encode(done).decode())

    def fold(self, checkpoint: bool = False) -> None:
        flowbook.store.fold.CHECKPOINT_BYTES = -1 if checkpoint else 10**9
        self.store.fold(budget=2)


ROLES = {"writer": writer, "reader": reader, "scripted": scripted}
