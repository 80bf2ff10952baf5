"""What holds for every expression: Python's answers, bounded work, and ways there and back."""

from __future__ import annotations

import keyword
import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.errors import ExpressionError
from flowbook.expr.budget import MAX_STEPS, Budget
from flowbook.expr.evaluate import evaluate
from flowbook.expr.functions import FUNCTIONS
from flowbook.expr.methods import METHODS
from flowbook.expr.parse import MAX_NODES, parse
from flowbook.expr.template import Template

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=6)
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)

# ---------------------------------------------------------------- the same as Python

SAME = {
    "len": len, "min": min, "max": max, "sum": sum, "abs": abs, "any": any, "all": all,
    "sorted": sorted, "str": str, "bool": bool, "list": list, "round": round,
    "reversed": lambda many: list(many)[::-1], "floor": math.floor, "ceil": math.ceil,
}  # fmt: skip
"""Functions that are Python's own, for whatever Python takes."""
GIVEN = {"n": 7, "f": -2.5, "s": "Oslo 7", "xs": [3, 1, 2], "d": {"a": 1, "b": "x"}, "no": None}
METHODS_OF_TEXT = (
    "lower()", "upper()", "strip('O7')", "split()", "replace('s', 'zz')", "count('o')",
    "startswith('Os')", "find('l')", "title()", "isdigit()",
)  # fmt: skip

atoms = st.sampled_from([*GIVEN, "d.a", "xs[0]", "xs[-1]", "d['b']", "s[1:3]", "xs[::-1]"]) | (
    st.integers(-9, 9) | st.sampled_from(["", "ab", 0.5, None, True])
).map(repr)


def grown(inner):
    two = "({} {} {})".format
    return st.one_of(
        st.builds(
            two, inner, st.sampled_from(["+", "-", "*", "==", "<", "in", "and", "or"]), inner
        ),
        st.builds("{}({})".format, st.sampled_from(sorted(SAME)), inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("[{} for v in {} if v]".format, inner, inner),
        st.builds("{{str(k): {} for k in {}}}".format, inner, inner),
        st.builds("str({}).{}".format, inner, st.sampled_from(METHODS_OF_TEXT)),
        st.builds("({})[{}]".format, inner, inner),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
    )


class Fields(dict):
    __getattr__ = dict.__getitem__


@settings(max_examples=300, deadline=None)
@given(st.recursive(atoms, grown, max_leaves=10))
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_functions_and_methods_answer_as_pythons_or_refuse(source: str):
    names = {**SAME, **GIVEN, "d": Fields(GIVEN["d"])}
    try:
        expected = eval(source, {"__builtins__": {}, **names})
    except Exception:
        with pytest.raises(ExpressionError):
            evaluate(parse(source), GIVEN)
        return
    assert repr(evaluate(parse(source), GIVEN)) == repr(expected)


# ---------------------------------------------------------------- bounded

calls = st.builds(
    lambda name, given: f"{name}({', '.join(given)})",
    st.sampled_from(sorted(FUNCTIONS)),
    st.lists(st.sampled_from(["x", "y", "x[0]", "'a.b'", "2", "x.a", "'%d'"]), max_size=3),
)
methods = st.builds(
    lambda name, given: f"x.{name}({', '.join(given)})",
    st.sampled_from(sorted({name for table in METHODS.values() for name in table})),
    st.lists(st.sampled_from(["x", "y", "'a'", "2"]), max_size=2),
)


def nested(inner):
    return st.one_of(
        st.builds("[{} for v in {}]".format, inner, inner),
        st.builds("[{} for v in {} for w in range(50)]".format, inner, inner),
        st.builds("{{str(v): {} for v in {}}}".format, inner, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from("+*-&|<"), inner),
        st.builds("sorted({})".format, inner),
        st.builds("default({}, {})".format, inner, inner),
    )


@settings(max_examples=300, deadline=None)
@given(st.recursive(calls | methods, nested, max_leaves=6), json_values, json_values)
def test_any_expression_over_any_json_ends_within_its_budget(source: str, x: object, y: object):
    try:
        parsed = parse(source)
    except ExpressionError:
        return
    budget = Budget({"x": x, "y": y})
    with suppress(ExpressionError):
        parsed.program(budget)
    # Between two looks at the budget lies at most the cost of one node for each node there is.
    assert MAX_STEPS - budget.steps <= MAX_STEPS + 200_000 // 16 + MAX_NODES


@settings(max_examples=200, deadline=None)
@given(json_values)
def test_an_evaluation_leaves_its_inputs_alone(value: object):
    before = repr(value)
    for source in (
        "sorted(x)",
        "unique(x)",
        "merge(x, x)",
        "[v for v in x]",
        "to_json(x)",
        "x == x",
    ):
        try:
            evaluate(parse(source), {"x": value})
        except ExpressionError:
            continue
    assert repr(value) == before


# ---------------------------------------------------------------- round trips


@given(json_values)
def test_json_text_is_read_back_as_what_was_written(value: object):
    assert evaluate(parse("parse_json(to_json(x))"), {"x": value}) == value


@given(st.text(max_size=50))
def test_encoded_text_is_read_back(text: str):
    for source in ("unbase64(base64(x))", "unquote(quote(x))"):
        assert evaluate(parse(source), {"x": text}) == text


@given(st.lists(st.text(alphabet="ab{ }'\"$.\n", max_size=12), max_size=4), st.text(max_size=8))
def test_a_template_is_its_text_with_values_put_in(parts: list[str], value: str):
    literal = [part.replace("{{", "").rstrip("{") for part in parts]
    text = "{{ x }}".join(literal)
    assert Template.parse(text).render({"x": value}) in (value.join(literal), value)


@given(
    st.lists(st.sampled_from([*keyword.kwlist, "a", "global_", "ä"]), min_size=1, max_size=4),
    st.sampled_from(["x", "$vars.flow.x", "$vars.global.y"]),
    st.sampled_from(["", "  ", "'in' + 'ä' + str(1) + ", "# if\n"]),
)
def test_fields_may_be_called_like_keywords_anywhere(fields: list[str], root: str, before: str):
    path = (*root.split("."), *fields)
    names: object = "found"
    for name in reversed(path):
        names = {name: names}
    parsed = parse(f"{before}{'.'.join(path)}")
    assert parsed.reads == {path}
    assert str(evaluate(parsed, names)).endswith("found")
