"""Exceptions as data: the user's frames, the cell's line, every cause."""

from __future__ import annotations

import asyncio

import pytest

from flowbook.errors import UnknownKind, UsageError
from flowbook.ids import CellId
from flowbook.run.failure import describe


def caught(call):
    with pytest.raises(BaseException) as info:  # noqa: PT011 - any error will do
        call()
    return info.value


def cell(source, name="<cell 1>", line=1):
    code = compile("\n" * (line - 1) + source, name, "exec")
    names = {}
    exec(code, names)
    return names


def test_the_line_is_the_last_one_of_the_cell():
    names = cell("def a():\n    b()\ndef b():\n    int('x')", line=3)
    info = describe(caught(names["a"]), "<cell 1>", CellId("c1"))
    assert (info.type, info.cell, info.line) == ("ValueError", "c1", 6)


def test_without_a_cell_there_is_no_line():
    assert describe(caught(lambda: 1 / 0)).line is None


def test_a_cell_without_code_is_shown_at_its_header():
    assert describe(caught(lambda: 1 / 0), None, CellId("c1")).line == 1


def test_an_error_of_ours_hides_the_frames_of_what_it_explains():
    def user():
        try:
            int("x")
        except ValueError as cause:
            raise UsageError("no number") from cause

    told = describe(caught(user))
    assert told.name == "UsageError"
    assert "no number" in told.traceback
    assert "ValueError" not in told.traceback


def test_a_syntax_error_points_at_where_the_parser_gave_up():
    info = describe(caught(lambda: compile("x = 1\ny = = 2", "<cell 1>", "exec")), "<cell 1>")
    assert (info.type, info.line) == ("SyntaxError", 2)


def test_machinery_is_left_out_and_the_users_frames_stay():
    async def user():
        await asyncio.wait_for(asyncio.sleep(1), 0.001)

    text = describe(caught(lambda: asyncio.run(user()))).traceback
    assert "in user" in text
    assert "asyncio/" not in text.replace("\\", "/")


def test_causes_are_kept():
    def user():
        try:
            _ = {}["rows"]
        except KeyError as cause:
            raise LookupError("no rows") from cause

    text = describe(caught(user)).traceback
    assert text.index("KeyError: 'rows'") < text.index("direct cause") < text.index("LookupError")


def test_groups_are_told_in_full():
    group = ExceptionGroup("two", [ValueError("one"), OSError("other")])
    text = describe(group).traceback
    assert "ValueError: one" in text
    assert "OSError: other" in text


def test_an_exception_that_cannot_be_shown_is_still_data():
    class Broken(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    info = describe(Broken())
    assert info.type.endswith("Broken")
    assert "cannot be shown" in info.message


def test_an_error_of_ours_keeps_its_hint():
    info = describe(UnknownKind("no node type 'sqll'", hint="did you mean 'sql'?"))
    assert info.type == "flowbook.errors.UnknownKind"
    assert (info.message, info.hint) == ("no node type 'sqll'", "did you mean 'sql'?")


def test_a_huge_message_is_cut():
    assert len(describe(ValueError("x" * 100_000)).message) < 5_000
    assert len(describe(ValueError("x" * 100_000)).traceback) < 50_000


def test_texts_are_redacted_before_they_are_cut_to_length():
    error = ValueError("x" * 3_998 + "secret")
    told = describe(error, redact=lambda text: text.replace("secret", "?"))
    assert "se" not in told.message
    assert "secret" not in told.traceback
