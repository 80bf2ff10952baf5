"""`flowbook memory`: what flows, and the project, remember from run to run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.options import Command, Duration, json_option
from flowbook.cli.output import as_json, echo_json, echo_table, echo_value
from flowbook.cli.place import asked_of_all, asked_project, project_option
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode
from flowbook.graph.services import Scope

if TYPE_CHECKING:
    from flowbook.session.variables import VariableChange
    from flowbook.store.memory import Changes, Memory

_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)
_COLUMNS = ("key", "version", "value", "changed", "by")


@click.group("memory")
@asked_of_all
@manual("flowbook memory list --flow orders", "flowbook memory get offset --flow orders")
def command() -> None:
    """Look at and change what flows remember from run to run."""


def _of_flow(function: Command) -> Command:
    run = click.option("--run", "of_run", metavar="ID", help="Variables of this run.")
    flow = click.option("--flow", metavar="NAME", help="Of this flow; of the project without.")
    return flow(run(function))


def _if_version(function: Command) -> Command:
    return click.option(
        "--if-version", type=int, metavar="N", help="Only if that is its version; 0: it has none."
    )(function)


def _memory(ctx: click.Context, asked: dict[str, Any]) -> Memory:
    if asked["of_run"] and asked["flow"]:
        raise click.UsageError("--run and --flow: name one of them")
    whole: Memory = asked_project(ctx, asked["folder"]).memory
    return whole.of_run(asked["of_run"]) if asked["of_run"] else whole.of(asked["flow"])


def _tell(ctx: click.Context, asked: dict[str, Any], changes: Changes) -> ExitCode:
    if asked["as_json"] or ctx.obj.as_json:
        echo_json({"changes": [one.to_json() for one in changes]})
    elif changes:
        echo_table(_COLUMNS, changes.rows())
    else:
        click.echo("nothing is remembered", err=True)
    return ExitCode.OK


@command.command("list")
@_of_flow
@project_option
@json_option
@click.pass_context
@manual("flowbook memory list", "flowbook memory list --flow orders --json", codes=_CODES)
def entries(ctx: click.Context, /, **asked: Any) -> ExitCode:
    """List the keys that have a value, with their versions."""
    return _tell(ctx, asked, _memory(ctx, asked).entries())


@command.command("history")
@click.argument("key", metavar="[KEY]", required=False)
@_of_flow
@project_option
@json_option
@click.pass_context
@manual("flowbook memory history offset --flow orders", codes=_CODES)
def history(ctx: click.Context, /, key: str | None, **asked: Any) -> ExitCode:
    """List the changes of KEY, or of all keys, the latest first."""
    return _tell(ctx, asked, _memory(ctx, asked).history(key))


@command.command("get")
@click.argument("key", metavar="KEY")
@_of_flow
@project_option
@json_option
@click.pass_context
@manual("flowbook memory get offset --flow orders", codes=_CODES)
def get(ctx: click.Context, /, key: str, **asked: Any) -> ExitCode:
    """Print the value of KEY."""
    memory = _memory(ctx, asked)
    version = memory.version(key)
    if not version:
        whose = (
            f" --flow {asked['flow']}" if asked["flow"] else "; with --flow NAME those of a flow"
        )
        raise UsageError(f"{key!r} has no value", hint=f"flowbook memory list{whose}")
    value = memory[key]
    if asked["as_json"] or ctx.obj.as_json:
        echo_json({"key": key, "version": version, "value": as_json(value)})
    else:
        echo_value(key, value)
    return ExitCode.OK


@command.command("set")
@click.argument("key", metavar="KEY")
@click.argument("value", metavar="VALUE")
@_if_version
@_of_flow
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook memory set offset 120 --flow orders",
    'flowbook memory set cities \'["Oslo", "Rome"]\' --if-version 3',
    codes=_CODES,
)
def set_(ctx: click.Context, /, key: str, value: str, **asked: Any) -> ExitCode:
    """Give KEY a VALUE: JSON, or, where it is none, the text itself."""
    try:
        plain = json.loads(value)
    except json.JSONDecodeError:
        plain = value
    version = _memory(ctx, asked).set(key, plain, if_version=asked["if_version"])
    if asked["as_json"] or ctx.obj.as_json:
        echo_json({"key": key, "version": version})
    else:
        click.echo(f"{key} has version {version}")
    return ExitCode.OK


@command.command("delete")
@click.argument("key", metavar="KEY")
@_if_version
@_of_flow
@project_option
@json_option
@click.pass_context
@manual("flowbook memory delete offset --flow orders", codes=_CODES)
def delete(ctx: click.Context, /, key: str, **asked: Any) -> ExitCode:
    """Take the value of KEY away; its history stays."""
    deleted = _memory(ctx, asked).delete(key, if_version=asked["if_version"])
    if asked["as_json"] or ctx.obj.as_json:
        echo_json({"key": key, "deleted": deleted})
    else:
        click.echo(f"{key} is gone" if deleted else f"{key} has no value")
    return ExitCode.OK


@command.command("watch")
@click.argument("key", metavar="[KEY]", required=False)
@click.option("--since", type=int, metavar="CURSOR", help="From there on.  [default: from now on]")
@click.option("--scope", type=click.Choice([one.value for one in Scope]), help="Only of these.")
@click.option("--count", type=click.IntRange(min=1), metavar="N", help="Stop after so many.")
@click.option("--timeout", type=Duration(), help="Stop when none came for so long: 30s, 5m.")
@_of_flow
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook memory watch",
    "flowbook memory watch offset --flow orders --count 1 --timeout 5m",
    codes=(*_CODES[:2], ExitCode.INFRASTRUCTURE, ExitCode.TIMEOUT, ExitCode.INTERRUPTED),
)
def watch(ctx: click.Context, /, key: str | None, **asked: Any) -> ExitCode:
    """Print each change as it comes, by any process; of KEY, or of all keys.

    Without --flow, --run and --scope those of all flows, runs and the project. With --json a line
    for each, with its cursor: --since goes on from there.
    """
    scope, name = asked["scope"], asked["flow"] or asked["of_run"]
    if name is not None:
        scope = (Scope.FLOW if asked["flow"] else Scope.RUN).value
    project = asked_project(ctx, asked["folder"])
    watching = project.variables.watch(asked["since"], scope, name, key)
    left = asked["count"]
    while left is None or left > 0:
        change = watching.next(asked["timeout"])
        if change is None:
            return ExitCode.TIMEOUT
        _tell_change(change, as_lines=bool(asked["as_json"] or ctx.obj.as_json))
        left = None if left is None else left - 1
    return ExitCode.OK


def _tell_change(change: VariableChange, *, as_lines: bool) -> None:
    if as_lines:
        told = change.to_json() | {"old": as_json(change.old), "new": as_json(change.new)}
        click.echo(json.dumps(told))
        return
    whose = change.flow or change.run or "the project"
    value = "deleted" if change.deleted else repr(change.new)
    click.echo(f"{whose}: {change.key} {value} (version {change.version}, by {change.by})")
