"""Who is told of what: the rules of the project, and what became of each notice.

The server itself is a process that stays: while it runs, it tells what others left.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from flowbook.alerts.rule import LAB, Rule, Target, When
from flowbook.events import TriggerKind
from flowbook.server.place import Place
from flowbook.server.routes import Asked, Route
from flowbook.server.runs import bounded, moment_of
from flowbook.server.shapes import Deliveries, OneRule, RuleGone, Rules, RuleTold
from flowbook.session.project import project


class RuleAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as it is to be; its fields mean what they do in `Rule`. It is off unless `enable`."""

    name: str
    when: When
    to: tuple[Target, ...] = (Target(channel=LAB),)
    flow: str = "*"
    triggers: tuple[TriggerKind, ...] = ()
    quiet: Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400)] = 0.0
    first_only: bool = False
    enable: bool = False


class RuleTestAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of how many days."""

    days: Annotated[float, msgspec.Meta(gt=0, le=3660)] = 30.0


class DeliveriesAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them. `since`: only what was written behind that time."""

    flow: str | None = None
    rule: str | None = None
    run: str | None = None
    channel: str | None = None
    status: str | None = None
    since: str | None = None
    limit: int = 100


def tell(root: str) -> None:
    """Tell as long as the server goes on what is to be told in its project."""
    project(root).teller.stay()


def rules(place: Place) -> dict[str, Any]:
    """All rules."""
    return {"rules": place.project.notifications.rules()}


def add(place: Place, asked: RuleAsked) -> dict[str, Any]:
    """Make a rule, or another one in the place of that name."""
    said = msgspec.to_builtins(asked)
    return {"rule": place.project.notifications.add(said.pop("name"), said.pop("when"), **said)}


def enable(place: Place, rule: str) -> dict[str, Any]:
    """Let a rule watch."""
    _known(place, rule)
    return {"rule": place.project.notifications.enable(rule)}


def disable(place: Place, rule: str) -> dict[str, Any]:
    """Let a rule watch no longer."""
    _known(place, rule)
    return {"rule": place.project.notifications.disable(rule)}


def remove(place: Place, rule: str) -> dict[str, Any]:
    """Take a rule away."""
    _known(place, rule)
    place.project.notifications.remove(rule)
    return {"removed": rule}


def test(place: Place, rule: str, asked: RuleTestAsked) -> dict[str, Any]:
    """What a rule would have told."""
    found = _known(place, rule)
    return place.project.notifications.test(found, asked.days).to_json()


def deliveries(place: Place, asked: DeliveriesAsked) -> dict[str, Any]:
    """Who was told of what."""
    since = moment_of("since", asked.since)
    found = place.project.notifications.history(
        flow=asked.flow,
        rule=asked.rule,
        run=asked.run,
        channel=asked.channel,
        status=asked.status,
        since=None if since is None else since.timestamp(),
        limit=bounded(asked.limit),
    )
    return {"deliveries": found}


def _known(place: Place, rule: str) -> Rule:
    with place.known():
        return place.project.notifications.rule(rule)


ROUTES: Final = (
    Route("GET", "notifications/rules", rules, "The rules: who is told of what.", Rules),
    Route(
        "POST",
        "notifications/rules",
        add,
        "Make a rule, or another one in the place of that name; off unless it is enabled.",
        OneRule,
        takes=RuleAsked,
    ),
    Route(
        "GET",
        "notifications/rules/{rule}/test",
        test,
        "What a rule would have told, had it been on; tells nobody.",
        RuleTold,
        takes=RuleTestAsked,
    ),
    Route(
        "POST",
        "notifications/rules/{rule}/enable",
        enable,
        "Let a rule watch from now on.",
        OneRule,
    ),
    Route(
        "POST",
        "notifications/rules/{rule}/disable",
        disable,
        "Let a rule watch no longer.",
        OneRule,
    ),
    Route("DELETE", "notifications/rules/{rule}", remove, "Take a rule away.", RuleGone),
    Route(
        "GET",
        "notifications/deliveries",
        deliveries,
        "Who was told of what, the latest first; with channel=lab what JupyterLab is to show.",
        Deliveries,
        takes=DeliveriesAsked,
    ),
)
