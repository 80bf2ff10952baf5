"""Which change made a run bad: between two runs, and between two versions."""

from __future__ import annotations

import json

import pytest

import flowbook
from flowbook.errors import UsageError
from flowbook.graph.halving import Verdict


@pytest.fixture
def flow(project):
    made = flowbook.Flow("price", host=project)
    made.python("net", "float(base)", inputs={"base": 10.0})
    made.python("shipped", "net + fee", inputs={"net": made["net"], "fee": 1.0})
    made.python("taxed", "shipped * (1 + rate)", inputs={"shipped": made["shipped"], "rate": 0.5})
    made.python("told", "f'{taxed} {unit}'", inputs={"taxed": made["taxed"], "unit": "EUR"})
    return made


def edited(flow, node, body):
    """Give a node of the flow another body."""
    from dataclasses import replace

    from flowbook.graph.edits import ReplaceNode

    flow.apply(ReplaceNode(replace(flow.spec().by_id[node], body=body)))


def test_a_parameter_among_several(flow, project):
    good = flow.run()
    bad = flow.run(base=10.0, fee=1.0, rate=5.0, unit="NOK")
    told = []
    found = flow.bisect(
        good, bad, output="taxed", progress=lambda trial, left: told.append((trial.verdict, left))
    )
    assert [(one.kind, one.name) for one in found.found] == [("parameter", "rate")]
    assert told[0][0] is Verdict.BAD
    assert len(found.runs) == len(found.trials) == len(told)
    assert all(project.history.run(run).origin == good.id for run in found.runs)
    assert "parameter rate: 0.5 → 5.0" in repr(found)
    json.dumps(found.to_json())
    found.discard()
    assert {row.id for row in project.history.runs().runs} == {good.id, bad.id}


def test_the_code_of_one_node_among_others(flow):
    good = flow.run()
    edited(flow, "net", "float(base) # the same")
    edited(flow, "shipped", "net + fee + 0")
    edited(flow, "taxed", "shipped * rate")
    edited(flow, "told", "f'{taxed} in {unit}'")
    bad = flow.run(base=10.0)
    found = flow.bisect(good, bad, output="taxed")
    assert [(one.kind, one.name) for one in found.found] == [("code", "taxed")]
    assert found.alone is not False
    assert flow.spec().by_id["taxed"].body == "shipped * rate"  # the flow itself is as it was


def test_a_failure_is_what_is_bad_where_nothing_else_is_said(project):
    made = flowbook.Flow("shaky", host=project)
    made.python("first", "n", inputs={"n": 1})
    made.python("second", "first / d", inputs={"first": made["first"], "d": 2})
    good, bad = made.run(), made.run(n=5, d=0)
    found = made.bisect(good, bad)
    assert [one.name for one in found.found] == ["d"]
    assert [one.verdict for one in found.trials].count(Verdict.BAD) >= 1


def test_what_a_node_read_from_outside(project, tmp_path):
    made = flowbook.Flow("outside", host=project)
    (tmp_path / "rate").write_text("2")

    @made.node
    def rate():
        return float((tmp_path / "rate").read_text())

    @made.node
    def total(rate, n: int = 3):
        return rate * (1 if n else 0)

    good = made.run()
    (tmp_path / "rate").write_text("7")
    bad = made.run(n=4)
    found = made.bisect(good, bad)
    assert [(one.kind, one.name) for one in found.found] == [("input", "rate")]


def test_a_test_says_what_is_good_and_may_not_know(flow):
    good, bad = flow.run(), flow.run(base=100.0, fee=7.0, rate=9.0)
    found = flow.bisect(good, bad, test=lambda run: run["shipped"].output < 100)
    assert [one.name for one in found.found] == ["base"]
    unsure = flow.bisect(good, bad, test=lambda run: True if run["shipped"].output == 11 else None)
    assert len(unsure.found) == 3


def test_changes_that_are_bad_together_only_are_told_so(project):
    made = flowbook.Flow("both", host=project)
    made.python("sum", "bool(a and b)", inputs={"a": 0, "b": 0})
    found = made.bisect(made.run(), made.run(a=1, b=1))
    assert [one.name for one in found.found] == ["b"]
    assert found.alone is False
    assert "together with changes before it" in found.summary


def test_a_difference_that_no_change_makes_is_found_out(project, tmp_path):
    made = flowbook.Flow("moody", host=project)
    (tmp_path / "mood").write_text("good")
    mood = tmp_path / "mood"

    @made.node
    def first(n: int = 1):
        return mood.read_text()

    good = made.run()
    mood.write_text("bad")
    bad = made.run(n=2)
    mood.write_text("good")
    found = made.bisect(good, bad)
    assert found.found == ()
    assert "nothing that they change" in found.summary


def test_what_cannot_be_bisected_is_refused(flow):
    good = flow.run()
    with pytest.raises(UsageError, match="nothing that is recorded differs"):
        flow.bisect(good, flow.run())
    with pytest.raises(UsageError, match="is not good"):
        flow.bisect(good, flow.run(rate=1.0), test=lambda _run: False)
    with pytest.raises(UsageError, match="a test has to say"):
        flow.bisect(1, 2)
    with pytest.raises(UsageError, match="no version 9"):
        flow.bisect(1, 9, test=bool)


def test_between_versions(flow):
    for number in range(1, 7):
        edited(flow, "told", f"'version {number}' if {number} < 4 else 'broken {number}'")
        flow.run()
    found = flow.bisect(1, 6, test=lambda run: run["told"].output.startswith("version"))
    assert [(one.kind, one.name) for one in found.found] == [("version", "4")]
    assert len(found.trials) <= 4
    before = len(flow.versions())
    found.discard()
    assert len(flow.versions()) == before
