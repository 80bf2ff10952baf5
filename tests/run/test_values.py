"""Values become references before their step counts as done."""

from __future__ import annotations

import asyncio

import pytest
from tests.run.plans import n, plan_of

from flowbook.errors import StoreBusy, ValueUnavailable
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.node import Outputs
from flowbook.run.values import RESULT, Keeper, Unkept, inputs_of


class Picky(Unkept):
    def inline(self, value):
        return None if isinstance(value, bytes) else super().inline(value)

    def put(self, value):
        if value == b"broken":
            raise OSError("disk full")
        return ValueRef("abc", ValueFormat.BYTES, "bytes")


@pytest.fixture
def keeper():
    loop = asyncio.new_event_loop()
    yield Keeper(loop, Picky(), None)
    loop.close()


def kept(keeper, outputs):
    answers = []
    keeper.keep(outputs, answers.append)
    return answers


def test_light_and_heavy_values_are_referred_to_alike(keeper):
    (refs,) = kept(keeper, Outputs({"a": 1, "b": b"heavy"}, result="r"))
    assert {port: ref.type for port, ref in refs.items()} == {
        "a": "int",
        "b": "bytes",
        RESULT: "str",
    }


def test_a_vault_that_breaks_is_an_answer_and_no_crash(keeper):
    (error,) = kept(keeper, Outputs({"a": b"broken"}))
    assert str(error) == "disk full"
    with pytest.raises(OSError, match="disk full"):
        keeper.keep_here(Outputs({"a": b"broken"}))


def test_a_cache_that_breaks_does_not_know_and_says_so_in_the_log(keeper, caplog):
    def broken():
        raise RuntimeError("no such column")

    answers = []
    keeper.recall(broken, answers.append)
    assert [(answer.event, answer.why) for answer in answers] == [
        (None, "cache could not be asked; the log says why")
    ]
    assert "no such column" in caplog.text


def test_a_cache_that_is_busy_says_so_and_nothing_is_logged(keeper, caplog):
    def busy():
        raise StoreBusy("held by another")

    answers = []
    keeper.recall(busy, answers.append)
    assert answers[0].why == "cache could not be asked: held by another"
    assert not caplog.text


def test_what_was_not_kept_cannot_come_back():
    vault = Unkept()
    with pytest.raises(ValueUnavailable, match="was not kept"):
        vault.get(vault.put(1))


def test_a_dead_branch_is_absent_from_the_inputs():
    plan = plan_of(n("a", outputs=("x", "y")), n("b", "a.x", "a.y", params=("city", "days")))
    values = [Outputs({"x": 1}), None]
    assert inputs_of(plan.steps[1], 0, values, {"city": "Oslo"}) == {"a_x": 1, "city": "Oslo"}
