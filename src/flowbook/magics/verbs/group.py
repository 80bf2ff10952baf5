"""The group that all verbs belong to, and how a line of words is performed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, Final

import click

from flowbook.errors import UsageError
from flowbook.graph.options import did_you_mean
from flowbook.magics.kernel_notebook import KernelNotebook

PROGRAM: Final = "%flow"
_ALONE: Final = "status"
"""What `%flow` alone means."""


@click.group(name=PROGRAM, context_settings={"help_option_names": ["-h", "--help"]})
def verbs() -> None:
    """Ask and command the notebook's flow.

    Every verb gives something back: r = %flow run holds the run. Alone, %flow says how things
    stand.
    """


def split(line: str) -> list[str]:
    """The words of a line, as a shell would have them; `UsageError` where quotes do not close."""
    try:
        return shlex.split(line)
    except ValueError as broken:
        raise UsageError(
            f"{PROGRAM}: the line cannot be read: {broken}", hint="close the quotes"
        ) from None


def perform(notebook: KernelNotebook, words: Sequence[str]) -> Any:
    """Do what the words of a `%flow` line say; `UsageError` for words it does not know."""
    (verb, *rest) = words or (_ALONE,)
    if verb not in verbs.commands and not verb.startswith("-"):
        raise UsageError(
            f"{PROGRAM} has no verb {verb!r}", hint=did_you_mean(verb, tuple(verbs.commands))
        )
    try:
        with verbs.make_context(PROGRAM, [verb, *rest], obj=notebook) as context:
            return verbs.invoke(context)
    except click.exceptions.Exit:  # help was asked for, and is written
        return None
    except click.UsageError as refused:
        raise _usage_error(verb, refused) from None


def _usage_error(verb: str, refused: click.UsageError) -> UsageError:
    what = refused.format_message()
    if isinstance(refused, click.NoSuchOption):
        what = f"there is no option {refused.option_name}"
        if refused.possibilities:
            return UsageError(
                f"{PROGRAM} {verb}: {what}", hint=f"did you mean {refused.possibilities[0]}?"
            )
    usage = refused.ctx.get_usage().removeprefix("Usage: ") if refused.ctx else None
    return UsageError(f"{PROGRAM} {verb}: {what}", hint=f"write {usage}" if usage else None)
