"""`flowbook secrets`: which secrets there are and where; never what they are."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import Command, json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import (
    asked_of_all,
    asked_project,
    confirm,
    project_option,
    yes_option,
)
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode

if TYPE_CHECKING:
    from flowbook.session.secrets import Keychain

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)


@click.group("secrets")
@asked_of_all
@manual("flowbook secrets set mail_password", "flowbook secrets list")
def command() -> None:
    """Keep passwords and keys that flows ask for by name."""


def _keychain(ctx: click.Context, asked: dict[str, Any]) -> Keychain:
    return asked_project(ctx, asked["folder"]).keychain


def _place_option(function: Command) -> Command:
    return click.option(
        "--place",
        metavar="PLACE",
        help="Where it is kept: keyring, file, or another that is installed.  [default: the "
        "keyring where one works, else the file]",
    )(function)


def _json(ctx: click.Context, asked: dict[str, Any]) -> bool:
    return bool(asked["as_json"] or ctx.obj.as_json)


@command.command("list")
@project_option
@json_option
@click.pass_context
@manual("flowbook secrets list", codes=_CODES)
def names(ctx: click.Context, /, **asked: Any) -> ExitCode:
    """List the names there are and where each is; what a place cannot list is not there.

    The first place that has a name is the one that is used.
    """
    found = [
        {"name": name, "place": place}
        for place, resolver in _keychain(ctx, asked).asked.items()
        for name in getattr(resolver, "names", list)()
    ]
    if _json(ctx, asked):
        echo_json({"secrets": found})
    elif found:
        echo_table(("name", "place"), [(one["name"], one["place"]) for one in found])
    else:
        click.echo("there are no secrets; flowbook secrets set NAME keeps one", err=True)
    return ExitCode.OK


@command.command("set")
@click.argument("name", metavar="NAME")
@_place_option
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook secrets set mail_password",
    "flowbook secrets set api_key --place file < key.txt",
    codes=_CODES,
)
def set_(ctx: click.Context, /, name: str, place: str | None, **asked: Any) -> ExitCode:
    """Keep a secret under NAME: it is asked for, or read from standard input.

    It cannot be given on the command line, which others may see.
    """
    from flowbook.session.secrets import Keeper, check_name

    check_name(name)
    keychain = _keychain(ctx, asked)
    place = place or _best(keychain)
    keeper = keychain.resolvers.get(place)
    if not isinstance(keeper, Keeper):
        keepers = [one for one, held in keychain.resolvers.items() if isinstance(held, Keeper)]
        raise UsageError(
            f"{place!r} is no place to keep secrets in", hint=f"there are {', '.join(keepers)}"
        )
    keeper.set(name, _read(name))
    first = keychain.look(name)
    if _json(ctx, asked):
        echo_json({"name": name, "place": place})
    else:
        click.echo(f"{name} is kept in {keeper.place}")
    if first is not None and first[0] != place:
        click.echo(f"warning: flows get another {name}: that in {first[0]} goes first", err=True)
    return ExitCode.OK


@command.command("delete")
@click.argument("name", metavar="NAME")
@_place_option
@yes_option
@project_option
@json_option
@click.pass_context
@manual("flowbook secrets delete mail_password --yes", codes=_CODES)
def delete(
    ctx: click.Context, /, name: str, place: str | None, yes: bool, **asked: Any
) -> ExitCode:
    """Forget the secret NAME, wherever it is kept; of the environment it stays."""
    from flowbook.session.secrets import Keeper, check_name

    check_name(name)
    keychain = _keychain(ctx, asked)
    if place is not None and place not in keychain.resolvers:
        raise UsageError(
            f"there is no place {place!r}", hint=f"there are {', '.join(keychain.resolvers)}"
        )
    confirm(f"Delete the secret {name}?", yes)
    keepers = {
        one: held
        for one, held in keychain.resolvers.items()
        if isinstance(held, Keeper) and place in (None, one)
    }
    gone = [one for one, keeper in keepers.items() if keeper.delete(name)]
    if _json(ctx, asked):
        echo_json({"name": name, "places": gone})
    else:
        click.echo(f"{name} is gone from {', '.join(gone)}" if gone else f"{name} is kept nowhere")
    return ExitCode.OK


@command.command("check")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--notebook",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="PATH",
    help="All that the cells of this notebook read.",
)
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook secrets check mail_password",
    "flowbook secrets check --notebook report.ipynb",
    codes=(*_CODES[:2], ExitCode.FINDINGS, *_CODES[2:]),
)
def check(
    ctx: click.Context, /, names: tuple[str, ...], notebook: Path | None, **asked: Any
) -> ExitCode:
    """Say of each NAME where it is found, or that it is missing."""
    project = asked_project(ctx, asked["folder"])
    wanted = dict.fromkeys([*names, *(() if notebook is None else _read_in(project, notebook))])
    if not names and notebook is None:
        raise click.UsageError("say which: NAME, or --notebook PATH")
    found = {name: project.keychain.look(name) for name in wanted}
    places = {name: None if one is None else one[0] for name, one in found.items()}
    if _json(ctx, asked):
        echo_json({"secrets": [{"name": name, "place": place} for name, place in places.items()]})
    else:
        for name, place in places.items():
            click.echo(f"{name}: {place or 'missing'}")
    return ExitCode.OK if all(places.values()) else ExitCode.FINDINGS


def _read_in(project: Any, notebook: Path) -> list[str]:
    from flowbook.session.ambient import paths_of

    flow = project.load(notebook).flow
    paths = paths_of([dict(node.config) for node in flow.spec().nodes])
    return sorted(path[1] for path in paths if path[0] == "$secret")


def _best(keychain: Keychain) -> str:
    return "keyring" if getattr(keychain.resolvers["keyring"], "works", False) else "file"


def _read(name: str) -> str:
    """What is typed, twice and unseen; elsewhere all of standard input, but its last line's end."""
    if sys.stdin.isatty():
        value: str = click.prompt(name, hide_input=True, confirmation_prompt=True, err=True)
    else:
        value = sys.stdin.read()
        value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise UsageError(f"the secret {name!r} would be empty", hint="nothing was kept")
    return value
