"""Commands that do one thing to what has a name, such as `flowbook schedule pause nightly`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeAlias

import click

from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json
from flowbook.cli.place import Asked, acting_here, project_option
from flowbook.export.exits import ExitCode
from flowbook.session.project import Project, project

Act: TypeAlias = Callable[[Project, str], object]
"""What is done in a project to what is called so."""


def verb(of: str = "name", *, now: str = "") -> Callable[[Act], Callable[..., ExitCode]]:
    """Let a function that does it be performed by a command, which takes the name `of` a thing.

    `now` is how the thing is from then on, and is said, in JSON where that is asked for; else the
    command says nothing.
    """

    def made(act: Act) -> Callable[..., ExitCode]:
        @wraps(act)
        def perform(
            ctx: click.Context, /, name: str, folder: Path | None, as_json: bool = False
        ) -> ExitCode:
            group = ctx.find_object(Asked) or Asked(None, as_json=False)
            acting_here(ctx)
            act(project(folder or group.folder or "."), name)
            if now and (as_json or group.as_json):
                echo_json({of: name, "now": now})
            elif now:
                click.echo(f"{name} {now}")
            return ExitCode.OK

        performed = click.pass_context(perform)
        performed = project_option(json_option(performed) if now else performed)
        return click.argument("name", metavar=of.upper())(performed)

    return made
