"""Many schedules: `poe schedules --count 50000 --seed 7`; `--count 1` plays one again.

Plays the schedules of `count` seeds from `seed` on. The first that breaks a law is made smaller,
by leaving out whatever it does not need to break it, and told: the flow, and what happened.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from tests.schedules.world import FEATURES, SIZES, World

from flowbook.plan.plan import FromStep, Plan

_FACTS = (
    "scope", "node", "attempt", "index", "block", "reason", "cause", "why", "status", "delay",
    "lost", "again", "by", "until", "timeout_at", "signal", "outputs",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="schedules", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=10_000)
    asked = parser.parse_args()
    facts = 0
    for seed in range(asked.seed, asked.seed + asked.count):
        world = World(seed)
        if (broken := trouble(world)) is not None:
            print(f"seed {seed}: {broken}\n")
            print("\n".join(told(*smaller(seed))))
            return 1
        facts += len(world.events)
    print(f"{asked.count} schedules from seed {asked.seed} on, {facts} events: all laws hold")
    return 0


def trouble(world: World) -> Exception | None:
    """What goes wrong in a schedule, None when nothing does."""
    try:
        world.play()
    except Exception as error:
        return error
    return None


def smaller(seed: int) -> tuple[World, Exception]:
    """The same trouble, or another, with as few features and nodes as this way leads to."""
    kept, most, before = frozenset(FEATURES), None, None
    while kept != before:
        before = kept
        for feature in sorted(kept):
            if trouble(World(seed, kept - {feature}, most)) is not None:
                kept -= {feature}
    for fewer in range(1, max(SIZES)):
        if trouble(World(seed, kept, fewer)) is not None:
            most = fewer
            break
    world = World(seed, kept, most)
    return world, trouble(world) or AssertionError("it is not to be seen again")


def told(world: World, broken: Exception) -> Iterator[str]:
    yield f"with {', '.join(sorted(world.features)) or 'nothing special'}: {broken}"
    yield ""
    yield from drawn(world.plan)
    yield ""
    for event in world.events:
        known = [(name, getattr(event, name, None)) for name in _FACTS]
        words = " ".join(f"{name}={_short(value)}" for name, value in known if value)
        yield f"{event.seq:4} {event.at - 1000:9.3f} {type(event).__name__} {words}"
    yield ""
    yield from (f"last told: {one}" for one in world.said[-3:])


def _short(value: object) -> object:
    return ",".join(value) if isinstance(value, dict) else value


def drawn(plan: Plan, indent: str = "") -> Iterator[str]:
    """The flow, a line for each node."""
    for step in plan.steps:
        sources = [binding.source for binding in step.bindings]
        reads = [f"{plan.steps[s.step].node}.{s.port}" for s in sources if isinstance(s, FromStep)]
        join = "" if step.join is None else f" {step.join}"
        yield f"{indent}{step.node}({', '.join(reads)}) -> {', '.join(step.outputs)}{join}"
        own = step.options
        yield f"{indent}    retries={own.retries} timeout={own.timeout} {step.leaves}"
        for name, block in () if step.inside is None else step.inside.blocks.items():
            yield f"{indent}    {step.inside.policy} {name}"
            yield from drawn(block.plan, f"{indent}        ")


if __name__ == "__main__":
    sys.exit(main())
