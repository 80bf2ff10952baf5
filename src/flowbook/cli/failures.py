"""How a command fails: one `error:` line, one `hint:` line, an exit code, and no traceback.

`FLOWBOOK_DEBUG=1` in the environment brings the traceback back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from flowbook.errors import (
    FlowbookError,
    RunCancelled,
    RunFailed,
    RunTimeout,
    StoreError,
    UsageError,
)
from flowbook.export.exits import ExitCode

_CODES: tuple[tuple[type[FlowbookError], ExitCode], ...] = (
    (UsageError, ExitCode.USAGE),
    (RunTimeout, ExitCode.TIMEOUT),
    (RunFailed, ExitCode.FAILED),
    (RunCancelled, ExitCode.FAILED),
    (StoreError, ExitCode.INFRASTRUCTURE),
    (FlowbookError, ExitCode.INFRASTRUCTURE),
)


def guarded(command: Callable[[], Any]) -> ExitCode:
    """Run `command` and turn whatever it raises into text and an exit code."""
    try:
        code = command()
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message(), err=True)
        return ExitCode.USAGE
    except click.UsageError as misuse:
        where = misuse.ctx.command_path if misuse.ctx else "flowbook"
        say_error(misuse.format_message(), f"{where} --help")
        return ExitCode.USAGE
    except click.ClickException as failure:
        say_error(failure.format_message())
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        say_error("interrupted")
        return ExitCode.INTERRUPTED
    except FlowbookError as failure:
        if _debugging():
            raise
        explain(failure)
        return code_of(failure)
    except Exception as failure:  # the last stop before the user
        if _debugging():
            raise
        say_error(
            f"{type(failure).__name__}: {failure}",
            "this is a bug of ours: FLOWBOOK_DEBUG=1 shows the traceback to report",
        )
        return ExitCode.INFRASTRUCTURE
    return ExitCode(code) if isinstance(code, int) else ExitCode.OK


def code_of(failure: FlowbookError) -> ExitCode:
    """The exit code an error of ours stands for."""
    return next(code for kind, code in _CODES if isinstance(failure, kind))


def explain(failure: FlowbookError) -> None:
    """What went wrong and what to do, every problem on lines of its own."""
    say_error(failure.message, failure.hint)
    for problem in getattr(failure, "problems", None) or ():
        say_problem(problem)


def say_problem(problem: Any) -> None:
    """One problem: where and what on the first line, what to do next on the second."""
    place = ", ".join(
        part
        for part in (
            problem.node or "",
            f"cell {problem.cell}" if problem.cell else "",
            f"line {problem.line}" if problem.line else "",
        )
        if part
    )
    click.echo(f"  {problem.severity}: {place + ': ' if place else ''}{problem.message}", err=True)
    if problem.hint:
        click.echo(f"    hint: {problem.hint}", err=True)


def say_error(message: str, hint: str | None = None) -> None:
    """The two lines every failure has."""
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)


def _debugging() -> bool:
    return os.environ.get("FLOWBOOK_DEBUG", "") not in ("", "0")
