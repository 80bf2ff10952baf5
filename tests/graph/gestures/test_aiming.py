"""Every input says whether an output may lead there, and why not."""

from __future__ import annotations

import pytest
from tests.graph.gestures.flows import KINDS, TOUR, flow

from flowbook.errors import EditRejected
from flowbook.graph.gestures.aiming import targets
from flowbook.plan.fitting import misfit_of


def aims(spec, node, port):
    misfit = misfit_of(spec, KINDS, node, port)
    return {(one.node, one.input): one for one in targets(spec, node, port, misfit)}


def test_an_output_may_lead_to_what_comes_after_and_to_nothing_before():
    found = aims(flow(*TOUR), "clean", "clean")
    assert found["report", "k"].refused == ""
    assert found["report", ""].refused == ""
    assert "cycle: load → clean → load" in found["load", ""].refused
    assert not any(node == "clean" for node, _ in found)


def test_an_input_says_what_feeds_it_now():
    spec = flow(*TOUR, "%%flow top(limit=3)\nlimit")
    found = aims(spec, "load", "rows")
    assert found["report", "d"].replaces == "clean.clean"
    assert found["top", "limit"].replaces == "parameter limit"


def test_types_that_exclude_each_other_are_told():
    spec = flow("%%flow a -> text: str\ntext = 'x'", "%%flow b(n: int, s: str)\nn, s")
    found = aims(spec, "a", "text")
    assert found["b", "n"].refused == "string feeds integer"
    assert found["b", "s"].refused == ""


def test_nobody_outside_reads_what_is_inside():
    spec = flow(
        "%%flow map each(items=[1])",
        "%%flow one --in each\nitem",
        "%%flow other(each)\neach",
    )
    assert "inside of 'each'" in aims(spec, "one", "one")["other", "each"].refused
    assert aims(spec, "other", "other")["one", ""].refused.startswith("it would close a cycle")
    assert aims(spec, "each", "each")["one", ""].refused == "'one' is inside of it"


def test_an_output_that_is_not_there_is_named():
    with pytest.raises(EditRejected, match="has no output 'row'"):
        targets(flow(*TOUR), "load", "row")
