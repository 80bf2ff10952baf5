"""A command fails with one error line, one hint and an exit code, never with a traceback."""

from __future__ import annotations

import click
import pytest

from flowbook.cli import flowbook
from flowbook.cli.failures import guarded
from flowbook.errors import (
    InvalidFlow,
    RunCancelled,
    RunFailed,
    RunTimeout,
    StoreBusy,
    UnknownNode,
    UsageError,
)
from flowbook.graph.problem import Problem, Severity


def raising(failure):
    def command():
        raise failure

    return command


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (UsageError("x"), 2),
        (UnknownNode("x"), 2),
        (InvalidFlow("x", problems=()), 2),
        (RunFailed("x"), 1),
        (RunCancelled("x"), 1),
        (RunTimeout("x"), 124),
        (StoreBusy("x"), 75),
        (ZeroDivisionError("x"), 75),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
        (click.UsageError("x"), 2),
        (click.FileError("x"), 2),
    ],
)
def test_every_failure_has_its_code(failure, code):
    assert guarded(raising(failure)) == code


def test_an_error_is_one_line_and_a_hint_another(capsys):
    guarded(raising(UsageError("no node 'x'", hint="did you mean 'y'?")))
    assert capsys.readouterr().err == "error: no node 'x'\nhint: did you mean 'y'?\n"


def test_every_problem_is_told_with_its_place(capsys):
    problems = (
        Problem(Severity.ERROR, "no node 'raw'", "clean", "cell3", 1, "add it"),
        Problem(Severity.WARNING, "odd"),
    )
    guarded(raising(InvalidFlow("it has errors", problems=problems)))
    assert capsys.readouterr().err.splitlines() == [
        "error: it has errors",
        "  error: clean, cell cell3, line 1: no node 'raw'",
        "    hint: add it",
        "  warning: odd",
    ]


def test_a_bug_is_no_traceback_unless_asked_for(monkeypatch, capsys):
    monkeypatch.delenv("FLOWBOOK_DEBUG", raising=False)
    guarded(raising(ZeroDivisionError("oops")))
    assert "FLOWBOOK_DEBUG=1" in capsys.readouterr().err
    monkeypatch.setenv("FLOWBOOK_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        guarded(raising(ZeroDivisionError("oops")))


@pytest.mark.parametrize("asked", [[], ["store"], ["memory"]])
def test_a_group_alone_tells_its_commands_and_no_error(asked, capsys):
    code = guarded(lambda: flowbook.main(asked, "flowbook", standalone_mode=False))
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert told.err.startswith(" ".join(["Usage: flowbook", *asked]))


def test_a_command_that_says_nothing_went_well():
    assert guarded(lambda: None) == 0
    assert guarded(lambda: 3) == 3
