"""What a call used is checked where it is said, and is never lost."""

from __future__ import annotations

import math
import threading
from decimal import Decimal

import numpy as np
import pytest
from tests.run.plans import n, plan_of

from flowbook.errors import UsageError
from flowbook.events import NodeCancelled, NodeCompleted, NodeFailed, NodeRetryScheduled
from flowbook.events.values import Usage
from flowbook.run.rules.phase import Outcome
from flowbook.run.usage import MOST_CALLS, MOST_TOKENS, Meter, usage_of


def call(model="small", **amounts):
    return usage_of("acme", model, amounts)


def test_amounts_that_are_known_are_kept_and_the_total_is_counted():
    assert call(prompt_tokens=7, completion_tokens=2) == Usage("acme", "small", 7, 2, 9)
    assert call(prompt_tokens=7, total_tokens=20).total_tokens == 20
    assert call() == Usage("acme", "small")


def test_numbers_of_other_libraries_are_numbers():
    used = call(prompt_tokens=np.int64(3), cost=Decimal("0.25"), total_tokens=None)
    assert (used.prompt_tokens, used.total_tokens, used.cost) == (3, 3, 0.25)
    assert (type(used.prompt_tokens), type(used.cost)) == (int, float)


@pytest.mark.parametrize("wrong", [-1, 1.5, "12", True, math.nan, MOST_TOKENS + 1, [1]])
def test_tokens_that_are_no_count_are_refused(wrong):
    with pytest.raises(UsageError, match=r"prompt_tokens is .*\n.*whole number"):
        call(prompt_tokens=wrong)


@pytest.mark.parametrize("wrong", [-0.01, math.inf, math.nan, "1", True, 10**400, object()])
def test_a_cost_that_is_no_sum_of_money_is_refused(wrong):
    with pytest.raises(UsageError, match=r"cost is .*\n.*US dollars"):
        call(cost=wrong)


@pytest.mark.parametrize("wrong", ["", "  ", None, 7, "x" * 201])
def test_who_served_it_has_a_name(wrong):
    with pytest.raises(UsageError, match="the model of a usage"):
        usage_of("acme", wrong, {})
    with pytest.raises(UsageError, match="the provider of a usage"):
        usage_of(wrong, "small", {})


def test_an_amount_nobody_knows_is_refused_by_name():
    with pytest.raises(UsageError, match=r"usage has no 'tokens'\n.*prompt_tokens"):
        call(tokens=3)
    with pytest.raises(UsageError, match="is_estimate is 1"):
        call(is_estimate=1)


def test_a_name_that_utf8_lacks_is_written_all_the_same():
    assert usage_of("acme", "sm\ud800all", {}).model == "sm?all"


def test_very_many_calls_are_added_up_by_model_and_nothing_is_lost():
    meter = Meter()
    for i in range(MOST_CALLS + 10):
        model = "small" if i % 2 else "large"
        meter.add((0, 1), call(model, prompt_tokens=1, cost=0.5))
    meter.add((0, 1), call("large", prompt_tokens=4))
    calls = meter.take((0, 1))
    assert len(calls) == MOST_CALLS + 3
    assert sum(one.prompt_tokens for one in calls) == MOST_CALLS + 14
    assert sum(one.cost or 0 for one in calls) == (MOST_CALLS + 10) / 2
    assert meter.take((0, 1)) == ()


# ---------------------------------------------------------------- in a run


def used(events, kind):
    return [
        [(one.model, one.total_tokens) for one in event.usage]
        for event in events
        if isinstance(event, kind)
    ]


def test_every_attempt_has_its_own(start, kept):
    def ask(context, inputs):
        context.record_usage("acme", "small", prompt_tokens=context.attempt)
        context.record_usage("acme", "large", prompt_tokens=10 * context.attempt)
        if context.attempt < 3:
            raise ConnectionError("busy")

    start(plan_of(n("a", retries=2)), {"a": ask}, sink=kept).wait(5)
    assert used(kept.events, NodeRetryScheduled) == [
        [("small", 1), ("large", 10)],
        [("small", 2), ("large", 20)],
    ]
    assert used(kept.events, NodeCompleted) == [[("small", 3), ("large", 30)]]


def test_the_last_failed_attempt_and_a_result_of_the_wrong_shape_count_too(start, kept):
    def ask(context, inputs):
        context.record_usage("acme", "small", prompt_tokens=1)
        return 5

    run = start(plan_of(n("a", outputs=["x", "y"])), {"a": ask}, sink=kept).wait(5)
    assert run["a"].outcome is Outcome.FAILED
    assert used(kept.events, NodeFailed) == [[("small", 1)]]


def test_what_was_spent_before_a_timeout_or_a_cancel_counts(start, kept):
    asked = threading.Event()

    def ask(context, inputs):
        context.record_usage("acme", "small", prompt_tokens=1)
        asked.set()
        while not context.cancelled():
            threading.Event().wait(0.005)

    run = start(plan_of(n("late", timeout=0.2), n("stopped")), dict.fromkeys(
        ("late", "stopped"), ask), sink=kept)  # fmt: skip
    gone = threading.Event()
    run.subscribe(lambda told: gone.set() if isinstance(told, NodeFailed) else None)
    assert gone.wait(5)
    run.cancel()
    run.wait(5)
    assert used(kept.events, NodeFailed) == [[("small", 1)]]
    assert used(kept.events, NodeCancelled) == [[("small", 1)]]


def test_a_wrong_amount_fails_the_node_where_it_is_said(start):
    run = start(
        plan_of(n("a", on="process")),
        {"a": lambda context, inputs: context.record_usage("acme", "small", prompt_tokens=-1)},
    ).wait(20)
    assert run["a"].error.name == "UsageError"
    assert "prompt_tokens is -1" in run["a"].error.message
