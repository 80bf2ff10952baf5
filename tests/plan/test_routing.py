"""Which version a run takes follows from the rule and the run's key, and from nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import UsageError
from flowbook.plan.routing import Choice, Routing, Target, place_of

KEYS = [f"2026-05-01T{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("draft", "draft"),
        ("published", "published"),
        ("pinned(3)", "pinned(3)"),
        (" pinned( 5f3a ) ", "pinned(5f3a)"),
        ("canary(10)", "canary(10)"),
        ("canary(12.5%)", "canary(12.5)"),
        ("canary( 10 , 4 )", "canary(10, 4)"),
        ("published()", "published"),
    ],
)
def test_a_rule_is_written_as_it_is_read(written, told):
    assert str(Routing.parse(written)) == told
    assert Routing.parse(told) == Routing.parse(written)


@pytest.mark.parametrize(
    "written",
    [
        "", "newest", "published(3)", "pinned", "pinned(1, 2)", "canary", "canary(101)",
        "canary(-1)", "canary(ten)", "canary(1, 2, 3)", "pinned(3", "canary(nan)",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_those_there_are(written):
    with pytest.raises(UsageError, match="does not say which version") as refused:
        Routing.parse(written)
    assert "canary(10, 4)" in str(refused.value.hint)


def test_a_rule_without_chance_says_what_it_says():
    assert Routing.parse("published").decide("report", "k") == Choice("published", "published")
    assert Routing.parse("draft").decide("report", "k") == Choice("draft", "draft")
    assert Routing.parse("pinned(3)").decide("report", "k") == Choice("3", "pinned(3)")


def test_a_canary_takes_about_as_many_as_it_says_and_tells_where_the_key_falls():
    rule = Routing.parse("canary(10)")
    chosen = [rule.decide("report", key) for key in KEYS]
    taken = [one for one in chosen if one.version == "draft"]
    assert {one.version for one in chosen} == {"draft", "published"}
    assert 0.08 < len(taken) / len(KEYS) < 0.12
    place = place_of("report", KEYS[0])
    assert f"falls to {place:.2f} of 100" in chosen[0].why


@given(st.text(), st.text(), st.floats(0, 100), st.floats(0, 100))
def test_who_is_taken_by_a_small_canary_is_taken_by_a_larger_one(flow, key, one, other):
    small, large = sorted((one, other))
    if Routing(Target.CANARY, "4", small).decide(flow, key).version == "4":
        assert Routing(Target.CANARY, "4", large).decide(flow, key).version == "4"
    assert 0 <= place_of(flow, key) < 100


def test_the_ends_of_a_canary_take_nobody_and_everybody():
    assert {Routing.parse("canary(0)").decide("f", key).version for key in KEYS} == {"published"}
    assert {Routing.parse("canary(100)").decide("f", key).version for key in KEYS} == {"draft"}


def test_a_key_falls_to_the_same_place_in_every_process():
    code = "from flowbook.plan.routing import place_of; print(place_of('report', '2026-05-01'))"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(told.stdout) == place_of("report", "2026-05-01")
    assert place_of("other", "2026-05-01") != place_of("report", "2026-05-01")
