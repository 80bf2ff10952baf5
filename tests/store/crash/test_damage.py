"""Damaged segments: what was acknowledged and can be read is kept, what cannot is said."""

import logging
import random
import shutil

import pytest
from tests.store.crash.workload import Workload

from flowbook.errors import StoreError
from flowbook.events import NodeLogged
from flowbook.store import facts, segments
from flowbook.store.journal import Journal
from flowbook.store.layout import Layout

BAD = (b"\0", b"\n", b"\x1f", b"\x80", b"\xc3", b"\xff", b'"', b"\\", b"{")
"""What a byte may be damaged to."""


@pytest.fixture
def remains(tmp_path, layout):
    """The only segment of a dead process, in the folder that the test opens."""
    elsewhere = Journal(Layout(tmp_path / "elsewhere"))
    batches = Workload(1, 7).batches()
    for _ in range(60):
        elsewhere.append(next(batches)[1]).result(10)
    layout.journal.mkdir(parents=True)
    (segment,) = elsewhere._layout.journal.glob("*.jsonl")
    shutil.copy(segment, layout.journal)
    elsewhere.close()
    return layout.journal / segment.name


def stored(store):
    return store.history.table("SELECT run_id, seq FROM events ORDER BY ALL")[1]


def reads(lines):
    """The events that lines of a segment hold, as (run, seq)."""
    found = [facts.msgspec.json.decode(facts.decode_line(line).fact) for line in lines]
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


def test_no_line_is_lost_in_silence_wherever_a_byte_is_damaged(
    store, layout, remains, caplog, seed
):
    chance = random.Random(seed)
    data = remains.read_bytes()
    remains.unlink()
    writer = remains.name.partition(".")[0]
    for number in range(80):
        segment = layout.segment(f"{writer}-{number}", 0)
        own = data.replace(writer.encode(), f"{writer}-{number}".encode())
        at = chance.randrange(len(own) - 400)  # the last line may be an unfinished one
        damaged = own[:at] + chance.choice(BAD) + own[at + 1 :]
        segment.write_bytes(damaged)
        caplog.clear()
        taken = store.fold()
        aside = segment.with_suffix(".jsonl.quarantine")
        assert aside.exists() or taken == damaged.count(b"\n"), (damaged[at - 30 : at + 30], taken)
        assert aside.exists() == (str(aside) in caplog.text)
        assert not segment.exists()


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


def test_a_segment_that_vanishes_while_it_is_listed_is_passed_over(
    store, layout, remains, monkeypatch
):
    real = segments.listed
    gone = segments.Segment(layout.segment("gone", 0), "gone", 0)
    monkeypatch.setattr(segments, "listed", lambda where: [*real(where), gone])
    assert set(segments.sealed(layout, {})) == {remains}


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
