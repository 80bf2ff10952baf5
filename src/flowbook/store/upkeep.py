"""What the processes that write do for the folder by the way: after a fold, and once a day.

After every fold, what flows said of their own settings is recorded. Once a day (UTC) one process
applies the retention and then tidies: files of killed owners of runs, signals that nobody will
take, old claims, and values that nothing needs. All of it may be late, and none of it may stop
anybody: a chore that fails is logged, and the others are done.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from flowbook.errors import StoreBusy
from flowbook.store.audit import SYSTEM, acting
from flowbook.store.claims import Claims
from flowbook.store.holders import sweep_runs
from flowbook.store.retention import Retention
from flowbook.store.settings import Settings
from flowbook.store.signals import Signals
from flowbook.store.snapshot import Snapshot

DAY_SECONDS = 86_400.0
"""The grace of a daily collection, and how long a signal waits for a run that nobody knows."""
CLAIM_SECONDS = 90 * DAY_SECONDS
"""Claims are forgotten after so long; each schedule keeps its newest."""

_SCHEDULE = "store: upkeep"  # no flow's schedule is called so
_KNOWN = """
SELECT id, status IN ('running', 'suspended') OR starts_with(coalesce(error, ''), 'lost: ')
FROM runs WHERE id IN (SELECT unnest($1::VARCHAR[]))"""
_log = logging.getLogger(__name__)


@contextmanager
def _chore(name: str) -> Iterator[None]:
    try:
        yield
    except StoreBusy as busy:
        _log.debug("%s: put off: %s", name, busy)
    except Exception:  # noqa: BLE001  # what is tidied a day later is no reason to stop
        _log.exception("upkeep of the store failed (%s); nothing is lost", name)


@dataclass(slots=True)
class Upkeep:
    """The upkeep of one store.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> store.upkeep.daily()
    >>> [claim.schedule for claim in store.claims.claims("store: upkeep")]
    ['store: upkeep']
    >>> store.close()
    """

    snapshot: Snapshot
    settings: Settings
    retention: Retention
    claims: Claims
    signals: Signals
    collect: Callable[[float], object]
    """Removes values that nothing needs and that are older than so many seconds."""
    _day: str = ""

    def settle(self, budget: float | None = None) -> None:
        """Record what flows said of their settings; what cannot be done now is left to the next."""
        with _chore("settings of flows"):
            self.settings.settle(budget)

    def daily(self, now: float | None = None) -> None:
        """Apply the retention and tidy up, unless some process has done so today; never raises.

        `now` is in seconds since the epoch. A day whose process dies on the way is left to the
        next.
        """
        now = time.time() if now is None else now
        self.retention.daily(now)
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        if self._day == today:
            return
        self._day = today
        with _chore("upkeep"), acting(actor=SYSTEM):
            if self.claims.claim(_SCHEDULE, today):
                self._tidy(now)

    def _tidy(self, now: float) -> None:
        with _chore("owners of runs"):
            sweep_runs(self.snapshot.layout)
        with _chore("signals"):
            self.clear_signals(now)
        with _chore("claims"):
            self.claims.prune(now - CLAIM_SECONDS)
        with _chore("values"):
            self.collect(DAY_SECONDS)

    def clear_signals(self, now: float) -> int:
        """Remove what was said to runs that will not take it any more; to how many.

        A run that was lost may be taken up. A run that the history does not know may not be
        journalled at all: what was said to it waits a day.
        """
        said = list(self.signals.runs())
        if not said:
            return 0
        with self.snapshot.look("runs") as view:
            goes_on = dict(view.execute(_KNOWN, [said]).fetchall())
        cleared = 0
        for run in said:
            if not goes_on.get(run, self._fresh(run, now)):
                self.signals.clear(run)
                cleared += 1
        return cleared

    def _fresh(self, run: str, now: float) -> bool:
        return any(signal.at > now - DAY_SECONDS for signal in self.signals.pending(run))
