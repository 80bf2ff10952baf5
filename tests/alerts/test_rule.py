"""What can be a rule, and what it is about."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.alerts.rule import rule_of
from flowbook.errors import UsageError
from flowbook.events import TriggerKind

FAILED = {"name": "n", "when": {"on": "failed"}, "to": [{"channel": "lab"}]}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"name": ""}, "name"),
        ({"name": "a b"}, "name"),
        ({"when": {"on": "late"}}, "late"),
        ({"when": {"on": "slow", "percentile": 100}}, "percentile"),
        ({"when": {"on": "slow", "over": 0}}, "over"),
        ({"when": {"on": "resources", "what": "disk"}}, "disk"),
        ({"to": []}, "to"),
        ({"to": [{"channel": "slack"}]}, "secret"),
        ({"to": [{"channel": "email"}]}, "e-mail"),
        ({"quiet": -1}, "quiet"),
        ({"triggers": ["test"]}, "test run"),
        ({"when": {"on": "slow"}, "first_only": True}, "failures"),
    ],
)
def test_what_cannot_be_is_refused_and_named(said, told):
    with pytest.raises(UsageError, match=told):
        rule_of(FAILED | said)


def test_a_rule_comes_back_from_its_json_as_it_was():
    rule = rule_of(
        {
            **FAILED,
            "when": {"on": "resources", "what": "memory", "limit": 2e9, "node": "score"},
            "to": [{"channel": "email", "to": ["ada@example.org"]}, {"channel": "lab"}],
            "triggers": ["cron"],
            "quiet": 60,
        }
    )
    assert rule_of(msgspec.json.decode(msgspec.json.encode(rule))) == rule


@pytest.mark.parametrize(
    ("flow", "name", "expected"),
    [
        ("*", "daily", True),
        ("daily", "daily", True),
        ("daily", "daily_sales", False),
        ("daily*", "daily_sales", True),
        ("Daily*", "daily", False),
        ("d?y", "day", True),
    ],
)
def test_a_flow_is_named_or_a_pattern(flow, name, expected):
    assert rule_of(FAILED | {"flow": flow}).watches(name, TriggerKind.CRON) is expected


@given(st.sampled_from(list(TriggerKind)), st.sets(st.sampled_from(list(TriggerKind))))
def test_a_test_run_tells_nobody_whatever_the_rule_says(trigger, triggers):
    rule = msgspec.structs.replace(rule_of(FAILED), triggers=tuple(triggers))
    watched = rule.watches("daily", trigger)
    assert not (watched and trigger is TriggerKind.TEST)
    if triggers:
        assert watched is (trigger in triggers - {TriggerKind.TEST})


def test_sub_flows_and_evaluations_are_watched_only_when_they_are_named():
    every, named = rule_of(FAILED), rule_of(FAILED | {"triggers": ["subflow"]})
    assert [every.watches("f", one) for one in ("subflow", "eval", "manual")] == [
        False,
        False,
        True,
    ]
    assert named.watches("f", "subflow")
    assert not named.watches("f", "manual")
