"""From a rule to the version of a flow that one run takes: the rule decides, the history finds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flowbook.errors import UsageError
from flowbook.plan.compile import version_of
from flowbook.plan.routing import DRAFT, PUBLISHED, Routing
from flowbook.session.start import Start, mint_run_id
from flowbook.session.versions import Shelf, beside, published, stored_spec

if TYPE_CHECKING:
    from flowbook.graph.flow import Flow


@dataclass(frozen=True, slots=True)
class Routed:
    """The flow as the run takes it, its version, and why; `number` is None for a draft."""

    flow: Flow
    version: str
    number: int | None
    why: str


def routed(shelf: Shelf, flow: Flow, route: Routing | str, key: str) -> Routed:
    """What the run with that key takes; see `Project.routed`."""
    rule = Routing.parse(route) if isinstance(route, str) else route
    name = flow.spec().id
    choice = rule.decide(name, key)
    if choice.version == DRAFT:
        why = choice.why if rule.version or str(rule) != DRAFT else DRAFT
        return Routed(flow, version_of(flow.spec()), None, _told(why, "the draft"))
    wanted: str | int = choice.version
    if wanted == PUBLISHED:
        found = published(shelf.history, name)
        if found is None:
            raise UsageError(
                f"flow {name!r} has no published version",
                hint="publish it first: flow.publish(), or flowbook publish NOTEBOOK",
            )
        wanted = found.version
    stored = stored_spec(shelf.history, name, wanted)
    same = stored.version == version_of(flow.spec())
    whole = not stored.setup or shelf.live.of(flow).attached is not None
    then = flow if same and whole else beside(shelf, flow, stored)
    return Routed(then, stored.version, stored.number, _told(choice.why, _named(stored.number)))


def start_routed(
    shelf: Shelf, flow: Flow, route: Routing | str, key: str | None, how: Start
) -> tuple[Flow, Start]:
    """The flow to start and how, where a rule says which version; a run without key has its id."""
    run_id = how.run_id or mint_run_id()
    found = routed(shelf, flow, route, key or run_id)
    return found.flow, replace(how, run_id=run_id, routed=found.why)


def _named(number: int) -> str:
    return f"version {number}"


def _told(why: str, taken: str) -> str:
    """The reason that a run keeps.

    >>> _told("published", "version 3"), _told("draft", "the draft")
    ('published: version 3', 'draft')
    """
    return why if why == DRAFT else f"{why}: {taken}"
