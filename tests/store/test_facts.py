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


def opened():
    return facts.encode_line(facts.prefix("w"), 1, facts.WriterOpened(at=0, host="h", pid=1))[:-1]


def test_a_line_cut_anywhere_is_damaged():
    for cut in range(len(opened())):
        with pytest.raises(msgspec.DecodeError):
            facts.decode_line(opened()[:cut])


def test_a_line_with_any_other_byte_anywhere_is_damaged():
    for at in range(len(opened())):
        for byte in {*range(256)} - {opened()[at]}:
            with pytest.raises(msgspec.DecodeError):
                facts.decode_line(opened()[:at] + bytes([byte]) + opened()[at + 1 :])


@pytest.mark.parametrize("text", [b"w", b"w\t1", b"w\tx\t{}", b"w\t1\t{", b"\xff\t1\t{}"])
def test_a_line_that_fits_its_checksum_and_is_none_of_ours_is_damaged(text):
    with pytest.raises(msgspec.DecodeError):
        facts.decode_line(text + b"\t" + facts.checksum(text))


def test_a_line_of_an_earlier_version_is_written_as_it_is_read():
    plain = b'{"writer":"w","wseq":7,"fact":{"kind":"X", "at":1.0}}'
    assert facts.plain_line_of(facts.decode_plain_line(plain)) == plain + b"\n"
    for damaged in (plain[:-1], plain.replace(b"X", b"\xff"), b"", b"7"):
        with pytest.raises(msgspec.DecodeError):
            facts.decode_plain_line(damaged)


def test_json_that_was_handed_in_with_white_space_is_one_line():
    fact = facts.SettingChanged(at=1.0, name="n", value=msgspec.Raw(b'{\n\t"a": "\\t"\r}'))
    encoded = facts.encode_line(facts.prefix("w"), 1, fact)
    assert (encoded.count(b"\n"), encoded.count(b"\t")) == (1, 3)
    found = msgspec.json.decode(facts.decode_line(encoded[:-1]).fact)
    assert found["value"] == {"a": "\t"}


def test_a_fact_longer_than_a_reader_takes_is_refused(monkeypatch):
    monkeypatch.setattr(facts, "LINE_LIMIT", 20)
    with pytest.raises(ValueError, match="the journal takes 20"):
        facts.encode_line(facts.prefix("w"), 1, facts.WriterOpened(at=0, host="h", pid=1))
