"""What became of what is remembered, in the order in which it happened: for whoever follows it.

Changes are made in turn (`flowbook.store.turn`), and each is given a later time than all before it,
whatever the clock says. So its time, in microseconds, is a position: who has taken all up to one,
and asks for what came since, gets every further change once. Positions may be kept for as long as
one likes, and mean the same in every process.

A look into the database is dear, so nobody looks without need: the last position is also written
into a small file, behind the change itself. A process that dies between the two leaves the file
behind; whoever follows looks without being told now and then.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime

import msgspec

from flowbook.events.values import ValueRef
from flowbook.ids import FlowId, NodeId, RunId
from flowbook.store.layout import Layout
from flowbook.store.rows import from_us
from flowbook.store.snapshot import Snapshot

OF_RUN = "run:"
"""What is remembered for one run only stands under this and its id, where flows have their name."""
MOST = 10_000
"""Changes that are told at once."""
_DIGITS = 20
_SINCE = """
SELECT flow, key, version, value, before, run_id, node, changed_by, us FROM (
    SELECT *, epoch_us(changed_at) AS us,
           lag(value) OVER (PARTITION BY flow, key ORDER BY version) AS before
    FROM memory_changes
    WHERE ($flow IS NULL OR flow = $flow) AND ($key IS NULL OR key = $key))
WHERE us > $since AND ($kind IS NULL OR $kind = CASE
    WHEN flow IS NULL THEN 'global' WHEN starts_with(flow, 'run:') THEN 'run' ELSE 'flow' END)
ORDER BY us LIMIT $limit"""


@dataclass(frozen=True, slots=True)
class Changed:
    """One change of one key. `value` None: it was deleted; `before` None: it had no value.

    `position` is where it stands among all changes of the project.
    """

    owner: FlowId | None
    key: str
    version: int
    value: ValueRef | None
    before: ValueRef | None
    run_id: RunId | None
    node: NodeId | None
    by: str | None
    position: int

    @property
    def changed_at(self) -> datetime:
        """When, UTC."""
        return from_us(self.position)


@dataclass(frozen=True, slots=True)
class Feed:
    """The changes of one store.

    >>> import tempfile; from pathlib import Path; from flowbook.store.store import Store
    >>> store = Store.open(Path(tempfile.mkdtemp()) / ".flowbook")
    >>> start = store.feed.position()
    >>> store.memory.of("orders").set("offset", 3)
    1
    >>> [(one.owner, one.key, one.version) for one in store.feed.since(start)]
    [('orders', 'offset', 1)]
    >>> store.close()
    """

    snapshot: Snapshot

    def since(
        self,
        position: int,
        *,
        owner: str | None = None,
        kind: str | None = None,
        key: str | None = None,
        limit: int = MOST,
    ) -> list[Changed]:
        """The changes behind a position, the oldest first.

        `kind`: only of runs, of flows, or of the project: `run`, `flow`, `global`; `owner`: only of
        that one.
        """
        asked = {"flow": owner, "key": key, "since": position, "kind": kind, "limit": limit}
        with self.snapshot.look("memory_changes") as view:
            rows = view.execute(_SINCE, asked).fetchall()
        return [
            Changed(flow, name, version, ref_of(value), ref_of(before), run, node, by, at)
            for flow, name, version, value, before, run, node, by, at in rows
        ]

    def position(self) -> int:
        """That of the last change; 0 before the first."""
        with self.snapshot.look("memory_changes") as view:
            rows = view.execute("SELECT max(epoch_us(changed_at)) FROM memory_changes").fetchall()
        return int(rows[0][0] or 0)

    def told(self) -> int:
        """What the file says is the last position; 0 when it cannot be read."""
        try:
            return int(self.snapshot.layout.changes.read_bytes()[:_DIGITS] or 0)
        except (OSError, ValueError):
            return 0


def tell(layout: Layout, position: int) -> None:
    """Write into the file that there are changes up to this position; the one whose turn it is."""
    try:
        fd = os.open(layout.changes, os.O_WRONLY | os.O_CREAT, 0o644)
    except OSError:
        return  # who follows looks by itself, later
    try:
        os.pwrite(fd, f"{position:0{_DIGITS}d}".encode(), 0)
    finally:
        os.close(fd)


def ref_of(text: str | None) -> ValueRef | None:
    """A reference as its column has it."""
    return None if text is None else msgspec.json.decode(text, type=ValueRef | None)


def owner_of_run(run_id: str) -> FlowId:
    """Under what the variables of one run are remembered."""
    return FlowId(f"{OF_RUN}{run_id}")


def whose(owner: str | None) -> str:
    """Whose it is, in words."""
    if owner is None:
        return "the project"
    if owner.startswith(OF_RUN):
        return f"run {owner.removeprefix(OF_RUN)}"
    return f"flow {owner!r}"
