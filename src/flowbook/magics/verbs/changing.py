"""The verbs that change the live flow, and how its cells are taken."""

from __future__ import annotations

import keyword

import click

from flowbook.cells.flow_line import split_options
from flowbook.cells.header import is_flow_cell
from flowbook.errors import UsageError
from flowbook.graph.flow import Flow
from flowbook.graph.refs import NodeRef
from flowbook.ids import NodeId, as_node_id
from flowbook.magics.kernel_notebook import KernelNotebook, note
from flowbook.magics.offering import offer_patches
from flowbook.magics.verbs.group import PROGRAM, verbs
from flowbook.magics.verbs.words import NodeName, complete_setting


@verbs.command("rm")
@click.argument("nodes", nargs=-1, required=True, type=NodeName())
@click.pass_obj
def remove(notebook: KernelNotebook, nodes: tuple[NodeId, ...]) -> Flow:
    """Take nodes out of the flow; their cells stay, and define them anew when they are run."""
    for node in dict.fromkeys(nodes):
        notebook.live.remove(node)
    return notebook.flow


@verbs.command()
@click.argument("old", type=NodeName())
@click.argument("new")
@click.pass_obj
def rename(notebook: KernelNotebook, old: NodeId, new: str) -> NodeRef:
    """Give a node another name; what it fed stays fed, and cells that name it follow."""
    name = as_node_id(new)
    if keyword.iskeyword(name):
        raise UsageError(
            f"{new!r} is a word of Python and cannot name a node", hint="choose another"
        )
    before = dict(notebook.live.cells)
    patches = notebook.live.rename(old, name)
    offer_patches(notebook, patches, label=f"Rename {old} to {new}", before=before)
    return notebook.flow[new]


@verbs.command()
@click.argument("what", type=click.Choice(["define", "run"]), required=False)
@click.pass_obj
def mode(notebook: KernelNotebook, what: str | None) -> str:
    """Whether running a %%flow cell also runs its node, or defines it only."""
    if what:
        notebook.define_only = what == "define"
    return "define" if notebook.define_only else "run"


@verbs.command(context_settings={"ignore_unknown_options": True})
@click.argument(
    "settings",
    nargs=-1,
    type=click.UNPROCESSED,
    metavar="[NAME=VALUE]...",
    shell_complete=complete_setting,
)
@click.pass_obj
def options(notebook: KernelNotebook, settings: tuple[str, ...]) -> None:  # noqa: ARG001 # read as text
    """What is recorded of the flow's runs: name=value …, read from the notebook's text.

    %flow help names the options there are, and %flow help journal tells of one.
    """
    if not split_options(notebook.source)[1]:
        raise UsageError(
            f"{PROGRAM} options is read from the notebook's text, and is not there",
            hint="write it at the start of a line of a cell, outside of any block",
        )
    if is_flow_cell(notebook.source):
        return  # its definition has said so already
    for told in notebook.live.say(notebook.cell, notebook.source):
        note(told)
