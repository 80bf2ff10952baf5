"""Deleting runs for good, and pinning those that are to stay.

A deletion is journalled before it is done: from the acknowledgement on no look shows the runs, and
the next fold of any process takes them out of the database. So it is safe against a kill at any
moment: a run is there whole or gone whole. Runs go with the runs they started as sub-flows, and
each leaves one entry in the audit, which has nothing of its content.

Only what is over goes: a run that lives or waits is refused, and so is a lost one that a process
has taken up. Files that a run wrote, and notebooks
it was reported in, are not the store's and stay. Values that no run names any longer are freed by
the next garbage collection, and the blocks of the database that held the rows are used again but
not overwritten until it is compacted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from flowbook.errors import UsageError
from flowbook.ids import FlowId, RunId
from flowbook.store.audit import Action, AuditLog, who
from flowbook.store.facts import RunPinned, RunsDeleted, StoredFact
from flowbook.store.filters import RunFilter
from flowbook.store.holders import RunOwner, owned_runs
from flowbook.store.snapshot import Snapshot
from flowbook.store.turn import turn

_CHUNK = 500
"""Runs per journalled fact; the runs of one tree are never parted."""

# Each chosen run with all that it started, and they in turn. Few runs have a parent, so the walk
# costs one pass over those.
_TREES = """
WITH RECURSIVE chosen AS MATERIALIZED ({chosen}),
subs AS MATERIALIZED (SELECT id, parent FROM runs WHERE parent IS NOT NULL),
tree(root, id) AS (
    SELECT id, id FROM chosen
    UNION ALL
    SELECT tree.root, subs.id FROM tree JOIN subs ON subs.parent = tree.id)
SELECT tree.root, tree.id, flow, status IN ('running', 'suspended') AS going, pinned
FROM tree JOIN runs ON runs.id = tree.id ORDER BY tree.root, tree.id
"""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion took, or would take; `skipped` were chosen but have to stay.

    They live, wait, are pinned, or were lost and are being taken up.

    `count` and `runs` have the sub-runs too.
    """

    count: int
    runs: tuple[RunId, ...]
    skipped: int = 0
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class _Tree:
    """A run, its flow, and the ids and flows of all that goes with it, itself included."""

    root: RunId
    flow: FlowId
    runs: tuple[tuple[RunId, FlowId], ...]
    going: RunId | None
    pinned: RunId | None


@dataclass(frozen=True, slots=True)
class Why:
    """What a deletion's audit entries say; `reason` may depend on the flow of the chosen run."""

    reason: Callable[[str], str | None] = lambda _flow: None
    actor: str | None = None
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Deletions:
    """The way runs leave one store. `fold` is asked to do at once what was journalled."""

    snapshot: Snapshot
    append: Callable[[list[StoredFact]], Future[None]]
    audit: AuditLog
    fold: Callable[[], object] = lambda: None

    def delete(self, run_id: str, why: Why, *, pinned: bool = False) -> Deletion:
        """Delete one run; `UsageError` when there is none, or it has to stay."""
        with turn(self.snapshot.layout):
            trees = list(self._trees("SELECT id FROM runs WHERE id = ?", [run_id]))
            if not trees:
                raise UsageError(
                    f"no run {run_id!r} in this project", hint="history.runs() lists them"
                )
            if refusal := _refusal(trees[0], self._owned(), pinned=pinned):
                raise refusal
            gone = self._journal(trees, why)
        self.fold()
        return Deletion(len(gone), gone)

    def delete_where(self, which: RunFilter, why: Why, *, dry_run: bool) -> Deletion:
        """Delete what matches, or count it; pinned runs only if the filter asks for them."""
        conditions, values = which.compile()
        if not conditions and not dry_run:
            raise UsageError(
                "a deletion without a filter would take every run",
                hint="say which: flow=, status=, trigger=, until=…",
            )
        where = " AND ".join(conditions) or "true"
        chosen = f"SELECT id FROM runs WHERE {where}"  # noqa: S608  # ours; values are bound
        said = Why(why.reason, why.actor, {**(why.metadata or {}), "filter": which.to_json()})
        return self.delete_chosen(
            chosen, values, said, pinned=which.pinned is True, dry_run=dry_run
        )

    def delete_chosen(
        self, chosen: str, values: Any, why: Why, *, pinned: bool = False, dry_run: bool = False
    ) -> Deletion:
        """Delete what the query `chosen` gives the ids of, but for what has to stay."""
        if dry_run:
            free, skipped = self._sorted(chosen, values, pinned)
            runs = _distinct(free)
            return Deletion(len(runs), runs, skipped, dry_run=True)
        with turn(self.snapshot.layout):
            free, skipped = self._sorted(chosen, values, pinned)
            gone = self._journal(free, why)
        if gone:
            self.fold()
        return Deletion(len(gone), gone, skipped)

    def pin(self, run_id: str, pinned: bool, why: Why) -> None:
        """Pin or release a run; nothing happens when it is so already."""
        with turn(self.snapshot.layout):
            with self.snapshot.look("runs") as view:
                rows = view.execute(
                    "SELECT flow, pinned FROM runs WHERE id = ?", [run_id]
                ).fetchall()
            if not rows:
                raise UsageError(
                    f"no run {run_id!r} in this project", hint="history.runs() lists them"
                )
            flow, already = rows[0]
            if bool(already) != pinned:
                action = Action.PINNED if pinned else Action.UNPINNED
                entry = self.audit.entry(
                    action, run=run_id, flow=flow, actor=why.actor, reason=why.reason(flow)
                )
                fact = RunPinned(at=time.time(), run=RunId(run_id), pinned=pinned)
                self.append([entry, fact]).result()

    def _sorted(self, chosen: str, values: Any, pinned: bool) -> tuple[list[_Tree], int]:
        """The trees that may go, and how many have to stay."""
        trees, owned = list(self._trees(chosen, values)), self._owned()
        free = [tree for tree in trees if not _refusal(tree, owned, pinned=pinned)]
        return free, len(trees) - len(free)

    def _owned(self) -> dict[str, RunOwner]:
        return owned_runs(self.snapshot.layout)

    def _trees(self, chosen: str, values: Any) -> Iterator[_Tree]:
        with self.snapshot.look("runs") as view:
            rows = view.execute(_TREES.format(chosen=chosen), values).fetchall()
        for root, members in groupby(rows, key=itemgetter(0)):
            runs = [
                (RunId(run), FlowId(flow or ""), going, pinned)
                for _, run, flow, going, pinned in members
            ]
            yield _Tree(
                root,
                next(flow for run, flow, *_ in runs if run == root),
                tuple((run, flow) for run, flow, *_ in runs),
                next((run for run, _, going, _ in runs if going), None),
                next((run for run, *_, pinned in runs if pinned), None),
            )

    def _journal(self, trees: Iterable[_Tree], why: Why) -> tuple[RunId, ...]:
        """Append the deletion and its entries, chunk by chunk; what goes, once it is durable."""
        user, source = who()
        actor, given = why.actor or user, {"source": source, **(why.metadata or {})}
        gone: list[RunId] = []
        for chunk in _chunks(trees):
            facts: list[StoredFact] = []  # the entries lead: nothing goes unaccounted for
            for tree, run, flow in chunk:
                told = {**given, "reason": why.reason(tree.flow)}
                if run != tree.root:
                    told["with_run"] = tree.root
                facts.append(
                    self.audit.entry(Action.DELETED, run=run, flow=flow, actor=actor, **told)
                )
            runs = tuple(run for _, run, _ in chunk)
            self.append([*facts, RunsDeleted(at=time.time(), runs=runs)]).result()
            gone += runs
        return tuple(gone)


def _chunks(trees: Iterable[_Tree]) -> Iterator[list[tuple[_Tree, RunId, FlowId]]]:
    """Every run once, with its flow and the tree it goes with; trees stay whole."""
    seen: set[RunId] = set()
    chunk: list[tuple[_Tree, RunId, FlowId]] = []
    for tree in trees:
        chunk += [(tree, run, flow) for run, flow in tree.runs if run not in seen]
        seen.update(run for run, _ in tree.runs)
        if len(chunk) >= _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _distinct(trees: Iterable[_Tree]) -> tuple[RunId, ...]:
    return tuple(dict.fromkeys(run for tree in trees for run, _ in tree.runs))


def _refusal(tree: _Tree, owned: Mapping[str, RunOwner], *, pinned: bool) -> UsageError | None:
    """Why a tree has to stay, if it has to; `owned` are the runs that were taken up."""
    whose = {tree.root: "it"}
    taken = next((run for run, _ in tree.runs if run in owned), None)
    if taken is not None:
        which = whose.get(taken, f"its sub-run {taken}")
        owner = owned[taken]
        return UsageError(
            f"run {tree.root} cannot be deleted: {which} was lost, and process "
            f"{owner.pid or 'unknown'} on {owner.host or 'some machine'} has taken it up",
            hint="wait until it is over, or end that process",
        )
    if tree.going is not None:
        which = whose.get(tree.going, f"its sub-run {tree.going}")
        return UsageError(
            f"run {tree.root} cannot be deleted: {which} is still going on or waits",
            hint="cancel it, or wait until it is over",
        )
    if tree.pinned is not None and not pinned:
        which = whose.get(tree.pinned, f"its sub-run {tree.pinned}")
        return UsageError(
            f"run {tree.root} cannot be deleted: {which} is pinned",
            hint="unpin it, or delete it with pinned=True",
        )
    return None
