"""`flowbook nodes`: which kinds of nodes there are, what each takes, and whether all is well."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from flowbook.cli.manual import manual
from flowbook.cli.migrate import migrate
from flowbook.cli.options import json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.errors import FlowbookError
from flowbook.export.exits import ExitCode
from flowbook.graph.kind_page import kind_page
from flowbook.graph.node_schema import summary_of
from flowbook.graph.registry import Registry

_CODES = (ExitCode.OK, ExitCode.USAGE)


@click.group("nodes", invoke_without_command=True)
@json_option
@click.pass_context
@manual("flowbook nodes", "flowbook nodes show http", "flowbook nodes check", codes=_CODES)
def command(ctx: click.Context, as_json: bool) -> ExitCode:
    """List the kinds of nodes that are installed, by family."""
    ctx.obj = as_json
    if ctx.invoked_subcommand is not None:
        return ExitCode.OK
    rows = [_row(_installed(), kind) for kind in _sorted(_installed())]
    if as_json:
        echo_json({"nodes": rows})
        return ExitCode.OK
    columns = ("kind", "version", "family", "what for", "package")
    echo_table(columns, [[row[name] for name in columns] for row in rows])
    return ExitCode.OK


@command.command("show")
@click.argument("kind", metavar="KIND")
@json_option
@click.pass_context
@manual("flowbook nodes show http", "flowbook nodes show http.v1 --json", codes=_CODES)
def show(ctx: click.Context, kind: str, as_json: bool) -> ExitCode:
    """Say what nodes of a KIND do, what they take, and how they are written.

    With --json it is the JSON Schema of the configuration.
    """
    registry = _installed()
    node_type = registry[kind]
    if as_json or ctx.obj:
        echo_json(node_type.schema())
        return ExitCode.OK
    for line in kind_page(registry, node_type):
        click.echo(line)
    return ExitCode.OK


@command.command("check")
@click.option("--examples", is_flag=True, help="Run the example of every kind, too.")
@click.option("--package", metavar="NAME", default="", help="Only what this package brings.")
@json_option
@click.pass_context
@manual(
    "flowbook nodes check", "flowbook nodes check --examples --package your-nodes", codes=_CODES
)
def check(ctx: click.Context, examples: bool, package: str, as_json: bool) -> ExitCode:
    """Look whether the installed kinds go together.

    Two packages that bring the same kind, or both its latest version, are a fault, and so is what
    cannot be loaded; each is named with its package. Examples run in an empty folder.
    """
    registry = _installed()
    kinds = [one for one in registry if _is_of(registry.package(registry[one]), package)]
    faults = [
        {"kind": one.kind, "package": one.package, "message": one.message}
        for one in registry.faults
        if _is_of(one.package, package)
    ]
    if examples:
        faults += _broken_examples(registry, kinds)
    if as_json or ctx.obj:
        echo_json({"kinds": len(kinds), "faults": faults})
    else:
        for one in faults:
            click.echo(f"error: {one['kind']}: {one['message']}", err=True)
        click.echo(f"{_count(len(kinds), 'kind')}, {_count(len(faults), 'fault')}", err=True)
    return ExitCode.USAGE if faults else ExitCode.OK


command.add_command(migrate)


def _installed() -> Registry:
    from flowbook.session.project import project

    return project(".").registry


def _sorted(registry: Registry) -> list[str]:
    return sorted(registry, key=lambda kind: (registry[kind].family, kind))


def _row(registry: Registry, kind: str) -> dict[str, Any]:
    node_type = registry[kind]
    return {
        "kind": kind,
        "version": node_type.type_version,
        "family": node_type.family,
        "what for": summary_of(node_type),
        "package": registry.package(node_type),
        "external": node_type.external,
    }


def _is_of(package: str, wanted: str) -> bool:
    """True for a package that is wanted, told with its version; every one is where none is."""
    return not wanted or package.partition(" ")[0] == wanted


def _broken_examples(registry: Registry, kinds: Sequence[str]) -> list[dict[str, str]]:
    from flowbook.session.examples import run_example
    from flowbook.session.project import Project

    broken = []
    for kind in kinds:
        node_type = registry[kind]
        if not node_type.example:
            continue
        with TemporaryDirectory() as folder:
            project = Project(Path(folder))
            try:
                run_example(project, node_type)
            except FlowbookError as failure:
                told = f"its example does not run: {failure}".removesuffix("\n")
                package = registry.package(node_type)
                broken.append({"kind": kind, "package": package, "message": told})
            finally:
                project.close()
    return broken


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
