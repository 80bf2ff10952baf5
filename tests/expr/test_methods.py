from datetime import date, datetime, timedelta

import pytest

from flowbook.expr.evaluate import evaluate
from flowbook.expr.methods import METHODS
from flowbook.expr.parse import parse

SAMPLES = {
    str: "Wind 7",
    list: [1, 2, 1],
    tuple: (1, 2, 1),
    dict: {"a": 1},
    float: 2.0,
    date: date(2026, 1, 2),
    datetime: datetime.fromisoformat("2026-01-02T03:00+00:00"),
    timedelta: timedelta(hours=1),
}
ARGUMENTS = {
    "startswith": ("Wi",),
    "endswith": ("7",),
    "removeprefix": ("Wi",),
    "removesuffix": ("7",),
    "find": ("i",),
    "replace": ("i", "o"),
    "join": (["a", "b"],),
    "zfill": (9,),
    "ljust": (9, "."),
    "rjust": (9,),
    "center": (9,),
    "index": (1,),
    "get": ("a",),
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind, table in METHODS.items() for name in table]
)
def test_a_method_answers_like_pythons(kind: type, name: str):
    value = SAMPLES[kind]
    arguments = ARGUMENTS.get(name, ())
    if name == "count":
        arguments = ("i",) if kind is str else (1,)
    names = {"value": value, **{f"a{i}": one for i, one in enumerate(arguments)}}
    call = f"value.{name}({', '.join(f'a{i}' for i in range(len(arguments)))})"
    expected = getattr(value, name)(*arguments)
    if name in ("keys", "values", "items"):
        expected = list(expected)
    assert evaluate(parse(call), names) == expected


@pytest.mark.parametrize(
    "method",
    [method for table in METHODS.values() for method in table.values()],
    ids=lambda method: method.name,
)
def test_every_method_is_explained_and_has_an_example_that_is_true(method):
    assert method.help.endswith(".")
    assert f".{method.name}(" in method.example
    assert evaluate(parse(method.example), {}) is True
