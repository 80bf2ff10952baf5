"""What stands between a run and the store lets through what the flow allows, and no more."""

from __future__ import annotations

from concurrent.futures import Future

import msgspec
import pytest

from flowbook.events import (
    CancelRequested,
    CheckpointReached,
    NodeCompleted,
    NodeLogged,
    NodeRetryScheduled,
    NodeReused,
    RunCreated,
)
from flowbook.events.values import ErrorInfo, Usage, ValueFormat
from flowbook.store.disk import Durability
from flowbook.store.recording import Detail, Recording, RecordingOptions
from flowbook.store.redaction import REDACTED
from flowbook.store.values import Objects


class Slow:
    """A journal whose appends are done when the test says so."""

    def __init__(self):
        self.asked = []
        self.futures = []

    def append(self, facts, durability=None):
        self.asked.append((list(facts), durability))
        self.futures.append(Future())
        return self.futures[-1]


@pytest.fixture
def journal():
    return Slow()


@pytest.fixture
def recording(journal, layout):
    def make(secrets=None, **options):
        return Recording(journal, Objects(layout), RecordingOptions(**options), secrets)

    return make


def test_events_go_on_as_they_are_with_the_durability_of_the_flow(recording, journal, story):
    events = story.run()
    recording(durability=Durability.OS).sink.append(events)
    assert journal.asked == [(events, Durability.OS)]


@pytest.mark.parametrize("asked", [Durability.OFF, Durability.OS, None])
def test_a_checkpoint_is_on_disk_whatever_the_flow_asks_for(recording, journal, asked):
    checkpoint = CheckpointReached(run="r", seq=3, at=1.0, why="interval")
    recording(durability=asked).sink.append([checkpoint])
    assert journal.asked == [([checkpoint], Durability.FSYNC)]


def test_a_summary_keeps_the_numbers_of_what_it_writes(recording, journal, story):
    recording(detail=Detail.SUMMARY).sink.append(story.run())
    ((kept, durability),) = journal.asked
    assert durability is None
    assert [(type(one).__name__, one.seq) for one in kept] == [
        ("RunCreated", 0),
        ("NodeCompleted", 5),
        ("NodeFailed", 8),
        ("NodeSkipped", 9),
        ("RunCompleted", 10),
    ]
    assert (kept[1].outputs, kept[1].result, kept[1].cache_key) == ({}, None, None)


def test_a_summary_leaves_out_no_attempt_that_cost_something(recording):
    error = ErrorInfo("ConnectionError", "busy")
    event = NodeRetryScheduled(
        run="r", seq=3, at=1.0, node="a", attempt=1, ms=2.0, delay=0.5, error=error
    )
    paid = msgspec.structs.replace(event, usage=(Usage("acme", "small", 7, 2, 9),))
    one = recording(detail=Detail.SUMMARY)
    assert (one.event(event), one.event(paid)) == (None, paid)


def test_what_a_summary_leaves_out_is_durable_with_what_came_before(recording, journal, story):
    created, scheduled, *_ = story.run()
    sink = recording(detail=Detail.SUMMARY).sink
    first = sink.append([created])
    second = sink.append([scheduled])
    assert len(journal.asked) == 1
    assert not second.done()
    journal.futures[0].set_result(None)
    assert first.done()
    assert second.done()


def test_a_summary_of_a_reused_node_has_no_outputs(recording):
    inner = recording()
    event = NodeReused(run="r", seq=3, at=1.0, node="a", outputs={"a": inner.vault.inline([1])})
    assert recording(detail=Detail.SUMMARY).event(event).outputs == {}


def test_a_journal_that_is_off_is_told_nothing(recording, journal, story, layout):
    one = recording(detail=Detail.OFF)
    assert one.sink.append(story.run()).done()
    assert one.vault.put(list(range(5000))).format is ValueFormat.NONE
    assert journal.asked == []
    assert not layout.root.exists()


@pytest.mark.parametrize("detail", [Detail.SUMMARY, Detail.OFF])
def test_values_are_not_kept_unless_the_journal_is_full(recording, layout, detail):
    vault = recording(detail=detail).vault
    for ref in (vault.inline(1), vault.put(list(range(5000)))):
        assert (ref.format, ref.redacted) == (ValueFormat.NONE, False)
        assert ref.reason == f"not kept: journal={detail}"
    assert not layout.root.exists()


def test_every_event_is_redacted_whoever_made_it(recording):
    one = recording(secrets=lambda: ["hunter2"], sensitive_fields=("ssn",))
    at = {"run": "r", "seq": 1, "at": 1.0}
    logged = one.event(NodeLogged(**at, node="a", stream="stdout", text="ssn=1, hunter2"))
    assert logged.text == "ssn=[redacted], [redacted]"
    assert one.event(CancelRequested(**at, reason="hunter2 is out")).reason == "[redacted] is out"
    error = ErrorInfo("E", "hunter2", "line: hunter2", hint="not hunter2")
    assert one.error(error) == ErrorInfo("E", REDACTED, "line: [redacted]", hint="not [redacted]")


def test_a_sensitive_parameter_is_known_by_its_text_from_then_on(recording):
    one = recording(sensitive_fields=("ssn",))
    assert one.params({"ssn": "078-05-1120", "city": "Oslo"}) == {"ssn": REDACTED, "city": "Oslo"}
    assert one.text("called 078-05-1120") == "called [redacted]"
    assert one.params({"ssn": REDACTED}) == {"ssn": REDACTED}


def test_inputs_that_are_not_logged_are_named_only(recording):
    created = RunCreated(
        run="r", seq=0, at=1.0, flow="f", version="v", trigger="cli", nodes=(), params={"n": 3}
    )
    assert recording(log_inputs=False).event(created).params == {"n": REDACTED}


@pytest.mark.parametrize("size", [1, 5000])
def test_a_redacted_value_is_marked_and_one_that_is_clean_is_not(recording, size):
    vault = recording(sensitive_fields=("ssn",)).vault
    dirty, clean = [{"ssn": "1-2"}] * size, [{"age": 3}] * size
    for value, marked in ((dirty, True), (clean, False)):
        ref = vault.inline(value) or vault.put(value)
        assert ref.redacted is marked
        assert vault.inner.shown(ref) == ([{"ssn": REDACTED}] * size if marked else clean)


def test_what_cannot_be_looked_into_is_not_kept(recording):
    ref = recording(sensitive_fields=("ssn",)).vault.put(object())
    assert (ref.format, ref.redacted, ref.type) == (ValueFormat.NONE, True, "object")
    assert "cannot be looked into" in ref.reason


def test_an_output_of_a_sensitive_name_is_not_kept_and_not_shown(recording):
    one = recording(sensitive_fields=("pin",))
    assert one.hidden("pin", "8471-2264").redacted
    assert one.hidden("total", 3) is None
    assert one.shown({"pin": "8471-2264", "total": 3}) == {"pin": REDACTED, "total": 3}
    assert one.text("it is 8471-2264") == "it is [redacted]"


def test_a_value_known_from_before_is_not_repeated(recording):
    ref = recording().vault.inline({"ssn": "1-2-3"})
    event = NodeReused(run="r", seq=3, at=1.0, node="a", outputs={"a": ref})
    kept = recording(sensitive_fields=("ssn",)).event(event).outputs["a"]
    assert (kept.format, kept.redacted) == (ValueFormat.NONE, True)
    assert not kept.inline


def test_a_completed_node_stays_whole_in_a_full_journal(recording):
    event = NodeCompleted(run="r", seq=3, at=1.0, node="a", attempt=1, ms=2.0, cache_key="k")
    assert recording(sensitive_fields=("ssn",)).event(event) == event


@pytest.mark.parametrize("options", [{"sensitive_fields": ("ssn",)}, {"log_inputs": False}])
def test_digests_of_what_is_kept_back_are_not_written(recording, options):
    parts = {"code": "c", "names": "n", "input:pin": "p"}
    event = NodeCompleted(run="r", seq=3, at=1.0, node="a", attempt=1, ms=2.0, cache_parts=parts)
    assert recording(**options).event(event).cache_parts == {"code": "c"}
    assert recording(durability="os").event(event).cache_parts == parts


def test_what_the_cache_gave_as_a_result_is_not_repeated_either(recording):
    kept = recording().vault.inline({"ssn": "1-2-3"})
    event = NodeReused(run="r", seq=3, at=1.0, node="a", outputs={"a": kept}, result=kept)
    one = recording(sensitive_fields=("ssn",))
    assert (one.event(event).result.format, one.event(event).result.redacted) == (
        ValueFormat.NONE,
        True,
    )
    hidden = NodeReused(run="r", seq=3, at=1.0, node="a", outputs={"ssn": kept}, result=kept)
    assert one.event(hidden).result is None
