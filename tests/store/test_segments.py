"""What lies in the journal: sealed, living, damaged."""

import gzip
import os

import pytest

from flowbook.store import segments
from flowbook.store.facts import WriterOpened, encode_line, line_of, prefix
from flowbook.store.locks import hold_life
from flowbook.store.segments import Inspection


def lines(*wseqs):
    opened = WriterOpened(at=0.0, host="h", pid=1)
    return b"".join(encode_line(prefix("w"), wseq, opened) for wseq in wseqs)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", Inspection(-1)),
        (b"w\t0\t{", Inspection(-1)),
        (lines(0, 1, 2), Inspection(2)),
        (lines(0, 1) + lines(2)[:30], Inspection(1)),
        (lines(0, 1) + b"\0" * 4096, Inspection(1)),
        (lines(0, 5) + b"rubbish\n" + lines(7), Inspection(7, (3,), ((6, 6),))),
        (lines(0, 5) + b"\0" * 100 + b"\n" + lines(7), Inspection(7, (3,), ((6, 6),))),
        (lines(0) + b"w\tx\t{}\n", Inspection(0, (2,))),
        (lines(0) + line_of(b"w\t", 1, b"{")[:-1] + b"\n", Inspection(0, (2,))),
        (lines(0) + lines(1).replace(b"\t1\t", b"\t8\t"), Inspection(0, (2,))),
        (lines(0, 5, 6, 9, 10, 12), Inspection(12, (), ((7, 8), (11, 11)))),
    ],
)
def test_only_damage_inside_is_damage(tmp_path, content, found):
    path = tmp_path / "w.00000001.tsv"
    path.write_bytes(content)
    assert segments.inspect(path) == found
    packed = tmp_path / "w.00000001.tsv.gz"
    packed.write_bytes(gzip.compress(content))
    assert segments.inspect(packed) == found


def test_the_first_segment_begins_with_the_first_fact(tmp_path):
    path = tmp_path / "w.00000000.tsv"
    path.write_bytes(lines(0, 3))
    assert segments.inspect(path) == Inspection(3, (), ((1, 2),))


def test_a_segment_of_an_earlier_version_is_read_without_checksums(tmp_path):
    path = tmp_path / "w.00000000.jsonl"
    plain = [b'{"writer":"w","wseq":%d,"fact":{"kind":"X"}}\n' % n for n in range(4)]
    path.write_bytes(plain[0] + plain[1] + b"rubbish\n" + plain[3])
    assert segments.inspect(path) == Inspection(3, (3,), ((2, 2),))
    path = tmp_path / "w.00000000.tsv"
    path.write_bytes(b"".join(plain))
    assert segments.inspect(path) == Inspection(-1, (1, 2, 3, 4))


def test_what_is_wrong_is_said_by_line_and_fact():
    assert str(Inspection(9)) == "no damage"
    found = Inspection(99, (3,), ((2, 2), (7, 9)))
    assert str(found) == "damaged lines: 3; missing facts: 2, 7 to 9"
    many = Inspection(99, tuple(range(1, 31)))
    assert str(many) == "damaged lines: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 20 more"


@pytest.mark.parametrize(
    ("content", "given", "proven"),
    [
        (lines(0, 1, 2, 3), (3, 1, 3), True),
        (lines(0, 1, 2, 3), (2, 1, 2), False),  # one of them was folded before, or is elsewhere
        (lines(0, 1, 2, 3)[:-1], (3, 1, 3), False),
        (lines(0, 1) + b"rubbish\n" + lines(3)[:-1], (2, 1, 3), False),
        (lines(0, 1, 3), (2, 1, 3), False),
        (lines(0, 2, 3), (2, 2, 3), False),
        (lines(0, 1, 2)[:-1] + b"\t" + lines(3), (2, 1, 2), False),
        (lines(1, 2, 3), (3, 1, 3), False),
        (b"rubbish\n" + lines(1, 2), (2, 1, 2), False),
        (b"rubbish", (0, 1, 0), False),
    ],
)
def test_only_a_segment_that_was_read_whole_needs_no_second_look(tmp_path, content, given, proven):
    path = tmp_path / "w.00000000.tsv"
    path.write_bytes(content)
    assert segments.glance(path, *given) == (segments.inspect(path) if proven else None)


def test_a_segment_is_sealed_by_its_successor_or_its_writers_death(layout):
    layout.journal.mkdir(parents=True)
    for writer, number in (("alive", 0), ("alive", 1), ("dead", 0)):
        layout.segment(writer, number).write_bytes(lines(0))
    life = hold_life(layout.life("alive"))
    sealed = segments.sealed(layout, {})
    assert sealed == {layout.segment("alive", 0), layout.segment("dead", 0)}
    assert layout.segment("alive", 1) in segments.sealed(layout, {"alive": 2})
    os.close(life)
    assert layout.segment("alive", 1) in segments.sealed(layout, {})


def test_what_is_no_segment_is_passed_over(layout):
    layout.journal.mkdir(parents=True)
    layout.segment("w", 3).touch()
    for name in ("w.00000004.tsv.quarantine", "w.lock", "readme", "w.x.tsv"):
        (layout.journal / name).touch()
    assert [(s.writer, s.number) for s in segments.listed(layout)] == [("w", 3)]
    assert segments.writers(layout) == {"w": False}
