"""Which command lives in which module, and the group that loads it when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import click

from flowbook.graph.options import did_you_mean

COMMANDS: Final[Mapping[str, str]] = {
    "demo": "flowbook.cli.demo",
    "init": "flowbook.cli.init",
    "lab": "flowbook.cli.lab",
    "check": "flowbook.cli.check",
    "edit": "flowbook.cli.edit",
    "nodes": "flowbook.cli.nodes",
    "run": "flowbook.cli.run",
    "view": "flowbook.cli.view",
    "test": "flowbook.cli.testing",
    "history": "flowbook.cli.history",
    "queue": "flowbook.cli.queue",
    "recover": "flowbook.cli.recover",
    "store": "flowbook.cli.store",
    "cache": "flowbook.cli.cache",
    "memory": "flowbook.cli.memory",
    "secrets": "flowbook.cli.secrets",
    "publish": "flowbook.cli.publish",
    "versions": "flowbook.cli.versions",
    "rollback": "flowbook.cli.rollback",
    "export": "flowbook.cli.export",
    "sync": "flowbook.cli.sync",
    "job": "flowbook.cli.job",
    "schedule": "flowbook.cli.schedule",
    "scheduler": "flowbook.cli.scheduler",
    "notify": "flowbook.cli.notify",
    "doctor": "flowbook.cli.doctor",
    "completions": "flowbook.cli.completions",
}
"""In the order of a first day. Each module holds a click command called `command`."""

ALIASES: Final[Mapping[str, str]] = {"vars": "memory"}
"""Other words for commands; they are not listed."""

ASKING: Final = "_FLOWBOOK_COMPLETE"
"""The variable that a shell sets when it asks for completions."""


class LazyGroup(click.Group):
    """A group whose commands are modules."""

    def __init__(self, *args: Any, modules: Mapping[str, str] | None = None, **attrs: Any) -> None:
        super().__init__(*args, **attrs)
        self.modules = dict(modules or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.modules, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = self.modules.get(ALIASES.get(cmd_name, cmd_name))
        if module is None:
            return super().get_command(ctx, cmd_name)
        command: click.Command = import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            hint = did_you_mean(args[0], self.list_commands(ctx))
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)
