from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.widget.stage import RUN, completed, created, started

from flowbook.events import NodeCompleted, NodeLogged
from flowbook.ids import EventSeq, NodeId, RunId
from flowbook.widget.stream import MOST_PIECES, Coalescer
from flowbook.widget.views import FlowView, ProgressView, RunView, StreamView

FLOW = FlowView("tour")


def test_facts_of_one_interval_go_out_together_and_in_order():
    stream = Coalescer()
    stream.facts((started(2),))
    stream.facts((created(), completed(3)))
    batch = stream.batch(now=0.0)
    assert [event.seq for event in batch.events] == [0, 2, 3]
    assert stream.due(now=0.0) is None


def test_the_next_message_waits_for_the_interval():
    stream = Coalescer(interval=0.05)
    stream.facts((created(),))
    assert stream.due(now=10.0) == 0.0
    stream.batch(now=10.0)
    stream.facts((started(1),))
    assert abs(stream.due(now=10.01) - 0.04) < 1e-9
    assert stream.due(now=10.05) == 0.0


def test_of_several_progress_notices_only_the_last_survives():
    stream = Coalescer()
    for done in (1.0, 2.0, 3.0):
        stream.progress(ProgressView(NodeId("clean"), done, 3.0))
    stream.progress(ProgressView(NodeId("fetch"), 1.0))
    assert [(p.node, p.done) for p in stream.batch(0.0).progress] == [
        ("clean", 3.0),
        ("fetch", 1.0),
    ]


def test_a_fact_told_twice_is_sent_once():
    stream = Coalescer()
    stream.facts((created(), started(1)))
    stream.facts((started(1),))
    assert len(stream.batch(0.0).events) == 2
    stream.facts((started(1),))
    assert stream.due(1.0) is None


def test_log_lines_are_never_pushed():
    stream = Coalescer()
    logged = NodeLogged(
        run=RUN, seq=EventSeq(1), at=1.0, node=NodeId("fetch"), stream="stdout", text="x"
    )
    stream.facts((logged,))
    assert stream.due(0.0) is None
    assert stream.snapshot(0.0, FLOW, RunView(RUN, (created(), logged))).run.events == (created(),)


def test_inline_values_stay_at_home():
    stream = Coalescer()
    stream.facts((completed(1, inline=b"[1,2]"),))
    (event,) = stream.batch(0.0).events
    assert isinstance(event, NodeCompleted)
    assert event.outputs["rows"].inline is msgspec.UNSET


def test_a_snapshot_takes_in_what_waits_and_nothing_is_told_again():
    stream = Coalescer()
    stream.facts((completed(2),))
    told = stream.snapshot(0.0, FLOW, RunView(RUN, (created(), started(1))))
    assert [event.seq for event in told.run.events] == [0, 1, 2]
    assert stream.due(1.0) is None
    stream.facts((completed(2),))
    assert stream.due(1.0) is None


def test_a_snapshot_of_another_run_forgets_the_last_one():
    stream = Coalescer()
    stream.facts((started(1),))
    told = stream.snapshot(0.0, FLOW, RunView(RunId("run-2"), (created(RunId("run-2")),)))
    assert {event.run for event in told.run.events} == {"run-2"}
    assert stream.due(1.0) is None


@given(st.lists(st.sampled_from(["fact", "batch", "snapshot"]), max_size=40))
def test_whatever_happens_numbers_have_no_hole_and_no_fact_is_lost(story):
    stream, told, seqs, happened = Coalescer(interval=0.0), {}, [], [created()]
    for now, what in enumerate([*story, "fact", "batch"]):
        if what == "fact":
            happened.append(started(len(happened)))
            stream.facts(happened[-1:])
        elif what == "batch" and stream.due(float(now)) is not None:
            batch = stream.batch(float(now))
            seqs.append(batch.seq)
            told |= {event.seq: event for event in batch.events}
        elif what == "snapshot":
            shot = stream.snapshot(float(now), FLOW, RunView(RUN, tuple(happened)))
            seqs.append(shot.seq)
            told = {event.seq: event for event in shot.run.events}
    assert seqs == list(range(1, len(seqs) + 1))
    assert set(told) >= {event.seq for event in happened[1:]}


def token(index, text, attempt=1, node="fetch"):
    return StreamView(NodeId(node), "", attempt, "token", text, index)


def test_tokens_go_out_in_pieces_that_are_bounded():
    stream = Coalescer()
    for index in range(MOST_PIECES + 5):
        stream.stream(token(index, str(index % 10)))
    assert stream.due(now=0.0) == 0.0
    sent = stream.batch(0.0).streams
    assert len(sent) == MOST_PIECES
    assert "".join(one.text for one in sent) == "0123456789012"
    assert (sent[-1].chunk_index, sent[-1].chunks) == (MOST_PIECES - 1, 6)
    assert stream.due(now=1.0) is None


def test_a_piece_of_another_attempt_is_not_joined_with_the_last():
    stream = Coalescer()
    for index in range(MOST_PIECES):
        stream.stream(token(index, "a"))
    stream.stream(token(0, "b", attempt=2))
    assert stream.batch(0.0).streams[-1] == token(0, "b", attempt=2)


def test_of_data_only_the_last_goes_out():
    stream = Coalescer()
    for index in range(3):
        stream.stream(StreamView(NodeId("fetch"), "", 1, "data", str(index), index))
    (sent,) = stream.batch(0.0).streams
    assert (sent.text, sent.chunk_index, sent.chunks) == ("2", 0, 3)


def test_a_snapshot_makes_what_is_streamed_obsolete():
    stream = Coalescer()
    stream.stream(token(0, "a"))
    stream.snapshot(0.0, FLOW, RunView(RUN, (created(),)))
    assert stream.due(now=1.0) is None


def test_a_fresh_start_keeps_what_a_queued_run_waits_for():
    told = Coalescer().snapshot(0.0, FLOW, RunView(RUN, waits_for="max_runs=1 of tour"))
    assert (told.run.events, told.run.waits_for) == ((), "max_runs=1 of tour")
