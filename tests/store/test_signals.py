"""What is said to a run arrives whole, in order, and once."""

import logging
import subprocess

import pytest

from flowbook.errors import UsageError
from flowbook.store.signals import Control, Signals


@pytest.fixture
def signals(layout):
    return Signals(layout)


def test_signals_arrive_in_the_order_they_were_sent(signals, monkeypatch):
    sent = [signals.send("r", "step", n) for n in range(50)]
    monkeypatch.setattr("time.time_ns", lambda: 10**18)  # the clock goes back
    sent += [signals.send("r", "step", n) for n in range(50, 60)]
    waiting = signals.pending("r")
    assert [signal.payload for signal in waiting] == list(range(60))
    assert [signal.id for signal in waiting] == sent == sorted(sent)


def test_a_signal_says_what_it_asks_and_who_sent_it(signals, child):
    signals.send("r", Control.CANCEL)
    signals.send("r", "approve", {"by": "Ada", "items": [1, 2.5, None, True]})
    cancel, approve = signals.pending("r")
    assert (cancel.control, cancel.payload) == (Control.CANCEL, None)
    assert (approve.control, approve.payload["items"]) == (None, [1, 2.5, None, True])
    assert signals.pending("another run") == ()


def test_four_processes_take_each_signal_once(layout, signals, child):
    sent = [signals.send("r", "go", n) for n in range(200)]
    takers = [child("take", layout.root, "r", stdin=subprocess.PIPE) for _ in range(4)]
    assert [taker.stdout.readline() for taker in takers] == ["ready\n"] * 4
    for taker in takers:
        taker.stdin.write("go\n")
        taker.stdin.close()
    taken = [line.strip() for taker in takers for line in iter(taker.stdout.readline, "done\n")]
    assert sorted(taken) == sent
    assert signals.pending("r") == ()


def test_a_killed_sender_leaves_whole_signals_only(layout, signals, child, caplog):
    sender = child("send", layout.root, "r")
    sent = [sender.stdout.readline().strip() for _ in range(5)]
    sender.kill()
    sender.wait()
    sent += sender.stdout.read().split()
    waiting = signals.pending("r")
    assert {signal.id for signal in waiting} >= set(sent[:5])
    assert all(len(signal.payload["text"]) == 20_000 for signal in waiting)
    assert caplog.records == []


def test_a_damaged_signal_is_set_aside_and_blocks_no_other(layout, signals, caplog):
    first, second = signals.send("r", "one"), signals.send("r", "two")
    (layout.signals / "r" / f"{first}.json").write_bytes(b'{"name": "o')
    with caplog.at_level(logging.WARNING):
        assert [signal.id for signal in signals.pending("r")] == [second]
        assert [signal.id for signal in signals.pending("r")] == [second]
    assert [record.getMessage() for record in caplog.records if first in record.getMessage()]
    assert len(caplog.records) == 1
    assert (layout.signals / "r" / f"{first}.json.quarantine").exists()


@pytest.mark.parametrize(
    "payload",
    [object(), {1: "a"}, (1, 2), float("nan"), b"x", {"a": {2}}, "\ud800", "x" * 2**21],
    ids=["object", "number as a key", "tuple", "nan", "bytes", "set", "surrogate", "too long"],
)
def test_a_payload_that_is_not_plain_is_refused(layout, signals, payload):
    with pytest.raises(UsageError, match="plain JSON"):
        signals.send("r", "go", payload)
    assert not layout.signals.exists()


def test_a_payload_that_holds_itself_is_refused(signals):
    loop = []
    loop.append(loop)
    with pytest.raises(UsageError, match="plain JSON"):
        signals.send("r", "go", loop)


def test_a_signal_needs_a_name(signals):
    with pytest.raises(UsageError, match="needs a name"):
        signals.send("r", "")


def test_nothing_remains_of_a_run_that_is_cleared(layout, signals):
    signals.send("r", "one")
    signals.send("Other/run", "two")
    assert sorted(signals.runs()) == ["Other/run", "r"]
    signals.clear("r")
    signals.clear("r")
    assert signals.runs() == ("Other/run",)
    signals.send("r", "late")
    assert [signal.name for signal in signals.pending("r")] == ["late"]


def test_asking_creates_nothing(layout, signals):
    assert signals.pending("r") == ()
    assert signals.runs() == ()
    signals.clear("r")
    assert not layout.root.exists()


def test_a_signal_is_withdrawn_unless_somebody_took_it(layout, signals):
    first, second = signals.send("r", "one"), signals.send("r", "two")
    assert signals.withdraw("r", first)
    assert [signal.id for signal in signals.pending("r")] == [second]
    assert signals.take(*signals.pending("r"))
    assert not signals.withdraw("r", second)
    assert signals.runs() == ()


@pytest.mark.parametrize("name", ["%ff", "\udcff"], ids=["no text", "no name"])
def test_what_others_put_there_hides_no_run(layout, signals, name):
    signals.send("r", "one")
    (layout.signals / name).mkdir()
    assert signals.runs() == ("r",)
