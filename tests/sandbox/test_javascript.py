"""JavaScript over names: values both ways, errors that say where, refusals that say which input."""

from __future__ import annotations

import math
import sys
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.errors import ExpressionError
from flowbook.sandbox.artefact import ENGINE, engine_bytes
from flowbook.sandbox.javascript import evaluate
from flowbook.sandbox.limits import Limits
from flowbook.sandbox.supervisor import Supervisor
from flowbook.sandbox.values import WHOLE_MOST

pytestmark = pytest.mark.js

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-WHOLE_MOST, WHOLE_MOST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


def failed(source, limits=None, **names):
    with pytest.raises(ExpressionError) as caught:
        evaluate(source, names, limits or Limits())
    return caught.value


@given(JSON)
@settings(max_examples=150, deadline=None)
def test_values_come_back_as_they_went(value):
    assert evaluate("x", {"x": value}) == value


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("items.map(i => i.price).reduce((a, b) => a + b, 0)", 4.5),
        ("items?.[0]?.price ?? 'none'", 2),
        ("items.filter(i => i.price > 2).length", 1),
        ("`${items.length} items` // and a comment", "2 items"),
        ("({ first: items[0], ...{ last: items.at(-1) } })", {"first": {"price": 2}}),
        ("/^it/.test('items') && typeof items === 'object'", True),
        ("undefined", None),
        ("[undefined, null]", [None, None]),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
        ("new Date(2024, 0, 1).getTimezoneOffset()", 0),
        ("2 ** 53 + 2", 9007199254740994.0),
        ("1e21", 1e21),
        ("$('a-b') + $('items').length", 9),
        ("(() => { let n = 0; for (const i of items) n += i.price; return n })()", 4.5),
    ],
)
def test_it_is_javascript(source, value):
    found = evaluate(source, {"items": [{"price": 2}, {"price": 2.5}], "a-b": 7})
    assert (found | {"last": None} if isinstance(found, dict) else found) == (
        value | {"last": None} if isinstance(value, dict) else value
    )


def test_whole_numbers_beyond_what_javascript_has_come_back_as_floats():
    assert type(evaluate("2 ** 60", {})) is float
    assert type(evaluate("2 ** 53", {})) is int


def test_chance_differs_from_one_evaluation_to_the_next():
    assert evaluate("Math.random()", {}) != evaluate("Math.random()", {})


def test_it_is_now():
    began = datetime.now(UTC).timestamp()
    assert abs(evaluate("Date.now()", {}) / 1000 - began) < 60


def test_dates_go_in_as_text_and_scalars_of_numpy_as_numbers():
    names = {"at": datetime(2026, 1, 2, 3, tzinfo=UTC), "day": date(2026, 1, 2), "n": np.int64(3)}
    assert evaluate("[at, day, n]", names) == ["2026-01-02T03:00:00+00:00", "2026-01-02", 3]


@pytest.mark.parametrize(
    ("value", "code", "told"),
    [
        (pd.DataFrame({"a": [1]}), "opaque", "DataFrame"),
        ({"deep": [object()]}, "opaque", "object"),
        ({1, 2}, "opaque", "set"),
        (b"bytes", "opaque", "bytes"),
        ({1: "a"}, "type", "key"),
        (math.nan, "value", "finite"),
        ([1, math.inf], "value", "finite"),
        (2**53 + 1, "value", "2**53"),
        (10**400, "value", "2**53"),
        ("x" * (9 << 20), "too_large", "8 MB"),
    ],
)
def test_what_is_no_json_is_refused_with_the_name_of_its_input(value, code, told):
    error = failed("1", rows=value)
    assert error.code == code
    assert error.message.startswith("input 'rows': ")
    assert told in error.message


def test_nesting_and_shared_parts_do_not_blow_up():
    deep = []
    for _ in range(100):
        deep = [deep]
    assert failed("x", x=deep).code == "too_large"
    shared = "y"
    for _ in range(60):
        shared = [shared, shared]
    assert failed("x", x=shared).code == "too_large"


def test_text_that_grows_when_it_is_escaped_is_counted_as_it_grows():
    assert failed("x.length", x="\U0001f600" * (1 << 20)).code == "too_large"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("NaN", "NaN"),
        ("[1 / 0]", "Infinity"),
        ("() => 1", "function"),
        ("({ a: Symbol() })", "symbol"),
        ("10n", "bigint"),
        ("Promise.resolve(1)", "promise"),
        ("new Map()", "Map"),
        ("[new Set([1])]", "Set"),
    ],
)
def test_a_result_that_json_cannot_hold_is_refused(source, what):
    error = failed(source)
    assert error.code == "type"
    assert what in error.message


def test_no_number_comes_back_that_python_or_json_could_not_write():
    raw = "typeof JSON.rawJSON === 'function' ? JSON.rawJSON('1'.repeat(5000)) : NaN"
    assert failed(raw).code == "type"
    assert failed("typeof JSON.rawJSON === 'function' ? JSON.rawJSON('1e999') : NaN").code == "type"


@pytest.mark.parametrize(
    ("source", "code", "message", "column"),
    [
        ("rows.map(r => r.a.b)", "script", "TypeError: cannot read property 'b' of undefined", 15),
        ("missing + 1", "script", "ReferenceError: missing is not defined", None),
        ("a b", "syntax", "SyntaxError: Unexpected identifier 'b'", 3),
        ("(() => { throw new Error('no rows') })()", "script", "Error: no rows", None),
        ("(() => { throw 'plain' })()", "script", "plain", None),
    ],
)
def test_an_error_says_what_and_where(source, code, message, column):
    error = failed(source, rows=[{}])
    assert (error.code, error.message.partition(" (")[0]) == (code, f"JavaScript: {message}")
    assert column is None or error.column == column


def test_in_several_lines_it_says_which():
    error = failed("rows.map(r =>\n  r.a.b\n)", rows=[{}])
    assert "(line 2, column" in error.message
    assert 14 < error.column <= 22


def test_an_error_of_its_own_is_cut():
    assert len(failed("(() => { throw new Error('x'.repeat(1e5)) })()").message) < 400


def test_limits_are_the_callers():
    assert failed("'x'.repeat(2e6)", Limits(result_bytes=1 << 20)).code == "too_large"
    assert failed("(() => { while (1); })()", Limits(fuel=1_000_000)).code == "budget"
    assert failed("(() => { while (1); })()", Limits(wall_s=0.05, fuel=10**12)).code == "budget"
    assert failed("new ArrayBuffer(9e6)", Limits(memory_bytes=8 << 20)).code == "too_large"


# ---------------------------------------------------------------- failing closed


def refused(by):
    with pytest.raises(ExpressionError) as caught:
        evaluate("1 + 1", {}, by=by)
    assert caught.value.code == "unavailable"
    assert caught.value.hint == 'pip install "flowbook[js]"'
    return caught.value.message


def test_without_its_library_it_refuses(monkeypatch):
    monkeypatch.setitem(sys.modules, "wasmtime", None)
    assert "wasmtime is not installed" in refused(Supervisor())


def test_without_its_engine_it_refuses(tmp_path):
    assert "quickjs.wasm is missing" in refused(Supervisor(tmp_path / "quickjs.wasm"))


def test_another_engine_is_refused_by_the_worker(tmp_path):
    other = tmp_path / "quickjs.wasm"
    other.write_bytes(b"\0asm\1\0\0\0")
    told = refused(Supervisor(other))
    assert "quickjs.wasm is not the one" in told
    assert str(tmp_path) not in told


def test_the_engine_that_was_built_is_the_one_that_is_known():
    assert len(engine_bytes()) > 500_000
    licences = ENGINE.with_name("quickjs.LICENSES.txt").read_text(encoding="utf-8")
    assert "Fabrice Bellard" in licences
    assert "Permission is hereby granted" in licences
