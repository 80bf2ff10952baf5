"""The verbs that tell: how things stand, what a node is, what ran, what is wrong."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from flowbook.events import RunStatus, TriggerKind
from flowbook.ids import NodeId
from flowbook.magics.findings import Findings
from flowbook.magics.help import Page, overview, page_of, topics
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.node_view import NodeView, view_of
from flowbook.magics.past import Wanted, ask
from flowbook.magics.status import Status, status_of
from flowbook.magics.verbs.group import verbs
from flowbook.magics.verbs.words import Moment, NodeName


def complete_topic(
    ctx: click.Context,
    param: click.Parameter,  # noqa: ARG001 - click's signature
    incomplete: str,
) -> list[CompletionItem[Any]]:
    """What there is help for."""
    registry = ctx.obj.project.registry
    return [CompletionItem(one) for one in topics(verbs, registry) if one.startswith(incomplete)]


@verbs.command()
@click.pass_obj
def status(notebook: KernelNotebook) -> Status:
    """The flow at a glance: how each node ended last, and what follows no longer and why."""
    return status_of(notebook)


@verbs.command()
@click.argument("node", required=False, type=NodeName())
@click.pass_obj
def show(notebook: KernelNotebook, node: NodeId | None) -> NodeView | Any:
    """Show the canvas; with a node, what it is, what it reads and what it gave last."""
    return notebook.flow.canvas() if node is None else view_of(notebook, node)


@verbs.command()
@click.argument("nodes", nargs=-1, type=NodeName())
@click.option("--sql", help="A SELECT over the views of the history instead.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option(
    "--status",
    type=click.Choice([one.value for one in RunStatus]),
    help="Only runs that are so.",
)
@click.option(
    "--trigger",
    type=click.Choice([one.value for one in TriggerKind]),
    help="Only runs started so.",
)
@click.option("--since", type=Moment(), help="Only from then: 2026-05-01, or 7d ago.")
@click.option("--until", type=Moment(), help="Only before it.")
@click.option("--all", "every", is_flag=True, help="Runs of all flows of the project.")
@click.pass_obj
def history(notebook: KernelNotebook, /, **said: Any) -> Any:
    """Runs of the flow, latest first, as a table; with nodes, how these went in each run."""
    return ask(notebook, Wanted(**said))


@verbs.command("help", context_settings={"ignore_unknown_options": True})
@click.argument("topic", required=False, type=click.UNPROCESSED, shell_complete=complete_topic)
@click.pass_obj
def tell(notebook: KernelNotebook, topic: str | None) -> Page:
    """Tell of a verb, a kind of node or an option; alone, of all there are."""
    registry = notebook.project.registry
    return overview(verbs, registry) if topic is None else page_of(verbs, registry, topic)


@verbs.command()
@click.pass_obj
def check(notebook: KernelNotebook) -> Findings:
    """Every problem of the flow, as a list; an empty one when all is well."""
    return Findings((*notebook.live.problems(), *notebook.flow.check()))
