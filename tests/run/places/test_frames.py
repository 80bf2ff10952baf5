"""Tracebacks from another process: lines, arrows, causes."""

from __future__ import annotations

import linecache
import pickle
import traceback

import pytest

from flowbook.run.places import frames

SOURCE = "def outer(x):\n    return 1 + inner(x)\n\ndef inner(x):\n    return 10 + (x / 0)\n"


def raised(call):
    with pytest.raises(BaseException) as info:  # noqa: PT011 - any error will do
        call()
    return info.value


@pytest.fixture
def code():
    names = {}
    linecache.cache["<travelled>"] = (1, None, SOURCE.splitlines(keepends=True), "<travelled>")
    exec(compile(SOURCE, "<travelled>", "exec"), names)
    yield names
    del linecache.cache["<travelled>"]


def told(error):
    return "".join(traceback.format_exception(error))


def travelled(error, bare):
    """The exception as it arrives: its frames come beside it."""
    packed = pickle.loads(pickle.dumps(frames.pack(error)))
    return frames.restore(bare, packed)


def test_lines_and_arrows_are_the_same_at_the_other_end(code):
    error = raised(lambda: code["outer"](1))
    error.__traceback__ = error.__traceback__.tb_next.tb_next  # what the test itself adds
    back = travelled(error, ZeroDivisionError("division by zero"))
    assert told(back) == told(error)
    assert "            ~~^~~" in told(back) or "^^^" in told(back)


def test_the_frames_of_causes_travel(code):
    def fails():
        try:
            code["inner"](1)
        except ZeroDivisionError as cause:
            raise LookupError("no rate") from cause

    bare = LookupError("no rate")
    bare.__cause__ = ZeroDivisionError("division by zero")
    text = told(travelled(raised(fails), bare))
    assert text.index("x / 0") < text.index("LookupError: no rate")


def test_of_an_endless_recursion_only_some_frames_travel():
    def deeper():
        deeper()

    (packed,) = frames.pack(raised(deeper))
    assert len(packed) <= 200


def test_an_exception_without_frames_stays_without():
    assert travelled(ValueError("x"), ValueError("x")).__traceback__ is None
