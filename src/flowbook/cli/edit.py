"""`flowbook edit`: change the flow of a notebook as the canvas does, by the smallest patches."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import click

from flowbook.cells.binding import NotebookBinding
from flowbook.cells.edit_wire import encode, patch_to_json
from flowbook.cells.header import parse_cell
from flowbook.cells.notebook import Notebook
from flowbook.cli.differences import changes
from flowbook.cli.manual import manual
from flowbook.cli.options import json_option, notebook_argument
from flowbook.cli.output import echo_json
from flowbook.errors import UsageError
from flowbook.export.exits import ExitCode
from flowbook.graph.edits import (
    Connect,
    Disconnect,
    Edit,
    RemoveNode,
    RenameNode,
    SetInputs,
    SetOptions,
    Several,
)
from flowbook.graph.flow_edits import SetParams
from flowbook.graph.options import did_you_mean, parse_options, print_options
from flowbook.graph.spec import FlowSpec, InputSpec, Json, Missing, NodeSpec
from flowbook.ids import FlowId, NodeId, PortName
from flowbook.session.notebooks import replace_text
from flowbook.session.project import project

Words: TypeAlias = Sequence[str]


@click.command("edit", context_settings={"ignore_unknown_options": True})
@notebook_argument
@click.argument("verb", metavar="VERB")
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[WORDS]...")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@json_option
@manual(
    "flowbook edit report.ipynb rename fetch download",
    "flowbook edit report.ipynb set fetch --retries 3 --timeout 30s",
    "flowbook edit report.ipynb connect fetch.rows clean.data",
    "flowbook edit report.ipynb disconnect clean.data",
    "flowbook edit report.ipynb move clean --in each",
    "flowbook edit report.ipynb param city=Bergen",
    "flowbook edit report.ipynb rm clean --dry-run",
    codes=(ExitCode.OK, ExitCode.USAGE),
)
def command(
    notebook: Path, verb: str, words: tuple[str, ...], dry_run: bool, as_json: bool
) -> ExitCode:
    """Change the flow of NOTEBOOK: rename, rm, set, connect, disconnect, move or param.

    The cells that change are shown as a patch; all others stay as they are, byte for byte. Nothing
    is executed. The file is replaced whole, and only if nobody else has changed it meanwhile.
    """
    opened = project(notebook.resolve().parent)
    before = opened.load(notebook).notebook
    binding = NotebookBinding(before, opened.registry, FlowId(notebook.stem))
    edit = edit_of(verb, words, binding.parsed.spec)
    change = binding.edit(edit)
    written = bool(change.patches) and not dry_run
    if written:
        write_notebook(notebook, before, binding.notebook)
    if as_json:
        patches = [patch_to_json(one) for one in change.patches]
        echo_json({"edit": encode(edit), "patches": patches, "written": written})
        return ExitCode.OK
    for one in changes(before, binding.notebook):
        click.echo("\n".join(one.lines(notebook.name)))
    told = "would change" if dry_run else "written"
    count = len(change.patches)
    cells = f"{count} cell{'' if count == 1 else 's'} {told}"
    click.echo(f"{change.label}: {cells if count else 'nothing changes'}", err=True)
    return ExitCode.OK


def write_notebook(path: Path, before: Notebook, after: Notebook) -> None:
    """Replace a notebook that still says `before`; `UsageError` when it does not."""
    if Notebook.parse(path.read_bytes().decode()).text() != before.text():
        raise UsageError(
            f"{path} was changed by somebody else meanwhile; nothing was written",
            hint="run the command again",
        )
    replace_text(path, after.text())


# ---------------------------------------------------------------- words to edits


def edit_of(verb: str, words: Words, spec: FlowSpec) -> Edit:
    """The edit that words on the command line ask for.

    >>> edit_of("rename", ["fetch", "get"], FlowSpec("f"))
    RenameNode(old='fetch', new='get')
    """
    made = _VERBS.get(verb)
    if made is None:
        raise UsageError(f"there is no verb {verb!r}", hint=did_you_mean(verb, _VERBS))
    return made(words, spec)


def _rename(words: Words, _spec: FlowSpec) -> Edit:
    old, new = _exactly(words, "rename OLD NEW")
    return RenameNode(NodeId(old), NodeId(new))


def _remove(words: Words, _spec: FlowSpec) -> Edit:
    (node,) = _exactly(words, "rm NODE")
    return RemoveNode(NodeId(node))


def _set(words: Words, spec: FlowSpec) -> Edit:
    if len(words) < 2:
        raise _misused("set NODE --option value")
    node = spec.node(NodeId(words[0]))
    cell = parse_cell(f"%%flow {node.id} {shlex.join(words[1:])}")
    if cell.faults or cell.header is None:
        raise UsageError(cell.faults[0].message, hint=cell.faults[0].hint)
    return _with_options(node, cell.header.flags)


def _move(words: Words, spec: FlowSpec) -> Edit:
    usage = "move NODE --in CONTAINER"
    node, flag, container = _exactly(words, usage)
    if flag != "--in":
        raise _misused(usage)
    return _with_options(spec.node(NodeId(node)), {"in": container})


def _with_options(node: NodeSpec, given: Mapping[str, str]) -> Edit:
    return SetOptions(node.id, parse_options({**print_options(node.options), **given}))


def _connect(words: Words, spec: FlowSpec) -> Edit:
    source, target = _exactly(words, "connect A.output B.input")
    node, _, port = source.partition(".")
    outputs = spec.node(NodeId(node)).outputs
    if not port and len(outputs) != 1:
        hint = f"write {' or '.join(f'{node}.{one}' for one in outputs)}"
        raise UsageError(f"{node!r} has {len(outputs)} outputs", hint=hint)
    return Connect(NodeId(node), PortName(port or outputs[0]), *_input(target))


def _disconnect(words: Words, _spec: FlowSpec) -> Edit:
    (target,) = _exactly(words, "disconnect B.input")
    return Disconnect(*_input(target))


def _input(text: str) -> tuple[NodeId, PortName]:
    node, dot, port = text.partition(".")
    if not dot:
        raise UsageError(f"{text!r} names no input", hint=f"write {text}.input")
    return NodeId(node), PortName(port)


def _param(words: Words, spec: FlowSpec) -> Edit:
    (pair,) = _exactly(words, "param NAME=VALUE")
    name, equals, text = pair.partition("=")
    if not equals:
        raise _misused("param NAME=VALUE")
    found = {param.name: param for param in spec.params}
    if name in found:
        value = _typed(text, found[PortName(name)].default, found[PortName(name)].annotation)
        changed = (replace(one, default=value) if one.name == name else one for one in spec.params)
        return SetParams(tuple(changed))
    edits = tuple(_defaults(spec, name, text))
    if not edits:
        known = [*map(str, found), *(one.name for node in spec.nodes for one in _given(node))]
        raise UsageError(f"the flow has no parameter {name!r}", hint=did_you_mean(name, known))
    return edits[0] if len(edits) == 1 else Several(edits, f"Change {name}")


def _defaults(spec: FlowSpec, name: str, text: str) -> list[Edit]:
    """Parameters that heads declare."""
    return [
        SetInputs(
            node.id,
            tuple(
                replace(one, default=_typed(text, one.default, one.annotation))
                if one.name == name
                else one
                for one in node.inputs
            ),
        )
        for node in spec.nodes
        if any(one.name == name for one in _given(node))
    ]


def _given(node: NodeSpec) -> list[InputSpec]:
    return [one for one in node.inputs if not isinstance(one.default, Missing)]


def _typed(text: str, was: Json | Missing, annotation: str | None) -> Json:
    """The value a word stands for: itself where a text is wanted, else JSON where it reads."""
    if isinstance(was, str) or annotation == "str":
        return text
    words = {"True": True, "False": False, "None": None}
    try:
        value: Json = words[text] if text in words else json.loads(text)
    except ValueError:
        return text
    return value


def _exactly(words: Words, usage: str) -> list[str]:
    if len(words) != len(usage.split()) - 1:
        raise _misused(usage)
    return list(words)


def _misused(usage: str) -> UsageError:
    return UsageError(f"write it as: {usage}", hint="flowbook edit --help")


_VERBS: Final[Mapping[str, Callable[[Words, FlowSpec], Edit]]] = {
    "rename": _rename,
    "rm": _remove,
    "set": _set,
    "connect": _connect,
    "disconnect": _disconnect,
    "move": _move,
    "param": _param,
}
