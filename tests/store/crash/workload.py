"""What a doomed process writes: runs of every shape, the same ones for the same seed.

The fact number `k` of process `child` carries both in its time stamp, so that whoever reads it
later knows whose it was and how many came before it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from flowbook.events import (
    Event,
    NodeCancelled,
    NodeCompleted,
    NodeFailed,
    NodeLogged,
    NodeResumed,
    NodeRetryScheduled,
    NodeReused,
    NodeScheduled,
    NodeSkipped,
    NodeStarted,
    NodeSuspended,
    RunCompleted,
    RunCreated,
    RunStatus,
    SkipReason,
    TriggerKind,
)
from flowbook.events.values import ErrorInfo
from flowbook.ids import mint_uuid7

_BIRTH_US = 1_700_000_000_000_000
_CHILD_US = 10**10
_ERROR = ErrorInfo("lib.BadRow", 'no "rain" \u2028 here', traceback="Traceback …\n", line=3)

SHAPES = (
    ("scheduled", "started", "completed"),
    ("scheduled", "started", "logged", "completed"),
    ("scheduled", "started", "retry", "started", "completed"),
    ("scheduled", "started", "retry", "started", "failed"),
    ("scheduled", "started", "suspended", "resumed", "started", "completed"),
    ("scheduled", "started", "cancelled"),
    ("reused",),
    ("skipped",),
)


def stamp(child: int, k: int) -> float:
    """When fact `k` of process `child` happened, in seconds since the epoch."""
    return (_BIRTH_US + child * _CHILD_US + k * 1000) / 1e6


def stamped(microseconds: int) -> tuple[int, int]:
    """The process and the number of the fact with that time stamp.

    >>> stamped(round(stamp(3, 41) * 1e6))
    (3, 41)
    """
    child, rest = divmod(microseconds - _BIRTH_US, _CHILD_US)
    return child, rest // 1000


class Workload:
    """The facts of one process, in the order in which it reports them."""

    def __init__(self, child: int, seed: int) -> None:
        self.child = child
        self.k = 0
        self.chance = random.Random(f"{seed} {child}")

    def batches(self) -> Iterator[tuple[int, list[Event]]]:
        """For ever: the number of the first fact, and one to three facts to append together."""
        while True:
            runs = [self.run() for _ in range(self.chance.randint(1, 3))]
            while runs:
                run = self.chance.choice(runs)
                first, batch = self.k, []
                for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
                    fact = next(run, None)
                    if fact is None:
                        runs.remove(run)
                        break
                    batch.append(fact)
                if batch:
                    yield first, batch

    def run(self) -> Iterator[Event]:
        """One run; most of them come to an end."""
        run = mint_uuid7(time.time_ns() // 1_000_000, self.chance.getrandbits(74))
        nodes = tuple(f"n{n}" for n in range(self.chance.randint(1, 4)))
        seq = 0

        def fact(kind: type, **fields: object) -> Event:
            nonlocal seq
            seq, self.k = seq + 1, self.k + 1
            return kind(run=run, seq=seq - 1, at=stamp(self.child, self.k - 1), **fields)

        yield fact(
            RunCreated, flow=f"f{self.chance.randint(0, 3)}", version="v1",
            trigger=self.chance.choice(tuple(TriggerKind)), nodes=nodes,
            params={"child": self.child, "who": "Zoë"} if seq % 2 else {},
            key=self.chance.choice((None, "k")),
        )  # fmt: skip
        for node in nodes:
            attempt = 1
            for word in self.chance.choice(SHAPES):
                yield fact(_KINDS[word], **_fields(word, node, attempt))
                attempt += word == "retry"
        if self.chance.random() < 0.8:
            status = self.chance.choice(
                (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED)
            )
            error = _ERROR if status is RunStatus.FAILED else None
            yield fact(RunCompleted, status=status, ms=float(seq), error=error)


_KINDS = {
    "scheduled": NodeScheduled,
    "started": NodeStarted,
    "logged": NodeLogged,
    "completed": NodeCompleted,
    "retry": NodeRetryScheduled,
    "failed": NodeFailed,
    "suspended": NodeSuspended,
    "resumed": NodeResumed,
    "cancelled": NodeCancelled,
    "reused": NodeReused,
    "skipped": NodeSkipped,
}


def _fields(word: str, node: str, attempt: int) -> dict[str, object]:
    fields: dict[str, object] = {"node": node}
    if word in ("started", "completed", "retry", "failed", "cancelled"):
        fields["attempt"] = attempt
    if word in ("completed", "retry", "failed", "cancelled"):
        fields["ms"] = attempt * 10.5
    if word in ("retry", "failed"):
        fields["error"] = _ERROR
    return fields | _OTHERS.get(word, {})


_OTHERS: dict[str, dict[str, object]] = {
    "started": {"on": "thread"},
    "logged": {"stream": "stdout", "text": "so far\n"},
    "retry": {"delay": 0.5},
    "suspended": {"reason": "approval"},
    "skipped": {"reason": SkipReason.BRANCH_NOT_TAKEN, "cause": "n0"},
}
