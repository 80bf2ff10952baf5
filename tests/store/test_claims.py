"""One winner for a tick, whatever else goes on."""

import os
import signal
import subprocess

import pytest

from flowbook.errors import StoreError, UsageError
from flowbook.store.claims import Claims
from flowbook.store.disk import Disk
from flowbook.store.layout import as_filename, from_filename
from flowbook.store.store import Store


@pytest.fixture
def claims(layout):
    return Claims(layout)


def begin(process):
    process.stdin.write("go\n")
    process.stdin.flush()


def won(process):
    return [int(line) for line in iter(process.stdout.readline, "done\n")]


def test_each_of_sixty_ticks_has_one_winner_among_four_processes(layout, claims, child):
    rivals = [child("claim", layout.root, "s", 60, stdin=subprocess.PIPE) for _ in range(4)]
    assert [rival.stdout.readline() for rival in rivals] == ["ready\n"] * 4
    for rival in rivals:
        begin(rival)
    ticks = {rival.pid: won(rival) for rival in rivals}
    assert sorted(tick for wins in ticks.values() for tick in wins) == list(range(60))
    for pid, wins in ticks.items():
        assert all(claims.holder("s", str(tick)).pid == pid for tick in wins)
    for rival in rivals:
        rival.stdin.close()


def test_a_killed_winner_keeps_its_claim(layout, claims, child):
    winner = child("claim", layout.root, "s", 1, stdin=subprocess.PIPE)
    begin(winner)
    assert [winner.stdout.readline() for _ in range(2)] == ["ready\n", "0\n"]
    winner.send_signal(signal.SIGKILL)
    winner.wait()
    winner.stdin.close()
    assert not claims.claim("s", "0")
    assert claims.holder("s", "0").pid == winner.pid


def test_a_winner_killed_before_it_said_who_it_is_still_won(layout, claims):
    assert claims.claim("s", "1")
    (layout.claims / "s" / "1").write_bytes(b"")
    assert not claims.claim("s", "1")
    assert (claims.holder("s", "1").pid, claims.holder("s", "1").tick) == (None, "1")


def test_a_claim_is_made_while_a_stranger_holds_the_database(layout, child):
    store = Store.open(layout.root)
    store.record_flow("tour", "v", "{}").result(5)
    store.fold()
    assert child("foreign", layout.database).stdout.readline() == "open\n"
    assert store.claims.claim("s", "1")
    store.close()


@pytest.mark.parametrize("tick", ["2026-01-01T02:00:00+01:00", "..", "a/b", "Ä \n", "A%2f", "\0"])
def test_any_text_names_a_tick(claims, tick):
    assert claims.claim(tick, tick)
    assert not claims.claim(tick, tick)
    assert [claim.tick for claim in claims.claims(tick)] == [tick]
    assert from_filename(as_filename(tick)) == tick


def test_names_that_differ_in_case_are_different_files(claims):
    assert as_filename("A").lower() != as_filename("a").lower()
    assert claims.claim("s", "a")
    assert claims.claim("s", "A")


@pytest.mark.parametrize("tick", ["", "x" * 300])
def test_a_name_that_no_file_can_have_is_refused(layout, claims, tick):
    with pytest.raises(UsageError, match="cannot name a file"):
        claims.claim("s", tick)
    assert not layout.claims.exists()


def test_pruning_leaves_what_is_young_and_the_newest_of_a_schedule(layout, claims, monkeypatch):
    for at, (schedule, tick) in enumerate([("s", "1"), ("s", "2"), ("s", "3"), ("old", "1")]):
        monkeypatch.setattr("time.time", lambda at=at: 1000.0 + at)
        assert claims.claim(schedule, tick)
    assert claims.prune(before=1001.5) == 2
    assert [claim.tick for claim in claims.claims("s")] == ["3"]
    assert [claim.tick for claim in claims.claims("old")] == ["1"]
    assert claims.prune(before=9999.0) == 0


def test_nobody_claimed_what_is_not_there(layout, claims):
    assert claims.holder("s", "1") is None
    assert claims.claims("s") == ()
    assert claims.prune(before=9e9) == 0
    assert not layout.root.exists()


def test_a_claim_that_cannot_be_kept_is_nobodys(layout):
    class Full(Disk):
        def sync(self, fd):
            raise OSError(28, "No space left on device")

    with pytest.raises(StoreError, match="No space left"):
        Claims(layout, disk=Full()).claim("s", "1")
    assert Claims(layout).holder("s", "1") is None
    assert Claims(layout).claim("s", "1")


def test_a_claim_is_synced_with_its_names(layout):
    synced = []

    class Watched(Disk):
        def sync(self, fd):
            synced.append(os.fstat(fd).st_ino)
            super().sync(fd)

        def sync_directory(self, path):
            synced.append(path.stat().st_ino)
            super().sync_directory(path)

    assert Claims(layout, disk=Watched()).claim("s", "1")
    folder = layout.claims / "s"
    kept = [path.stat().st_ino for path in (layout.root, layout.claims, folder, folder / "1")]
    assert set(kept) == set(synced)
