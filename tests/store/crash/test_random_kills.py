"""Three writers that fold all the time, and a reader, any of them killed at any moment."""

import os
import random
import time

import pytest
from tests.store.crash.ledger import check

from flowbook.store.layout import Layout
from flowbook.store.store import Store

KILLS = int(os.environ.get("FLOWBOOK_KILLS", "200"))
KILLS_A_ROUND = 20
CAST = ("writer", "writer", "writer", "reader")


def massacre(nursery, root, chance, seed):
    """One round in a fresh folder; everybody who was in it, dead."""
    dead, alive = [], [nursery.spawn(role, root, seed) for role in CAST]
    for _ in range(KILLS_A_ROUND - len(CAST)):
        time.sleep(chance.expovariate(1 / 0.06))
        (slot,) = chance.choices(range(len(CAST)), (30, 30, 30, 1))  # a look takes its time
        assert nursery.kill(alive[slot]) == -9
        dead.append(alive[slot])
        alive[slot] = nursery.spawn(CAST[slot], root, seed)
    alive[CAST.index("reader")].expect("r")  # on a busy machine none may have got so far
    time.sleep(chance.uniform(0, 0.2))
    for child in chance.sample(alive, len(alive)):
        assert nursery.kill(child) == -9
    return dead + alive


def judge(root, dead):
    """Take the folder over from the dead; how many events, and how long until it answered."""
    acknowledged = set().union(*(child.acknowledged for child in dead))
    started = time.perf_counter()
    store = Store.open(root)
    store.history.runs()
    looked = time.perf_counter() - started
    check(store, acknowledged)
    started = time.perf_counter()
    store.fold(budget=2)
    folded = time.perf_counter() - started
    events = check(store, acknowledged)
    store.close()
    assert list(Layout(root).journal.iterdir()) == []
    return events, len(acknowledged), looked, folded


@pytest.mark.kill
@pytest.mark.timeout(max(240, KILLS))
def test_kills_at_random_moments_lose_and_double_nothing(nursery, tmp_path, seed):
    chance = random.Random(seed)
    rounds = -(-KILLS // KILLS_A_ROUND)
    found = []
    looks = 0
    for number in range(rounds):
        root = tmp_path / str(number) / ".flowbook"
        dead = massacre(nursery, root, chance, seed)
        assert [line for child in dead for line in child.said("!")] == []
        looks += sum(len(child.said("r")) for child in dead)
        found.append(judge(root, dead))
    stored, acknowledged, look, fold = zip(*found, strict=True)
    print(
        f"{rounds * KILLS_A_ROUND} kills; {sum(acknowledged)} facts acknowledged,"
        f" {sum(stored)} stored; {looks} looks answered meanwhile;"
        f" then the first look took {max(look):.3f} s at most, the fold {max(fold):.3f} s"
    )
    assert min(acknowledged) > 0
    assert looks >= rounds
