"""Schedules and slots as they are written and read: the newest word counts, folded or not."""

from datetime import UTC, datetime, timedelta

import pytest

from flowbook.store.facts import DecidedSlot

T0 = 1_800_000_000.0


def at(seconds):
    return datetime.fromtimestamp(T0, UTC) + timedelta(seconds=seconds)


def slot(seconds, verdict="run", reason="on_time", **more):
    return DecidedSlot(scheduled_for=T0 + seconds, verdict=verdict, reason=reason, **more)


@pytest.fixture(params=[False, True], ids=["journalled", "folded"])
def agenda(store, request):
    """An agenda of which every word is folded at once, or none is."""
    agenda = store.agenda
    agenda.clock = T0
    agenda.now = lambda: agenda.clock
    if request.param:
        append = agenda._append

        def folding(facts):
            done = append(facts)
            done.result(5)
            store.fold()
            return done

        agenda._append = folding
    return agenda


def save(agenda, name="nightly", **more):
    settings = {"cron": "@daily", "input_data": {"city": "Oslo"}, **more}
    agenda.save(name, "tour", "tour.ipynb", settings, agenda.clock, agenda.clock + 10)


def test_a_schedule_is_as_it_was_saved_last(agenda):
    save(agenda)
    agenda.clock += 5
    save(agenda, overlap="parallel")
    (row,) = agenda.schedules()
    assert row.settings["overlap"] == "parallel"
    assert (row.since, row.next_run, row.decided_until) == (at(5), at(15), at(5))


def test_what_is_decided_moves_a_schedule_on(agenda):
    save(agenda)
    agenda.decide("nightly", "tour", [slot(10, run="r1")], upto=T0 + 10, next_run=T0 + 20)
    (row,) = agenda.schedules()
    assert (row.decided_until, row.next_run) == (at(10), at(20))


def test_a_word_about_one_slot_moves_nothing(agenda):
    save(agenda)
    agenda.decide("nightly", "tour", [slot(10, run="r1")], upto=T0 + 10, next_run=T0 + 20)
    agenda.decide("nightly", "tour", [slot(10, run="r1", begun=True)])
    (row,) = agenda.schedules()
    assert (row.decided_until, row.next_run) == (at(10), at(20))


def test_the_last_moment_leaves_no_next_one(agenda):
    save(agenda)
    agenda.decide("nightly", "tour", [slot(10, run="r1")], upto=T0 + 10)
    assert agenda.schedules()[0].next_run is None


def test_a_paused_schedule_has_no_next_moment(agenda):
    save(agenda, enabled=False)
    assert agenda.schedules()[0].next_run is None


def test_a_schedule_that_is_removed_is_gone_and_its_slots_are_not(agenda):
    save(agenda)
    agenda.decide("nightly", "tour", [slot(10)], upto=T0 + 10)
    agenda.remove("nightly", "tour")
    assert agenda.schedules() == ()
    assert [one.scheduled_for for one in agenda.slots("nightly")] == [at(10)]


def test_of_two_words_in_one_moment_the_later_one_counts(agenda):
    save(agenda)
    agenda.decide("nightly", "tour", [slot(10, "wait", "still_running")], upto=T0 + 10)
    agenda.decide("nightly", "tour", [slot(10, "run", "its_turn", run="r1")])
    (one,) = agenda.slots("nightly")
    assert (one.verdict, one.reason, one.run_id, one.begun) == ("run", "its_turn", "r1", False)


def test_what_waits_or_has_not_begun_is_unsettled(agenda):
    save(agenda)
    agenda.decide("nightly", "tour", [slot(3, "skip", "missed"), slot(2, run="r1"),
                                      slot(1, "wait", "not_ready"), slot(4, run="r2", begun=True)],
                  upto=T0 + 4)  # fmt: skip
    assert [one.scheduled_for for one in agenda.unsettled()] == [at(1), at(2)]


def test_slots_are_found_by_their_moment_and_in_a_stretch(agenda):
    save(agenda)
    agenda.decide("nightly", "tour", [slot(n + 0.000001) for n in range(5)], upto=T0 + 5)
    exact = at(2) + timedelta(microseconds=1)
    assert agenda.slot("nightly", exact).scheduled_for == exact
    assert agenda.slot("nightly", at(2)) is None
    assert len(agenda.within("nightly", at(1), at(3))) == 2
    assert len(agenda.slots("nightly", 3)) == 3


def test_saving_and_removing_are_accounted_for(store, agenda):
    save(agenda)
    agenda.remove("nightly", "tour")
    entries = store.audit.search(limit=5).entries
    assert sorted(one.action for one in entries) == ["SCHEDULED", "UNSCHEDULED"]
    assert {one.metadata["schedule"] for one in entries} == {"nightly"}
