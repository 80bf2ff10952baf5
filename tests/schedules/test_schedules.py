"""A thousand runs by chance in virtual time; `poe schedules` plays any number more."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from msgspec.structs import replace
from tests.schedules.__main__ import smaller, told, trouble
from tests.schedules.referee import Foul, Referee
from tests.schedules.world import FEATURES, World

from flowbook.events import NodeCompleted, NodeSkipped, NodeStarted, RunRetried, SkipReason
from flowbook.run.rules import losers
from flowbook.run.rules.phase import TABLE

BLOCKS, EACH = 10, 100
LATER = {
    "growing",
    "uncollected",
    "checkpoints",
    "additions",
    "carried",
    "undoing",
    "roles",
    "run_times",
}
BEFORE = frozenset(FEATURES) - LATER
"""Features without those that came later: what was found then is played as it was."""


@pytest.mark.parametrize("block", range(BLOCKS))
def test_all_laws_hold(block):
    for seed in range(block * EACH, (block + 1) * EACH):
        world = World(seed)
        broken = trouble(world)
        if broken is not None:
            pytest.fail("\n".join([f"seed {seed}: {broken}", *told(*smaller(seed))]))


def test_everything_that_can_happen_does():
    kinds, skips, lives = Counter(), Counter(), Counter()
    for seed in range(500):
        world = World(seed).play()
        kinds.update(type(event) for event in world.events)
        skips.update(e.reason for e in world.events if isinstance(e, NodeSkipped))
        lives[min(world.life, 4)] += 1
    assert {kind for _, kind in TABLE} <= set(kinds)
    assert kinds[RunRetried] > 20
    assert set(skips) == set(SkipReason)
    assert set(lives) == {1, 2, 3, 4}


def test_the_same_seed_gives_the_same_run():
    assert World(7).play().lines == World(7).play().lines


@pytest.mark.parametrize(
    "forge",
    [
        lambda events, at: [*events, events[-1]],
        lambda events, at: [*events[: at + 1], *events[at:]],
        lambda events, at: [*events[:at], *events[at + 1 :]],
    ],
    ids=["after the end", "twice", "left out"],
)
def test_a_forged_journal_is_a_foul(forge):
    world = World(3, frozenset({"retries", "joins"})).play()
    whole = [e for e in world.events if isinstance(e, NodeStarted | NodeCompleted)]
    at = world.events.index(Random(1).choice(whole))
    forged = forge(world.events, at)
    with pytest.raises(Foul):
        Referee(world.plan).read(replace(event, seq=seq) for seq, event in enumerate(forged))


def test_a_bug_is_found_and_told_in_small(monkeypatch):
    monkeypatch.setattr(losers, "settle", lambda turn: turn.won.clear())
    seed = next(seed for seed in range(1000) if trouble(World(seed)) is not None)
    world, broken = smaller(seed)
    assert isinstance(broken, Foul)
    assert "joins" in world.features
    assert len(world.features) < 6
    assert "cancels=True" in "\n".join(told(world, broken))


def test_a_permit_is_not_kept_by_one_who_has_lost_its_place_to_a_pause():
    World(503110, BEFORE).play()
