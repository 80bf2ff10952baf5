"""Damaged segments: what was acknowledged and can be read is kept, what cannot is said."""

import logging
import random
import shutil
from bisect import bisect
from itertools import accumulate

import pytest
from tests.store.crash.workload import Workload

from flowbook.errors import StoreError
from flowbook.events import (
    NodeCompleted,
    NodeLogged,
    NodeStarted,
    RunCompleted,
    RunCreated,
    RunStatus,
    TriggerKind,
)
from flowbook.store import facts, segments
from flowbook.store.journal import Journal
from flowbook.store.layout import Layout


@pytest.fixture
def remains(tmp_path, layout):
    """The only segment of a dead process, in the folder that the test opens."""
    elsewhere = Journal(Layout(tmp_path / "elsewhere"))
    batches = Workload(1, 7).batches()
    for _ in range(60):
        elsewhere.append(next(batches)[1]).result(10)
    layout.journal.mkdir(parents=True)
    (segment,) = elsewhere._layout.journal.glob("*.tsv")
    shutil.copy(segment, layout.journal)
    elsewhere.close()
    return layout.journal / segment.name


def stored(store):
    return store.history.table("SELECT run_id, seq FROM events ORDER BY ALL")[1]


def reads(lines):
    """The events that lines of a segment hold, as (run, seq)."""
    decoded = [facts.decode_line(line.removesuffix(b"\n")) for line in lines]
    found = [facts.msgspec.json.decode(line.fact) for line in decoded]
    return sorted((fact["run"], fact["seq"]) for fact in found if "run" in fact)


def quarantined(layout):
    return sorted(layout.journal.glob("*.quarantine"))


@pytest.mark.parametrize("cut", [1, 2, 50, 120])
@pytest.mark.parametrize("filler", [b"", b"\0" * 7, b"\0" * 4096])
def test_an_unfinished_end_costs_the_unfinished_line_alone(store, layout, remains, cut, filler):
    data = remains.read_bytes()
    whole = data.splitlines()
    remains.write_bytes(data[:-cut] + filler)
    expected = [reads(whole[:-1]), reads(whole)]  # all of it may be there but the newline
    assert stored(store) in expected
    store.fold()
    assert stored(store) in expected
    assert list(layout.journal.iterdir()) == []


@pytest.mark.parametrize("length", [1, 30, 700])
@pytest.mark.parametrize("rubbish", ["nul", "random", "newlines"])
def test_a_damaged_middle_is_set_aside_and_said_and_the_rest_is_kept(
    store, layout, remains, caplog, length, rubbish, seed
):
    data = remains.read_bytes()
    at = len(data) // 2
    new = {
        "nul": b"\0" * length,
        "random": b"\xff" + random.Random(seed).randbytes(length - 1),
        "newlines": b"x\n" * (length // 2 + 1),
    }[rubbish]
    changed = data[:at] + new + data[at + len(new) :]
    remains.write_bytes(changed)
    same = [line for line in changed.splitlines() if line in data.splitlines()]
    assert set(reads(same)) <= set(stored(store))
    with caplog.at_level(logging.WARNING):
        store.fold()
    assert set(reads(same)) <= set(stored(store))
    (kept,) = quarantined(layout)
    assert kept.read_bytes() == changed
    assert str(kept) in caplog.text
    store.fold()
    assert set(reads(same)) <= set(stored(store))


def lines_of_run(number):
    """The lines of a small segment: its opening, and a run of four events."""
    writer, run = f"w{number:05d}", f"r{number:05d}"
    written = [
        facts.WriterOpened(at=1.0, host="h", pid=1),
        RunCreated(
            run=run, seq=0, at=2.0, flow="f", version="v", trigger=TriggerKind.CLI, nodes=("n",)
        ),
        NodeStarted(run=run, seq=1, at=3.0, node="n", attempt=1, on="loop"),
        NodeCompleted(run=run, seq=2, at=4.0, node="n", attempt=1, ms=1.5),
        RunCompleted(run=run, seq=3, at=5.0, status=RunStatus.SUCCEEDED, ms=3.0),
    ]
    start = facts.prefix(writer)
    return [facts.encode_line(start, at, fact) for at, fact in enumerate(written)]


@pytest.mark.parametrize("change", ["\n", "\t", "\r", "\0", "\xff", "9", "}", "next", "random"])
def test_whatever_byte_is_changed_nothing_altered_is_folded_and_the_damage_is_said(
    store, layout, seed, change
):
    chance = random.Random(seed)
    layout.journal.mkdir(parents=True)
    size = sum(map(len, lines_of_run(0)))
    originals, intact, hurt = {}, set(), {}
    for at in range(size):
        whole = lines_of_run(at)
        data = b"".join(whole)
        byte = {"next": bytes([data[at] ^ 1]), "random": chance.randbytes(1)}.get(change)
        damaged = data[:at] + (byte or change.encode("latin1")) + data[at + 1 :]
        path = layout.segment(f"w{at:05d}", 0)
        path.write_bytes(damaged)
        ends = list(accumulate(map(len, whole)))
        for seq, line in enumerate(whole[1:]):
            fact = facts.decode_line(line[:-1]).fact
            originals[f"r{at:05d}", seq] = bytes(fact)
            # A newline belongs to both lines that it parts.
            if data == damaged or not ends[seq] - 1 <= at < ends[seq + 1]:
                intact.add((f"r{at:05d}", seq))
        if data != damaged:
            hurt[path.with_name(f"{path.name}.quarantine")] = bisect(ends, at) + 1
    for _ in range(2):
        _names, rows = store.history.table("SELECT run_id, seq, payload FROM events")
        found = {(run, seq): payload.encode() for run, seq, payload in rows}
        assert len(found) == len(rows)
        assert intact <= found.keys()
        assert found.items() <= originals.items()
        store.fold()
    assert set(quarantined(layout)) == hurt.keys()
    assert [path for path in layout.journal.iterdir() if path not in hurt] == []
    for path, line in hurt.items():
        assert line in segments.inspect(path).damaged
    report = store.verify()
    assert report.counts["quarantined"] == len(hurt)
    told = [one for one in report.findings if one.kind == "quarantined"]
    assert all(f"lines: {hurt[one.path]}" in one.message for one in told)


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_line_that_is_gone_without_a_trace_is_missed(store, layout, caplog, lost):
    layout.journal.mkdir(parents=True)
    whole = lines_of_run(0)
    path = layout.segment("w00000", 0)
    path.write_bytes(b"".join(line for at, line in enumerate(whole) if at != lost))
    with caplog.at_level(logging.WARNING):
        assert store.fold() == 4
    (aside,) = quarantined(layout)
    assert f"missing facts: {lost}; kept in {aside}" in caplog.text
    told = [one.message for one in store.verify().findings if one.kind == "quarantined"]
    assert f"{aside} was set aside: missing facts: {lost};" in told[0]


def test_a_checksum_that_is_cut_off_makes_no_line_of_an_earlier_version(store, layout):
    layout.journal.mkdir(parents=True)
    whole = lines_of_run(0)
    bare = whole[2].rpartition(b"\t")[0] + b"\n"
    plain = facts.plain_line_of(facts.decode_line(whole[3][:-1]))
    layout.segment("w00000", 0).write_bytes(b"".join([*whole[:2], bare, plain, whole[4]]))
    assert store.fold() == 3
    assert stored(store) == [("r00000", 0), ("r00000", 3)]
    (aside,) = quarantined(layout)
    assert segments.inspect(aside).damaged == (3, 4)


def test_a_reader_beside_a_damaged_segment_answers(store, layout, remains):
    other = layout.segment("other", 0)
    other.write_bytes(b"\0" * 5000 + b"\nrubbish\n{}\n[1]\nnull\n" + b"\xff" * 100)
    whole = reads(remains.read_bytes().splitlines())
    assert stored(store) == whole
    assert len(store.history.runs(limit=100).runs) > 3
    store.fold()
    assert stored(store) == whole
    assert [path.name for path in quarantined(layout)] == [f"{other.name}.quarantine"]


def test_segments_without_a_whole_line_say_nothing_and_go(store, layout, remains):
    for number, content in enumerate((b"", b'{"writer":"w","ws', b"\0" * 100, b"\n")):
        layout.segment("w", number).write_bytes(content)
    whole = reads(remains.read_bytes().splitlines())
    assert stored(store) == whole
    store.fold()
    assert stored(store) == whole
    assert [path for path in layout.journal.iterdir() if path.suffix != ".quarantine"] == []


def test_numbers_that_lie_in_two_segments_are_folded_once(store, layout, remains):
    lines = remains.read_bytes().splitlines(keepends=True)
    writer = remains.name.partition(".")[0]
    layout.segment(writer, 1).write_bytes(b"".join(lines[20:]))
    layout.segment(writer, 2).write_bytes(b"".join(lines[40:50]))
    whole = reads(lines)
    assert stored(store) == whole
    assert store.fold() == len(lines)
    assert stored(store) == whole
    layout.segment(writer, 3).write_bytes(b"".join(lines))
    assert store.fold() == 0
    assert stored(store) == whole


def logged(text, seq):
    return NodeLogged(run="r", seq=seq, at=1.0, node="n", stream="log", text=text)


def test_a_fact_that_no_reader_could_read_is_refused_and_the_longest_is_read(store):
    room = facts.LINE_LIMIT - len(facts.msgspec.json.encode(logged("", 0)))
    with pytest.raises(StoreError, match="bytes"):
        store.sink.append([logged("x" * (room + 1), 0)]).result(30)
    assert store.sink.append([logged("x" * room, 0)]).result(30) is None
    assert store.sink.append([logged("short", 1)]).result(30) is None
    assert [len(event.text) for event in store.history.events("r")] == [room, 5]
    store.fold()
    assert [len(event.text) for event in store.history.events("r")] == [room, 5]
