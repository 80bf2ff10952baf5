"""Options that commands share; this loads click and no session."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from flowbook.graph.options import parse_duration

Command = TypeVar("Command", bound=Callable[..., Any])


class Duration(click.ParamType[float]):
    """Seconds, from text such as 90, 30s, 5m or 2h."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return parse_duration(value)
        except ValueError as refused:
            self.fail(f"{value!r} is no duration: {refused}", param, ctx)


class ItemsOf(click.ParamType[tuple[str, list[Any]]]):
    """A node and items for it, from text such as `each=[5, 6]`."""

    name = "items"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, list[Any]]:
        node, _, text = value.partition("=")
        try:
            items = json.loads(text)
        except ValueError:
            items = None
        if not node or not isinstance(items, list):
            self.fail(f"{value!r} gives no items: write a list, as in each='[5, 6]'", param, ctx)
        return node, items


def notebook_argument(function: Command) -> Command:
    """The notebook a command is about."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.argument("notebook", metavar="NOTEBOOK", type=kind)(function)


def params_option(function: Command) -> Command:
    """`-p name=value`, repeatable."""
    return click.option(
        "-p",
        "--param",
        "params",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a parameter of the run; may be given again.",
    )(function)


def timeout_option(function: Command) -> Command:
    """`--timeout`, in any unit."""
    return click.option(
        "--timeout", type=Duration(), help="Stop it after this long: 90, 30s, 5m, 2h."
    )(function)


def json_option(function: Command) -> Command:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)
