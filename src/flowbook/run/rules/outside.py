"""What steps wait for outside of their run: permits that all runs of a process or project share.

A step that needs a permit applies for it when it is ready, and starts when it is told that it has
it; `decide` knows no more than that. Whoever hands permits out knows what for, and to whom first.

Freed on every ending: what a slot asked for or holds is given back when its phase says that it
needs it no longer, whatever brought it there. Like the queue of a gate, this is no part of the
fold: a run that is taken up applies anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from flowbook.plan.plan import Plan, Step
from flowbook.run.rules.phase import Phase

_WAITS = frozenset({Phase.READY, Phase.HELD})
_HOLDS = frozenset({Phase.RUNNING, Phase.TURNING, Phase.CANCELLING})
_CALL = "call"
"""The kind of a step that waits for the run of another flow."""


@dataclass(slots=True)
class Outside:
    """Which slots of one run have asked for a permit, and which have one."""

    tags: frozenset[str] = frozenset()
    """The tags that the project limits."""
    asked: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    freed: list[int] = field(default_factory=list)

    def concerns(self, step: Step) -> bool:
        """True when `step` needs a permit."""
        return step.options.at_once is not None or bool(self.shared(step))

    def shared(self, step: Step) -> tuple[str, ...]:
        """The tags of `step` that the project limits.

        A step that waits for others, those inside of it or those of the flow it calls, has none:
        they do the work, and would wait for it in vain.
        """
        tags = step.options.tags
        if not tags or not self.tags or step.inside is not None or step.kind == _CALL:
            return ()
        return tuple(sorted(self.tags.intersection(tags)))

    def asks(self, i: int) -> bool:
        """Slot `i` wants to start; True when it is to apply, which it does once."""
        new = i not in self.asked
        self.asked.add(i)
        return new

    def permit(self, i: int) -> bool:
        """Slot `i` has its permit; False when it has no use for one any more."""
        if i not in self.asked:
            return False
        self.asked.discard(i)
        self.held.add(i)
        return True

    def moved(self, i: int, after: Phase) -> None:
        """Slot `i` has come to another phase."""
        if i in self.held and after not in _HOLDS:
            self.give_back(i)
        elif i in self.asked and after not in _WAITS:
            self.asked.discard(i)
            self.freed.append(i)

    def give_back(self, i: int) -> None:
        """Slot `i` does not need what it holds."""
        self.held.discard(i)
        self.freed.append(i)

    def drain(self) -> list[int]:
        """The slots whose permits, or requests for one, are to be given back now."""
        freed, self.freed = self.freed, []
        return freed


def outside_of(plan: Plan, tags: Collection[str]) -> Outside | None:
    """What a run of `plan` may wait for where the project limits `tags`; None if for nothing."""
    outside = Outside(frozenset(tags))
    return outside if any(map(outside.concerns, _steps(plan))) else None


def is_tagged(plan: Plan) -> bool:
    """True when a step of `plan` has a tag, and so may be limited by the project."""
    return any(step.options.tags for step in _steps(plan))


def _steps(plan: Plan) -> Iterator[Step]:
    """The steps of a plan, those inside of containers too."""
    for step in plan.steps:
        yield step
        for block in step.inside.blocks.values() if step.inside else ():
            yield from _steps(block.plan)
