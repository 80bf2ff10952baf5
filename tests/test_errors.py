import copy
import inspect
import pickle
import re

import pytest

from flowbook import errors
from flowbook.errors import FlowbookError, InvalidFlow, RunFailed, UnknownNode, UsageError

TREE = [
    error
    for _, error in inspect.getmembers(errors, inspect.isclass)
    if issubclass(error, FlowbookError) and not error.__name__.startswith("_")
]


def parent(error: type) -> type:
    return next(base for base in error.__mro__[1:] if not base.__name__.startswith("_"))


@pytest.mark.parametrize("error", TREE)
def test_an_error_survives_pickling_with_its_fields(error: type[FlowbookError]):
    fields = {name: f"the {name}" for name in error.fields}
    raised = error("it broke", hint="mend it", **fields)
    for back in (pickle.loads(pickle.dumps(raised)), copy.copy(raised)):
        assert type(back) is error
        assert str(back) == str(raised)
        assert {name: getattr(back, name) for name in error.fields} == fields


@pytest.mark.parametrize("error", TREE)
def test_the_tree_in_the_docstring_is_the_tree(error: type[FlowbookError]):
    drawn = re.findall(r"^([│├└─ ]*)(\w+) ", errors.__doc__.split("```")[1], flags=re.M)
    names = [name for _, name in drawn]
    assert error.__name__ in names
    at = names.index(error.__name__)
    depth = len(drawn[at][0])
    if error is not FlowbookError:
        nearest = next(name for indent, name in reversed(drawn[:at]) if len(indent) == depth - 4)
        assert parent(error).__name__ == nearest


def test_the_docstring_draws_nothing_that_is_not_there():
    drawn = re.findall(r"^[│├└─ ]*(\w+) ", errors.__doc__.split("```")[1], flags=re.M)
    assert sorted(drawn) == sorted(error.__name__ for error in TREE)


def test_a_field_an_error_does_not_have_is_our_bug():
    with pytest.raises(TypeError, match="UsageError has no field"):
        UsageError("x", node="y")


def test_a_hint_is_part_of_the_text():
    assert str(UsageError("it broke", hint="mend it")) == "it broke\n  hint: mend it"
    assert str(UsageError("it broke")) == "it broke"


def test_all_problems_are_part_of_the_text():
    assert str(InvalidFlow("it cannot run", problems=("one", "two"))) == (
        "it cannot run\n  one\n  two"
    )


def test_fields_not_given_are_none():
    assert UnknownNode("x").known is None


def test_a_failed_run_shows_a_traceback_only_when_it_has_a_line_to_show():
    framed = 'Traceback (most recent call last):\n  File "<node a>", line 2\nKeyError: 1\n'
    assert RunFailed("it failed", traceback=framed).frames() == framed.rstrip()
    assert RunFailed("it failed", traceback="HttpFailed: 503\n").frames() == ""
