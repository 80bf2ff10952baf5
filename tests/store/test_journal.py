"""Group commits, and what a failing disk does to them."""

import errno
import os
import threading

import pytest

from flowbook.errors import StoreError
from flowbook.events import RunCreated, TriggerKind, decode
from flowbook.store import journal as module
from flowbook.store import segments
from flowbook.store.disk import Disk, Durability
from flowbook.store.facts import decode_line
from flowbook.store.journal import Journal


class FakeDisk(Disk):
    """The real disk, that counts, waits at a gate, and fails on request."""

    def __init__(self):
        self.syncs = 0
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.failures = []

    def append(self, fd, data):
        if "write" in self.failures:
            self.failures.remove("write")
            os.write(fd, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(fd, data)

    def sync(self, fd):
        self.entered.set()
        assert self.gate.wait(10)
        self.syncs += 1
        if "sync" in self.failures:
            self.failures.remove("sync")
            raise OSError(errno.EIO, "Input/output error")
        super().sync(fd)


@pytest.fixture
def disk():
    return FakeDisk()


@pytest.fixture
def journal(layout, disk):
    made = Journal(layout, disk=disk)
    yield made
    disk.gate.set()
    made.close()


def written(layout):
    """Lines by segment, as (wseq, fact)."""
    found = {}
    for segment in segments.listed(layout):
        *lines, _torn = segment.path.read_bytes().split(b"\n")
        found[segment.number] = [(line.wseq, line.fact) for line in map(decode_line, lines)]
    return found


def seqs(lines):
    return [decode(bytes(fact)).seq for wseq, fact in lines if wseq > 0]


def test_nothing_is_created_before_the_first_append(layout, journal):
    assert not layout.root.exists()


def test_facts_are_kept_in_the_order_they_were_appended(layout, journal, story):
    events = story.run()
    for event in events:
        future = journal.append([event])
    future.result(5)
    (lines,) = written(layout).values()
    assert seqs(lines) == list(range(len(events)))
    assert [wseq for wseq, _ in lines] == list(range(len(events) + 1))
    assert [decode(bytes(fact)) for _, fact in lines[1:]] == events


def test_what_waits_for_a_sync_shares_the_next_one(journal, disk, story):
    journal.append(story.run()).result(5)
    before = disk.syncs
    disk.gate.clear()
    futures = [journal.append([event]) for event in story.run() * 50]
    disk.gate.set()
    for future in futures:
        future.result(5)
    assert len(futures) >= 500
    assert disk.syncs - before <= 3


def test_an_append_returns_before_its_sync(journal, disk, story):
    disk.gate.clear()
    future = journal.append(story.run())
    assert not future.done()
    disk.gate.set()
    assert future.result(5) is None


def test_os_durability_writes_and_never_syncs(layout, disk, story):
    journal = Journal(layout, disk=disk, durability=Durability.OS)
    journal.append(story.run()).result(5)
    assert disk.syncs == 0
    assert len(written(layout)[0]) == 1 + len(story.run())
    journal.close()


def test_off_durability_acknowledges_at_once_and_writes_behind(layout, disk, story):
    journal = Journal(layout, disk=disk, durability=Durability.OFF)
    assert journal.append(story.run()).done()
    journal.close()
    assert len(written(layout)[0]) == 1 + len(story.run())


@pytest.mark.parametrize("failure", ["sync", "write"])
def test_a_failure_rewrites_the_batch_to_a_new_segment(layout, journal, disk, story, failure):
    first, second, third = story.run(), story.run(), story.run()
    journal.append(first).result(5)
    disk.failures = [failure]
    journal.append(second).result(5)
    journal.append(third).result(5)
    old, new = written(layout).values()
    again = [line for line in new if line[0] > len(first)]
    assert [decode(bytes(fact)) for _, fact in again] == second + third
    assert [wseq for wseq, _ in again] == list(
        range(len(first) + 1, len(first + second + third) + 1)
    )
    if failure == "sync":
        assert {w for w, _ in old} & {w for w, _ in again}  # the fold will keep one of the two


def test_a_disk_that_keeps_failing_fails_the_append_and_the_next_may_work(journal, disk, story):
    disk.failures = ["sync"] * 3
    with pytest.raises(StoreError, match="Input/output error"):
        journal.append(story.run()).result(5)
    journal.append(story.run()).result(5)


def test_what_shares_a_write_is_kept_together_or_refused_together(journal, disk, story):
    journal.append(story.run()).result(5)
    disk.gate.clear()
    disk.entered.clear()
    alone = journal.append(story.run())
    assert disk.entered.wait(5)  # what follows waits for this sync, and shares the next
    together = [journal.append(story.run()) for _ in range(20)]
    disk.failures = ["sync"] * 6  # three for the one, three for the others
    disk.gate.set()
    assert isinstance(alone.exception(5), StoreError)
    (refusal,) = {future.exception(5) for future in together}
    assert isinstance(refusal, StoreError)


def test_a_number_is_never_given_to_two_different_facts(layout, journal, disk, story):
    disk.failures = ["sync"] * 3
    with pytest.raises(StoreError):
        journal.append(story.run()).result(5)
    journal.append(story.run()).result(5)
    facts = {}
    for lines in written(layout).values():
        for wseq, fact in lines:
            assert facts.setdefault(wseq, bytes(fact)) == bytes(fact)


def test_what_cannot_be_encoded_fails_alone(journal, disk, story):
    bad = RunCreated(
        run="r", seq=0, at=0.0, flow="f", version="v", trigger=TriggerKind.CLI, nodes=(),
        params={"x": object()},
    )  # fmt: skip
    disk.gate.clear()
    futures = [journal.append(facts) for facts in (story.run(), [bad], story.run())]
    disk.gate.set()
    assert futures[0].result(5) is None
    with pytest.raises(StoreError, match="plain data"):
        futures[1].result(5)
    assert futures[2].result(5) is None


def test_a_cancelled_future_keeps_nobody_from_writing(layout, journal, disk, story):
    disk.gate.clear()
    journal.append(story.run())
    future = journal.append(story.run())
    future.cancel()
    disk.gate.set()
    journal.append(story.run()).result(5)
    assert len(written(layout)[0]) == 1 + 3 * len(story.run())


def test_a_long_segment_is_followed_by_the_next(layout, journal, story, monkeypatch):
    monkeypatch.setattr(module, "ROTATE_BYTES", 1)
    journal.append(story.run()).result(5)
    journal.append(story.run()).result(5)
    assert list(written(layout)) == [0, 1]


def test_sealing_closes_a_segment_that_is_long_enough(layout, journal, story):
    journal.append(story.run()).result(5)
    journal.seal(10**9).result(5)
    journal.append(story.run()).result(5)
    assert list(written(layout)) == [0]
    journal.seal().result(5)
    journal.append(story.run()).result(5)
    assert list(written(layout)) == [0, 1]


def test_a_closed_journal_refuses(layout, story):
    journal = Journal(layout)
    journal.close()
    journal.close()
    with pytest.raises(StoreError, match="closed"):
        journal.append(story.run()).result(5)


def test_close_writes_what_waits(layout, disk, story):
    journal = Journal(layout, disk=disk)
    futures = [journal.append(story.run()) for _ in range(100)]
    journal.close()
    assert all(future.result(0) is None for future in futures)


def test_threads_may_append_side_by_side(layout, journal, story):
    runs = [story.run() for _ in range(8)]

    def report(run):
        for event in run:
            journal.append([event]).result(5)

    threads = [threading.Thread(target=report, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    (lines,) = written(layout).values()
    assert [wseq for wseq, _ in lines] == list(range(1 + sum(map(len, runs))))


def test_a_forked_child_is_refused_and_the_parent_goes_on(layout, journal, story):
    journal.append(story.run()).result(5)
    pid = os.fork()
    if pid == 0:
        try:
            journal.append(story.run())
        except StoreError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    journal.append(story.run()).result(5)


def test_an_append_may_ask_for_less_than_the_store(journal, disk, story):
    journal.append(story.run(), Durability.OS).result(5)
    assert disk.syncs == 0
    journal.append(story.run()).result(5)
    assert disk.syncs == 1


def test_a_group_is_synced_when_any_of_it_asks_for_that(layout, disk, story):
    journal = Journal(layout, disk=disk, durability=Durability.OS)
    disk.gate.clear()
    first = journal.append(story.run(), Durability.FSYNC)
    less, more, none = (
        journal.append(story.run(), durability)
        for durability in (Durability.OS, Durability.FSYNC, Durability.OFF)
    )
    assert none.done()
    assert not any(one.done() for one in (first, less, more))
    disk.gate.set()
    for future in (first, less, more):
        future.result(5)
    journal.close()
    assert disk.syncs <= 3
    assert sum(map(len, written(layout).values())) == 1 + 4 * len(story.run())


def test_a_segment_begun_without_a_sync_gets_its_name_on_the_medium_with_the_first(
    layout, disk, story, monkeypatch
):
    named = []
    monkeypatch.setattr(disk, "sync_directory", named.append)
    journal = Journal(layout, disk=disk)
    journal.append(story.run(), Durability.OS).result(5)
    assert layout.journal not in named
    journal.append(story.run()).result(5)
    journal.append(story.run()).result(5)
    journal.close()
    assert named.count(layout.journal) == 1


def test_a_closed_journal_refuses_whatever_the_durability(journal, story):
    journal.close()
    with pytest.raises(StoreError, match="closed"):
        journal.append(story.run(), Durability.OFF).result(5)


def test_a_sync_covers_what_was_written_before_without_one(layout, disk, story, monkeypatch):
    synced = []
    disk.sync_file = lambda path: synced.append(path.name)
    monkeypatch.setattr(module, "ROTATE_BYTES", 1)
    journal = Journal(layout, disk=disk, durability=Durability.OS)
    journal.append(story.run()).result(5)
    journal.append(story.run(), Durability.OFF)
    journal.append(story.run()).result(5)
    assert (synced, disk.syncs) == ([], 0)
    journal.append(story.run(), Durability.FSYNC).result(5)
    names = sorted(path.name for path in layout.journal.glob("*.tsv"))
    assert (sorted(synced), disk.syncs) == (names[:-1], 1)
    journal.append(story.run(), Durability.FSYNC).result(5)
    assert sorted(synced) == names[:-1]
    journal.close()
