import pytest

from flowbook.expr.evaluate import evaluate
from flowbook.expr.functions import FUNCTIONS
from flowbook.expr.parse import parse


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_an_example_that_is_true(name: str):
    function = FUNCTIONS[name]
    assert f"{name}(" in function.example
    assert evaluate(parse(function.example), {}) is True


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_explained_in_a_sentence(name: str):
    assert FUNCTIONS[name].help.endswith(".")


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("min([3, 1])", 1),
        ("max(1, 2.5)", 2.5),
        ("sum([0.5, 1], start=1)", 2.5),
        ("round(2.5)", 2),
        ("str(None)", "None"),
        ("int('-3') + int(2.9)", -1),
        ("float('1e3')", 1000.0),
        ("list({'a': 1})", ["a"]),
        ("range(5, 0, -2)", [5, 3, 1]),
        ("contains([1, 2], 3)", False),
        ("contains({'a': 1}, 'a')", True),
        ("between('b', 'a', 'c')", True),
        ("[int(), float(), str(), bool(), list(), set()]", [0, 0.0, "", False, [], set()]),
        ("date(datetime('2026-01-02T03:04')).isoformat()", "2026-01-02"),
    ],
)
def test_functions_do_what_pythons_do(source: str, value: object):
    assert evaluate(parse(source), {}) == value
