"""The envelope of the journal."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.events import RunCreated, TriggerKind, decode
from flowbook.store import facts

params = st.dictionaries(st.text(), st.one_of(st.text(), st.integers(-(2**63), 2**64 - 1)))


@given(wseq=st.integers(0, 2**62), params=params)
def test_a_fact_comes_back_from_its_line(wseq, params):
    event = RunCreated(
        run="r", seq=0, at=1.5, flow="f", version="v", trigger=TriggerKind.CLI, nodes=("a",),
        params=params,
    )  # fmt: skip
    encoded = facts.encode_line(facts.prefix("w"), wseq, event)
    assert encoded.count(b"\n") == 1
    line = facts.decode_line(encoded[:-1])
    assert (line.writer, line.wseq) == ("w", wseq)
    assert decode(bytes(line.fact)) == event


@pytest.mark.parametrize("cut", [0, 1, 10, 60, -1])
def test_a_cut_line_is_damaged(cut):
    encoded = facts.encode_line(facts.prefix("w"), 1, facts.WriterOpened(at=0, host="h", pid=1))
    with pytest.raises(msgspec.DecodeError):
        facts.decode_line(encoded[:-1][:cut])


def test_a_fact_longer_than_a_reader_takes_is_refused(monkeypatch):
    monkeypatch.setattr(facts, "LINE_LIMIT", 20)
    with pytest.raises(ValueError, match="the journal takes 20"):
        facts.encode_line(facts.prefix("w"), 1, facts.WriterOpened(at=0, host="h", pid=1))
