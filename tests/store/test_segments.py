"""What lies in the journal: sealed, living, damaged."""

import os

import pytest

from flowbook.store import segments
from flowbook.store.facts import WriterOpened, encode_line, prefix
from flowbook.store.locks import hold_life
from flowbook.store.segments import Inspection


def lines(*wseqs):
    opened = WriterOpened(at=0.0, host="h", pid=1)
    return b"".join(encode_line(prefix("w"), wseq, opened) for wseq in wseqs)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", Inspection(-1, 0)),
        (b'{"writer":"w","ws', Inspection(-1, 0)),
        (lines(0, 1, 2), Inspection(2, 0)),
        (lines(0, 1) + lines(2)[:30], Inspection(1, 0)),
        (lines(0, 1) + b"\0" * 4096, Inspection(1, 0)),
        (lines(0) + b"rubbish\n" + lines(2), Inspection(2, 1)),
        (lines(0) + b"\0" * 100 + b"\n" + lines(2), Inspection(2, 1)),
        (lines(0) + b'{"writer":"w","wseq":"x","fact":{}}\n', Inspection(0, 1)),
    ],
)
def test_only_damage_inside_is_damage(tmp_path, content, found):
    path = tmp_path / "s.jsonl"
    path.write_bytes(content)
    assert segments.inspect(path) == found


def test_a_segment_is_sealed_by_its_successor_or_its_writers_death(layout):
    layout.journal.mkdir(parents=True)
    for writer, number in (("alive", 0), ("alive", 1), ("dead", 0)):
        layout.segment(writer, number).write_bytes(lines(0))
    life = hold_life(layout.life("alive"))
    sealed = segments.sealed(layout, {})
    assert set(sealed) == {layout.segment("alive", 0), layout.segment("dead", 0)}
    assert layout.segment("alive", 1) in segments.sealed(layout, {"alive": 2})
    os.close(life)
    assert layout.segment("alive", 1) in segments.sealed(layout, {})


def test_what_is_no_segment_is_passed_over(layout):
    layout.journal.mkdir(parents=True)
    layout.segment("w", 3).touch()
    for name in ("w.00000004.jsonl.quarantine", "w.lock", "readme", "w.x.jsonl"):
        (layout.journal / name).touch()
    assert [(s.writer, s.number) for s in segments.listed(layout)] == [("w", 3)]
    assert segments.writers(layout) == {"w": False}
