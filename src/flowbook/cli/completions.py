"""`flowbook completions`: what a shell needs to complete our commands, and names in the project.

Commands, options and their choices come from the commands themselves. Flows, nodes and runs are
looked up where a metavar says that one is wanted: nodes in the notebook that was named, runs and
flows in the history of the project. A look that fails completes nothing, and says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

from flowbook.cli.commands import ASKING
from flowbook.cli.manual import manual
from flowbook.errors import FlowbookError
from flowbook.export.exits import ExitCode

if TYPE_CHECKING:
    from flowbook.session.project import Project

Look: TypeAlias = Callable[[click.Context, Sequence[str]], list[CompletionItem[str]]]
"""Who knows names: from the context of the command, and the words before."""
_RECENT: Final = 30
_RUN_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HOW: Final = {
    "bash": "flowbook completions bash >> ~/.bashrc",
    "zsh": "flowbook completions zsh >> ~/.zshrc",
    "fish": "flowbook completions fish > ~/.config/fish/completions/flowbook.fish",
}


@click.command("completions")
@click.argument("shell", metavar="SHELL", type=click.Choice(tuple(_HOW)))
@manual(*_HOW.values(), codes=(ExitCode.OK, ExitCode.USAGE))
def command(shell: str) -> ExitCode:
    """Print what SHELL, which is bash, zsh or fish, runs to complete flowbook's words.

    It completes commands, options and choices, and names of flows, nodes and runs.
    """
    root = click.get_current_context().find_root()
    click.echo(_CLASSES[shell](root.command, {}, "flowbook", ASKING).source())
    click.echo(f"to keep it: {_HOW[shell]}", err=True)
    return ExitCode.OK


class _Known(ShellComplete):
    """Completes names of this project, too."""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        found = super().get_completions(args, incomplete)
        if found and any(item.type == "plain" for item in found):
            return found
        wanted = _wanted(self, args, incomplete)
        if wanted is None:
            return found
        ctx, look = wanted
        with suppress(FlowbookError, OSError):
            named = look(ctx, args)
            return [item for item in named if item.value.startswith(incomplete)] or found
        return found


class _Bash(_Known, BashComplete):
    pass


class _Zsh(_Known, ZshComplete):
    pass


class _Fish(_Known, FishComplete):
    pass


_CLASSES: Final[Mapping[str, type[ShellComplete]]] = {"bash": _Bash, "zsh": _Zsh, "fish": _Fish}


def register() -> None:
    """Let a shell that asks be answered with names of the project."""
    for name, kind in _CLASSES.items():
        add_completion_class(kind, name)


def _wanted(
    shell: ShellComplete, args: list[str], incomplete: str
) -> tuple[click.Context, Look] | None:
    """The context, and who knows the names for the word that is being written."""
    from click.shell_completion import _resolve_context, _resolve_incomplete

    ctx = _resolve_context(shell.cli, shell.ctx_args, shell.prog_name, args)
    obj, _ = _resolve_incomplete(ctx, args, incomplete)
    if not isinstance(obj, click.Parameter):
        return None
    look = _LOOKS.get(_kind(obj))
    return (ctx, look) if look else None


def _kind(parameter: click.Parameter) -> str:
    """What its metavar says is wanted: RUN for RUN_ID, [RUN_ID]... and RUN_A."""
    word = (parameter.metavar or "").strip("[].").removesuffix("_ID")
    word = "RUN" if word in ("RUN_A", "RUN_B") else word
    return "FLOW" if parameter.name == "flow" else word


def _runs(ctx: click.Context, _args: Sequence[str]) -> list[CompletionItem[str]]:
    page = _project(ctx).history.runs(limit=_RECENT)
    told = (row.to_json() for row in page.runs)
    return [_item(one["id"], f"{one['flow']}, {one['status']}") for one in told]


def _flows(ctx: click.Context, _args: Sequence[str]) -> list[CompletionItem[str]]:
    _, rows = _project(ctx).history.table("SELECT DISTINCT flow FROM runs ORDER BY flow LIMIT 1000")
    return [_item(str(flow)) for (flow,) in rows]


def _nodes(ctx: click.Context, args: Sequence[str]) -> list[CompletionItem[str]]:
    """Nodes of the notebook or the run among the words; a line that is not whole has no values."""
    notebook = next((Path(word) for word in args if word.endswith(".ipynb")), None)
    if notebook is not None and notebook.is_file():
        spec = _project(ctx, notebook.parent).load(notebook).flow.spec()
        return [_item(str(node.id), node.kind) for node in spec.nodes]
    run = next((word for word in args if _RUN_ID.fullmatch(word)), None)
    if run is None:
        return []
    rows = (row.to_json() for row in _project(ctx).history.node_runs(run))
    return [_item(name) for name in dict.fromkeys(str(row["node"]) for row in rows)]


_LOOKS: Final[Mapping[str, Look]] = {
    "RUN": _runs,
    "FLOW": _flows,
    "NODE": _nodes,
}


def _project(ctx: click.Context, folder: Path | None = None) -> Project:
    """The project that was named; `UsageError` where nothing has run, for nothing is to be made."""
    from flowbook.cli.opening import has_history
    from flowbook.errors import UsageError
    from flowbook.session.project import project

    asked: Iterable[Any] = (one.params.get("folder") for one in _above(ctx))
    found = project(folder or next((one for one in asked if one), None) or ".")
    if folder is None and not has_history(found.path):
        raise UsageError("nothing has run here")
    return found


def _above(ctx: click.Context) -> Iterable[click.Context]:
    one: click.Context | None = ctx
    while one is not None:
        yield one
        one = one.parent


def _item(value: str, note: str | None = None) -> CompletionItem[str]:
    return CompletionItem(value, help=note)
