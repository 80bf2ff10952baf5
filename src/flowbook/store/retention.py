"""Retention: runs whose time is over are deleted, as the setting `retention` says.

Without such a setting nothing is ever deleted, and nothing is done. A flow's own setting stands
before the project's. `30d` counts from the end of a run; `last:50` keeps the newest fifty of each
flow. Runs that were started by other runs neither count nor go by themselves: they go with the run
that started them, and a run stays as long as it, or any that goes with it, is pinned, going on or
waiting.

The processes that write apply it in the background, one of them, once a day (UTC).
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flowbook.errors import StoreBusy
from flowbook.store.audit import SYSTEM, AuditLog
from flowbook.store.deletion import Deletion, Deletions, Why
from flowbook.store.keeping import Keep
from flowbook.store.settings import Settings
from flowbook.store.snapshot import Snapshot

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SCHEDULE = "store: retention"  # no flow's schedule is called so
_log = logging.getLogger(__name__)

# Nearly all runs have no parent, so that `born` is short and everything about trees is cheap; and
# only the flows that keep so many runs are ranked.
_DUE = """
WITH RECURSIVE rule AS (
    SELECT unnest($flows::VARCHAR[]) AS flow, unnest($days::INTEGER[]) AS days,
           unnest($lasts::INTEGER[]) AS last),
born AS MATERIALIZED (
    SELECT id, parent, pinned OR status IN ('running', 'suspended') AS stays FROM runs
    WHERE parent IS NOT NULL),
parents AS MATERIALIZED (SELECT id FROM runs WHERE id IN (SELECT parent FROM born)),
subs AS MATERIALIZED (FROM born SEMI JOIN parents ON born.parent = parents.id),
tree(root, id, stays) AS (
    SELECT parent, id, stays FROM subs WHERE parent NOT IN (SELECT id FROM subs)
    UNION ALL
    SELECT tree.root, subs.id, subs.stays FROM tree JOIN subs ON subs.parent = tree.id),
ruled AS (
    SELECT id, top.flow, started_at, ended_at,
           pinned OR status IN ('running', 'suspended') AS stays,
           coalesce(own.days, common.days) AS days, coalesce(own.last, common.last) AS last
    FROM (FROM runs ANTI JOIN parents ON runs.parent = parents.id) AS top
    LEFT JOIN rule AS own ON own.flow = top.flow
    LEFT JOIN rule AS common ON common.flow IS NULL AND own.flow IS NULL
    WHERE coalesce(own.days, common.days, own.last, common.last) IS NOT NULL),
over AS (
    SELECT id, flow FROM ruled
    WHERE NOT stays AND ended_at < make_timestamp($now) - to_days(days)
    UNION ALL
    SELECT id, flow FROM (
        SELECT id, flow, stays, last,
               row_number() OVER (PARTITION BY flow ORDER BY started_at DESC, id DESC) AS place
        FROM ruled WHERE last IS NOT NULL)
    WHERE NOT stays AND place > last)
SELECT id, flow FROM over WHERE id NOT IN (SELECT root FROM tree WHERE tree.stays)
"""


def due(
    view: DuckDBPyConnection, rules: Mapping[str | None, Keep], now: float
) -> list[tuple[str, str]]:
    """Id and flow of the runs whose time is over; what they started is not listed.

    `view` has a relation `runs` (id, flow, parent, status, pinned, started_at, ended_at). `rules`
    is by flow, with the project's under None; `now` is in seconds since the epoch.
    """
    rows: list[tuple[str, str]] = view.execute(_DUE, _bound(rules, now)).fetchall()
    return rows


def _bound(rules: Mapping[str | None, Keep], now: float) -> dict[str, Any]:
    return {
        "flows": list(rules),
        "days": [keep.days for keep in rules.values()],
        "lasts": [keep.last for keep in rules.values()],
        "now": round(now * 1e6),
    }


@dataclass(slots=True)
class Retention:
    """The retention of one project.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> _ = store.settings.set("retention", "30d")
    >>> store.retention.preview(), store.retention.apply().count
    ({}, 0)
    >>> store.close()
    """

    snapshot: Snapshot
    settings: Settings
    deletions: Deletions
    audit: AuditLog
    claim: Callable[[str, str], bool]
    """True for the one process that may do what a day has to see done."""
    _asked: tuple[str, int] | None = None

    def preview(self, now: float | None = None) -> dict[str, int]:
        """How many runs of each flow would go now, without those that go with them."""
        rules = self.settings.retentions()
        if _idle(rules):
            return {}
        with self.snapshot.look("runs") as view:
            found = due(view, rules, time.time() if now is None else now)
        return dict(sorted(Counter(flow for _, flow in found).items()))

    def apply(self, now: float | None = None) -> Deletion:
        """Delete what is due; nothing at all when no retention is set."""
        rules = self.settings.retentions()
        if _idle(rules):
            return Deletion(0, ())

        def reason(flow: str) -> str:
            return f"retention {rules.get(flow, rules[None])}"

        chosen = f"SELECT id FROM ({_DUE})"  # noqa: S608  # ours
        bound = _bound(rules, time.time() if now is None else now)
        return self.deletions.delete_chosen(chosen, bound, Why(reason, actor=SYSTEM))

    def daily(self, now: float | None = None) -> None:
        """Apply this retention and the audit's, unless some process has done so today.

        For the background: it never raises, and asks for the settings once a day, and when this
        process has changed them. A day whose process dies on the way is left to the next.
        """
        now = time.time() if now is None else now
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        asked = (today, self.settings.changes)
        if self._asked == asked:
            return
        self._asked = asked
        try:
            idle = _idle(self.settings.retentions()) and self.audit.keep().forever
            if not idle and self.claim(_SCHEDULE, today):
                self.apply(now)
                self.audit.prune(now)
        except StoreBusy as busy:
            _log.debug("retention put off: %s", busy)
        except Exception:  # noqa: BLE001  # runs that stay a day longer are no reason to stop
            _log.exception("retention could not be applied; no run is half deleted")


def _idle(rules: Mapping[str | None, Keep]) -> bool:
    return all(keep.forever for keep in rules.values())
