"""Who is to be undone, said anew: what the referee knows of nodes that stand by.

A *unit* is what fails as a whole: a turn that is open, else a container that goes on, else the run.
Within it what has completed is undone, the last first and one after another.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from flowbook.graph.choices import Role
from flowbook.graph.container import CATCH, FINALLY
from flowbook.plan.plan import Plan

_NUMBER = re.compile(r"\[\d+\]$")


@dataclass
class Undone:
    """What was undone, by what, and how that ended."""

    key: str
    by: str
    end: object = None


class Accounts:
    """What has completed and can be undone, and what has been; by key.

    `ended` are the nodes that are done, `completed` those of them that have run and gave something,
    `turns` the turns that go on: the referee keeps them.
    """

    def __init__(self, plan: Plan, ended: Container[str], turns: Container[str]) -> None:
        self.plan, self.ended, self.turns = plan, ended, turns
        self.undoes = {by: undone for undone, by in plan.compensations.items()}
        self.teardown = frozenset(plan.of_role(Role.TEARDOWN))
        self.completed: list[str] = []
        """What can be undone and is not, in the order of completion."""
        self.whole: set[str] = set()
        """Containers that have completed and are undone as a whole."""
        self.undone: list[Undone] = []
        """What was undone, in order."""
        self.roused: set[str] = set()

    def stands_by(self, key: str) -> bool:
        return node_of(key) in self.plan.standby

    def is_apart(self, key: str) -> bool:
        """True for a node that stood by, and for all inside of it."""
        return any(_NUMBER.sub("", part) in self.plan.standby for part in key.split("."))

    def complete(self, key: str) -> None:
        if node_of(key) in self.plan.compensations:
            self.completed.append(key)
            self.whole.add(key)

    def take_back(self, key: str) -> None:
        """It runs again, with all that is in it."""
        self.whole.discard(key)
        self.completed = [k for k in self.completed if k != key and not _is_in(k, key)]

    def forget(self, before: str) -> list[str]:
        """A turn begins anew; what of it is still to be undone."""
        self.roused = {key for key in self.roused if not key.startswith(before)}
        self.whole = {key for key in self.whole if not key.startswith(before)}
        return [key for key in self.completed if key.startswith(before)]

    def rouse(self, key: str) -> str:
        """A node that undoes begins; why it may not, '' if it may."""
        undone = key[: len(key) - len(node_of(key))] + self.undoes[node_of(key)]
        if key in self.roused or undone not in self.completed:
            return "what has completed is undone, once"
        unit = self.unit(undone)
        if any(_is_within(one.by, unit) and one.end is None for one in self.undone):
            return "one after another"
        if self.left(unit)[-1:] != [undone]:
            return f"the last to complete is undone first: {self.left(unit)}"
        self.completed = [k for k in self.completed if k != undone and not _is_in(k, undone)]
        self.undone.append(Undone(undone, key))
        self.roused.add(key)
        return ""

    def ends(self, key: str, event: object) -> None:
        """What undoes has ended; None when it begins another attempt."""
        for one in reversed(self.undone):
            if one.by == key:
                one.end = event
                return

    def undoes_in(self, container: str) -> bool:
        """True while something in a container is being undone."""
        return any(one.end is None and _is_in(one.by, container) for one in self.undone)

    def unit(self, key: str) -> str | None:
        """What fails that `key` is to be undone for: a turn, a container, or None for the run."""
        for path in reversed(tuple(around(key))):
            if path in self.turns:
                return f"turn {path}"
            if owner(path) not in self.ended:
                return owner(path)
        return None

    def left(self, unit: str | None) -> list[str]:
        """What is still to be undone in a unit, in the order of completion."""
        inside = (key for key in self.completed if _is_within(key, unit))
        return [key for key in inside if not self._is_covered(key, unit)]

    def _is_covered(self, key: str, unit: str | None) -> bool:
        """True when a container around it, in there, is undone as a whole."""
        owners = (owner(path) for path in around(key))
        return any(one in self.whole and _is_within(one, unit) for one in owners)


def node_of(key: str) -> str:
    return key.rpartition(".")[2]


def around(key: str) -> Iterator[str]:
    """The paths of the turns that a node is in, outer to inner."""
    parts = key.split(".")
    for at in range(1, len(parts)):
        if parts[at] not in (CATCH, FINALLY):
            yield ".".join(parts[:at])


def owner(path: str) -> str:
    """The key of the container of a turn."""
    before, _, last = path.rpartition(".")
    return _NUMBER.sub("", before if last in (CATCH, FINALLY) else path)


def _is_in(key: str, container: str) -> bool:
    return any(owner(path) == container for path in around(key))


def _is_within(key: str, unit: str | None) -> bool:
    if unit is None:
        return True
    if unit.startswith("turn "):
        return unit.removeprefix("turn ") in around(key)
    return _is_in(key, unit)
