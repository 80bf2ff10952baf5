"""Test cells as nodes: what holds, what a failure shows, and what is left as it was."""

from __future__ import annotations

import inspect

import pytest

from flowbook.errors import FlowSyntaxError
from flowbook.graph.spec import InputSpec, NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.checking import TestNode as Checking


def checking(body, **inputs):
    names = tuple(InputSpec(PortName(name)) for name in inputs)
    node = Checking(NodeSpec(NodeId("test_it"), "test", inputs=names, body=body))
    return node.run(None, inputs)


def failure(body, **inputs):
    with pytest.raises(AssertionError) as caught:
        checking(body, **inputs)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("assert x", "1 assertion held"),
        ("assert x\nassert x > 1, 'small'", "2 assertions held"),
        ("for one in range(1200):\n    assert one < 1200", "1,200 assertions held"),
        ("def check(y):\n    assert y\ncheck(x)", "1 assertion held"),
        ("x", "nothing failed, and it asserts nothing itself"),
    ],
)
def test_assertions_that_hold_are_counted(body, told):
    assert checking(body, x=2).result == told


@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        ("x == 3", ["x is 2"]),
        ("1 < x < 2", ["x is 2"]),
        ("len([x, 5]) == 3", ["[x, 5] is [2, 5]", "len([x, 5]) is 2"]),
        ("x not in {2: 'a'}", ["x is 2"]),
        ("not x", ["x is 2"]),
        ("x > 1 and x > 5", ["x is 2"]),
        ("x + 1 == 5", ["x is 2", "x + 1 is 3"]),
        ("f'{x}'.startswith('3')", []),
        ("str(x).startswith('3')", ["x is 2", "str(x) is '2'"]),
        ("all(y < 2 for y in [1, x, 1])", ["y is 2"]),
        ("(y := x) == 3", ["y := x is 2"]),
        ("x.real  ==  3", ["x is 2", "x.real is 2"]),
        ("False", []),
    ],
)
def test_a_failure_shows_the_values_of_its_parts(condition, parts):
    said = failure(f"assert {condition}", x=2)
    assert said == [f"assert {condition}", *(f"  {part}" for part in parts)]


def test_its_own_message_comes_first():
    assert failure("assert x == 3, 'three'", x=2)[0] == "three: assert x == 3"


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ([1, 2], [1, 3], "  they differ at [1]: 2 and 3"),
        ([1], [1, 3], "  there are 1 on the left and 2 on the right"),
        ({"a": 1}, {"a": 2}, "  they differ at ['a']: 1 and 2"),
        ({"a": 1, "b": 1}, {"a": 1}, "  'b' is missing on the right"),
    ],
)
def test_where_two_lists_or_mappings_differ_is_told(left, right, told):
    assert failure("assert left == right", left=left, right=right)[1] == told


def test_a_long_value_is_cut_and_one_that_cannot_be_shown_is_named():
    class Broken:
        def __repr__(self):
            raise ValueError("no")

    assert len("\n".join(failure("assert x == 3", x="a" * 10_000))) < 400
    assert failure("assert x == 3", x=Broken())[1].startswith("  x is <Broken instance")


def test_a_table_is_shown_in_lines_of_its_own():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": range(50)})
    shown = failure("assert df.empty", df=frame)
    assert shown[1].rstrip() == "  df is"
    assert "more lines" in shown[-1]


def test_every_part_is_evaluated_once_and_in_order():
    seen = []

    def mark(value):
        seen.append(value)
        return value

    checking("assert mark(1) < mark(2) < mark(3) and mark(0) == 0 or mark(9)", mark=mark)
    assert seen == [1, 2, 3, 0]
    failure("assert mark(5) < mark(4) < mark(3)", mark=mark)
    assert seen[4:] == [5, 4]


def test_what_an_assertion_raises_itself_is_raised():
    with pytest.raises(ZeroDivisionError):
        checking("assert x / 0 == 1", x=1)


def test_the_line_of_the_failure_is_that_of_the_assert():
    names = (InputSpec(PortName("x")),)
    body = "y = x\n\nassert (y\n        == 3)"
    node = Checking(NodeSpec(NodeId("test_it"), "test", inputs=names, body=body, body_line=2))
    with pytest.raises(AssertionError) as caught:
        node.run(None, {"x": 1})
    assert caught.traceback[-1].lineno + 1 == 4


def test_an_assertion_that_cannot_fail_is_refused():
    with pytest.raises(FlowSyntaxError, match=r"line 1.*always holds"):
        checking("assert (x, 'two')", x=2)


async def _three():
    return 3


def test_a_test_may_wait():
    import asyncio

    given = checking("assert await three() == 3", three=_three)
    assert inspect.isawaitable(given)
    assert asyncio.run(given).result == "1 assertion held"
    with pytest.raises(AssertionError, match=r"await three\(\) is 3"):
        asyncio.run(checking("assert await three() == 4", three=_three))


def test_nothing_waits_for_a_test():
    assert Checking.ports(NodeSpec(NodeId("test_it"), "test", outputs=(PortName("x"),))) == ()
