"""Who is told of what: the rules of the project, and what became of each notice.

The server itself is a process that stays: while it runs, it tells what others left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from flowbook.alerts.rule import LAB, Rule, Target, When
from flowbook.errors import UsageError
from flowbook.events import TriggerKind
from flowbook.server.place import Missing, Place
from flowbook.server.routes import Asked, Route
from flowbook.server.runs import bounded, moment_of
from flowbook.server.shapes import (
    CheckedRule,
    Deliveries,
    OneDelivery,
    OneRule,
    RuleChoices,
    RuleGone,
    Rules,
    RuleSaid,
    RuleTold,
)
from flowbook.session.notifications import RuleTest
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


class RuleTried(RuleAsked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule that need not be there, and of how many days."""

    days: Annotated[float, msgspec.Meta(gt=0, le=3660)] = 30.0


class RuleDraft(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule as far as it is written: what does not fit is told with its field."""

    name: str = ""
    when: Mapping[str, Any] = {}
    to: tuple[Mapping[str, Any], ...] = ()
    flow: str = "*"
    triggers: tuple[str, ...] = ()
    quiet: float = 0.0
    first_only: bool = False


class DeliveriesAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of them. `since`: only what was written behind that time."""

    flow: str | None = None
    rule: str | None = None
    run: str | None = None
    channel: str | None = None
    status: str | None = None
    since: str | None = None
    limit: int = 100


class RetryAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which delivery, by the `id` that it is listed with."""

    id: str


def tell(root: str) -> None:
    """Tell as long as the server goes on what is to be told in its project."""
    project(root).teller.stay()


def rules(place: Place) -> dict[str, Any]:
    """All rules."""
    return {"rules": place.project.notifications.rules()}


def add(place: Place, asked: RuleAsked) -> dict[str, Any]:
    """Make a rule, or another one in the place of that name."""
    return {"rule": place.project.notifications.add(**msgspec.to_builtins(asked))}


def check(place: Place, asked: RuleDraft) -> dict[str, Any]:
    """What a rule would be, or why it cannot be; nothing is written."""
    told: dict[str, Any] = {"valid": False, "words": "", "warnings": [], "refused": None}
    rules = place.project.notifications
    try:
        rule = rules.made(**msgspec.to_builtins(asked))
    except UsageError as refused:
        field = getattr(refused, "field", None)
        why = {"message": refused.message, "hint": refused.hint, "field": field}
        return told | {"refused": why}
    return told | {"valid": True, "words": rule.words, "warnings": list(rules.doubts(rule))}


def attempt(place: Place, asked: RuleTried) -> dict[str, Any]:
    """What a rule that need not be there would have told."""
    rule = _made(place, asked)
    if not place.has_history:
        return RuleTest(rule, asked.days, ()).to_json()
    return place.project.notifications.test(rule, asked.days).to_json()


def say(place: Place, asked: RuleAsked) -> dict[str, Any]:
    """Send a word by a rule that need not be there."""
    return {"sent": place.project.notifications.say(_made(place, asked))}


def choices(place: Place) -> dict[str, Any]:
    """What can be chosen for a rule."""
    home = place.project
    return {"channels": home.notifications.channels(), "secrets": home.keychain.names()}


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


def retry(place: Place, asked: RetryAsked) -> dict[str, Any]:
    """Send a delivery again that has failed for good."""
    rules = place.project.notifications
    if not rules.history(id=asked.id):
        raise Missing(f"there is no delivery {asked.id!r:.60}", hint="list them: deliveries")
    return {"delivery": rules.retry(asked.id)}


def _made(place: Place, asked: RuleAsked) -> Rule:
    said = msgspec.to_builtins(asked)
    fields = {name: said[name] for name in RuleDraft.__struct_fields__}
    return place.project.notifications.made(**fields)


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
        "POST",
        "notifications/check",
        check,
        "What a rule would be, or why it cannot be; nothing is written.",
        CheckedRule,
        takes=RuleDraft,
    ),
    Route(
        "POST",
        "notifications/try",
        attempt,
        "What a rule that need not be saved would have told, had it been on; tells nobody.",
        RuleTold,
        takes=RuleTried,
    ),
    Route(
        "POST",
        "notifications/say",
        say,
        "Send a word to all whom a rule tells, saved or not, to see whether it comes.",
        RuleSaid,
        takes=RuleAsked,
    ),
    Route(
        "GET",
        "notifications/choices",
        choices,
        "What a rule can tell by, and the names of secrets.",
        RuleChoices,
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
    Route(
        "POST",
        "notifications/retry",
        retry,
        "Send a delivery again that has failed for good: at once, by whoever tells.",
        OneDelivery,
        takes=RetryAsked,
        success=202,
        misuse=409,
        names=True,
    ),
)
