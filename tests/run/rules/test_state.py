"""The fold: from events alone, as far as the table goes, and the same in both languages."""

from __future__ import annotations

import json

import msgspec
import pytest
from tests.run.histories import GOLDEN, Play, goldens
from tests.run.plans import n

from flowbook.errors import IllegalTransition
from flowbook.events import NodeCompleted, NodeStarted, RunStatus, decode
from flowbook.run.rules.evolve import evolve, fold
from flowbook.run.rules.phase import TABLE, Outcome, Phase
from flowbook.run.view import view

FILES = sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_history_folds_to_its_view(path):
    golden = json.loads(path.read_text(encoding="utf-8"))
    events = [decode(json.dumps(event)) for event in golden["events"]]
    assert view(fold(events)) == golden["view"]
    inside = [
        node for blocks in events[0].blocks.values() for block in blocks.values() for node in block
    ]
    assert list(golden["view"]["nodes"]) == golden["nodes"] + inside


def test_the_golden_histories_are_what_decide_says_today():
    assert {path.stem: path.read_text(encoding="utf-8") for path in FILES} == dict(goldens())


def test_a_fold_without_the_plan_shows_the_same():
    run = Play(n("a"), n("b", "a"), n("c", "b")).returns("a").fails("b")
    assert view(fold(run.events)) == view(run.state)


def test_only_a_step_that_is_done_has_an_outcome():
    assert all((phase is Phase.DONE) == (outcome is not None) for phase, outcome in changes())
    assert {outcome for _, outcome in changes()} - {None} == set(Outcome)
    assert {phase for phase, _ in changes()} == set(Phase) - {Phase.WAITING, Phase.STANDBY}


def changes():
    return [move for (before, _), move in TABLE.items() if before is not move[0]]


def test_a_hole_in_the_numbering_is_refused():
    run = Play(n("a")).returns("a")
    with pytest.raises(IllegalTransition, match=r"event 2") as caught:
        fold([*run.events[:2], *run.events[3:]])
    assert caught.value.subject == "the run"


def test_an_illegal_event_changes_nothing_and_names_the_step():
    run = Play(n("a"))
    before = view(run.state)
    again = NodeStarted(run=run.state.run, seq=run.state.seq, at=1.0, node="a", attempt=2)
    with pytest.raises(IllegalTransition, match="'running'") as caught:
        evolve(run.state, again)
    assert caught.value.subject == "a"
    assert caught.value.story[-1] is again
    assert view(run.state) == before


def test_an_event_of_an_unknown_node_is_refused():
    run = Play(n("a"))
    stray = NodeCompleted(run=run.state.run, seq=run.state.seq, at=1.0, node="x", attempt=1, ms=1.0)
    with pytest.raises(IllegalTransition, match="no such node"):
        evolve(run.state, stray)


def test_nothing_follows_the_end():
    run = Play(n("a")).returns("a")
    assert run.state.status is RunStatus.SUCCEEDED
    late = msgspec.structs.replace(run.events[-1], seq=run.state.seq)
    with pytest.raises(IllegalTransition, match="over"):
        evolve(run.state, late)
