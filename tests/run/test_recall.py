"""The cache key: the same for the same code over the same content, and for nothing else."""

from __future__ import annotations

import msgspec
import pytest

from flowbook.events import ValueFormat, ValueRef
from flowbook.graph.options import Options
from flowbook.ids import NodeId, PortName
from flowbook.plan.plan import Binding, FromParam, FromStep, Step, StepIndex
from flowbook.run.recall import cache_key
from flowbook.run.work import Work

ROWS = ValueRef("", ValueFormat.JSON, "list", inline=msgspec.Raw(b"[1,2]"))
FRAME = ValueRef("ab12", ValueFormat.PARQUET, "pandas.DataFrame")


def key(*, own="code", content="", rows=ROWS, city="Oslo"):
    step = Step(
        index=StepIndex(1),
        node=NodeId("clean"),
        kind="python",
        bindings=(
            Binding(PortName("rows"), FromStep(StepIndex(0), PortName("out"))),
            Binding(PortName("city"), FromParam(PortName("city"))),
        ),
        outputs=(PortName("clean"),),
        options=Options(cache=True),
        hash="whole",
        own=own,
    )
    outputs = [{} if rows is None else {PortName("out"): rows}, {}]
    work = Work(lambda context, inputs: None, content=content)
    return cache_key(step, work, outputs, {PortName("city"): city})


def test_the_same_gives_the_same():
    assert key() == key()


@pytest.mark.parametrize(
    "other",
    [
        {"own": "other code"},
        {"content": "other captured names"},
        {"rows": FRAME},
        {"rows": msgspec.structs.replace(FRAME, hash="cd34")},
        {"rows": msgspec.structs.replace(ROWS, inline=msgspec.Raw(b"[1,3]"))},
        {"rows": None},
        {"city": "Rome"},
    ],
)
def test_whatever_differs_gives_another(other):
    assert key(**other) not in (None, key())


def test_what_has_no_known_content_has_no_key():
    unkept = ValueRef("", ValueFormat.NONE, "socket", reason="cannot be kept")
    assert key(rows=unkept) is None


@pytest.mark.parametrize("flaw", ["redacted", "pictured"])
def test_what_was_kept_as_less_than_it_was_has_no_key(flaw):
    assert key(rows=msgspec.structs.replace(ROWS, **{flaw: True})) is None
    assert key(content=None) is None
