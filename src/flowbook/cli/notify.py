"""`flowbook notify`: who is told of what, tried on the history before it is let loose."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from flowbook.alerts.rule import LAB
from flowbook.cli.manual import manual
from flowbook.cli.options import Command, Duration, json_option
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import asked_of_all, asked_project, project_option
from flowbook.cli.verb import verb
from flowbook.errors import StoreBusy
from flowbook.events import TriggerKind
from flowbook.export.exits import ExitCode
from flowbook.graph.quantities import parse_bytes
from flowbook.session.teller import END_SECONDS

if TYPE_CHECKING:
    from flowbook.alerts.rule import Rule
    from flowbook.session.notifications import Notifications
    from flowbook.session.project import Project
    from flowbook.store.notices import DeliveryRow

_LOOK_SECONDS = 0.05
_CODES = (ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)
_CONDITIONS = ("failed", "timed_out", "slow", "resources", "missed", "recovered")


class Size(click.ParamType[float]):
    """Bytes, from text such as 500MB or 2GB."""

    name = "size"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return float(parse_bytes(value))
        except ValueError as refused:
            self.fail(f"{value!r} is no size: {refused}", param, ctx)


@click.group("notify")
@asked_of_all
@manual(
    "flowbook notify add broken --on failed --channel slack --secret slack_hook",
    "flowbook notify test broken",
    "flowbook notify enable broken",
)
def command() -> None:
    """Let people be told of runs that failed, were slow, took much, or did not come."""


def _name_argument(function: Command) -> Command:
    return click.argument("name", metavar="RULE")(function)


def _rules(ctx: click.Context, folder: Path | None) -> Notifications:
    return asked_project(ctx, folder).notifications


@command.command("list")
@project_option
@json_option
@click.pass_context
@manual("flowbook notify list", "flowbook notify list --json", codes=_CODES)
def list_(ctx: click.Context, /, folder: Path | None, as_json: bool) -> ExitCode:
    """List the rules."""
    found = _rules(ctx, folder).rules()
    if as_json or ctx.obj.as_json:
        echo_json({"rules": [msgspec.to_builtins(one) for one in found]})
    elif not found:
        click.echo("there is no rule: flowbook notify add --help", err=True)
    else:
        columns = ("rule", "on", "flow", "tells", "quiet", "enabled")
        echo_table(columns, [_row(one) for one in found])
    return ExitCode.OK


def _row(rule: Rule) -> tuple[Any, ...]:
    tells = ", ".join(one.channel for one in rule.to)
    quiet = f"{rule.quiet:g} s" if rule.quiet else ""
    return (
        rule.name,
        rule.words + (", first only" if rule.first_only else ""),
        rule.flow,
        tells,
        quiet,
        "yes" if rule.enabled else "no",
    )


def _measures(function: Command) -> Command:
    for option in (
        click.option("--least", type=int, metavar="N", help="Nothing is slow with fewer.  [10]"),
        click.option("--over", type=int, metavar="N", help="Of so many runs before it.  [50]"),
        click.option("--percentile", type=float, metavar="P", help="Above P % of them.  [95]"),
        click.option("--node", metavar="NAME", help="What this node took, not the whole run."),
        click.option("--memory", type=Size(), help="More memory than this: 500MB, 2GB."),
        click.option("--cpu", type=Duration(), help="More CPU time than this: 30s, 5m."),
        click.option("--measure", type=click.Choice(("cpu", "memory")), help="What is measured."),
    ):
        function = option(function)
    return function


@command.command("add")
@_name_argument
@click.option("--on", type=click.Choice(_CONDITIONS), required=True, help="When it tells.")
@click.option("--flow", metavar="NAME", help="Of this flow, or of all like 'daily*'.")
@click.option(
    "--trigger",
    "triggers",
    multiple=True,
    type=click.Choice([one.value for one in TriggerKind if one is not TriggerKind.TEST]),
    help="Only of runs started so; may be given again.",
)
@click.option(
    "--channel", "channels", multiple=True, help="Where to: webhook, slack, discord, email, lab."
)
@click.option("--secret", metavar="NAME", help="Name of the secret that has the address.")
@click.option("--to", "readers", multiple=True, metavar="ADDRESS", help="Whom an e-mail is for.")
@click.option("--quiet", type=Duration(), help="Not more than once per flow in this time: 1h.")
@click.option("--first-only", is_flag=True, help="Only the first of a series of failures.")
@click.option("--enable", is_flag=True, help="Let it watch from now on.")
@_measures
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook notify add broken --on failed --channel slack --secret slack_hook --first-only",
    "flowbook notify add slow --on slow --percentile 99 --flow 'daily*' --quiet 1h",
    "flowbook notify add hungry --on resources --memory 2GB --channel email --to ada@example.org",
    codes=_CODES,
)
def add(ctx: click.Context, /, name: str, **asked: Any) -> ExitCode:
    """Make a rule, and say what it would have told in the last 30 days.

    It is off until it is enabled. A rule of that name is replaced.
    """
    rules = _rules(ctx, asked["folder"])
    said = {
        key: asked[key]
        for key in ("flow", "quiet", "first_only", "triggers")
        if asked[key] not in (None, ())
    }
    secret, readers = asked["secret"] or "", list(asked["readers"])
    to = [_target(one, secret, readers) for one in asked["channels"] or (LAB,)]
    rule = rules.add(name, _when(asked), to=to, enable=asked["enable"], **said)
    return _tell_test(ctx, rules, rule, 30, as_json=asked["as_json"])


def _target(channel: str, secret: str, readers: list[str]) -> dict[str, Any]:
    if channel == LAB:
        return {"channel": channel}
    return {"channel": channel, "secret": secret, "to": readers}


def _when(asked: dict[str, Any]) -> dict[str, Any]:
    names = ("percentile", "over", "least", "node")
    when = {"on": asked["on"], **{n: asked[n] for n in names if asked[n] is not None}}
    if asked["on"] != "resources":
        return when
    limits = {n: asked[n] for n in ("cpu", "memory") if asked[n] is not None}
    if len(limits) > 1 or (not limits and asked["measure"] is None):
        raise click.UsageError("say one of --cpu, --memory and --measure")
    what = next(iter(limits), asked["measure"])
    return when | {"what": what} | ({"limit": limits[what]} if what in limits else {})


@command.command("test")
@_name_argument
@click.option("--days", type=float, default=30, help="Of so many days.  [30]")
@click.option("--send", is_flag=True, help="Send a word to all whom it tells, now.")
@project_option
@json_option
@click.pass_context
@manual("flowbook notify test broken", "flowbook notify test broken --days 7", codes=_CODES)
def test(ctx: click.Context, /, name: str, days: float, send: bool, **asked: Any) -> ExitCode:
    """Say what a rule would have told, had it been on; nobody is told, but with --send."""
    rules = _rules(ctx, asked["folder"])
    if not send:
        return _tell_test(ctx, rules, rules.rule(name), days, as_json=asked["as_json"])
    found = rules.say(name)
    if asked["as_json"] or ctx.obj.as_json:
        echo_json({"rule": name, "sent": found})
    else:
        for channel, how in found.items():
            click.echo(f"{channel}: {how}")
    return ExitCode.OK if {*found.values()} == {"sent"} else ExitCode.INFRASTRUCTURE


def _tell_test(
    ctx: click.Context, rules: Notifications, rule: Rule, days: float, *, as_json: bool
) -> ExitCode:
    found = rules.test(rule, days)
    if as_json or ctx.obj.as_json:
        echo_json(found.to_json() | {"enabled": rule.enabled})
        return ExitCode.OK
    click.echo(f"{rule.name}: {found}")
    if not rule.enabled:
        click.echo(f"it is off; to let it watch: flowbook notify enable {rule.name}", err=True)
    return ExitCode.OK


@command.command("enable")
@verb("rule", now="watches from now on")
@manual("flowbook notify enable broken", codes=_CODES)
def enable(home: Project, name: str) -> None:
    """Let a rule watch from now on; of what was over before it tells nobody."""
    home.notifications.enable(name)


@command.command("disable")
@verb("rule", now="is off")
@manual("flowbook notify disable broken", codes=_CODES)
def disable(home: Project, name: str) -> None:
    """Let a rule watch no longer."""
    home.notifications.disable(name)


@command.command("remove")
@verb("rule", now="is gone")
@manual("flowbook notify remove broken", codes=_CODES)
def remove(home: Project, name: str) -> None:
    """Take a rule away; what it told stays in the history."""
    home.notifications.remove(name)


@command.command("history")
@click.option("--flow", metavar="NAME", help="Only of this flow.")
@click.option("--rule", metavar="RULE", help="Only by this rule.")
@click.option("--status", type=click.Choice(("waiting", "sent", "failed")), help="Only what is so.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="How many.  [20]")
@project_option
@json_option
@click.pass_context
@manual("flowbook notify history", "flowbook notify history --status failed", codes=_CODES)
def history(ctx: click.Context, /, folder: Path | None, as_json: bool, **asked: Any) -> ExitCode:
    """List who was told of what, and what did not get through, the latest first."""
    found = _rules(ctx, folder).history(**asked)
    if as_json or ctx.obj.as_json:
        echo_json({"deliveries": found})
        return ExitCode.OK
    columns = (
        "written", "rule", "event", "flow", "run", "channel", "status", "attempts", "error", "id"
    )  # fmt: skip
    rows = [
        (
            f"{one.written_at:%Y-%m-%d %H:%M:%S}", one.rule, one.event, one.flow,
            one.run_id or "", one.channel, one.status, one.attempts, one.last_error or "", one.id,
        )
        for one in found
    ]  # fmt: skip
    if rows:
        echo_table(columns, rows)
    else:
        click.echo("nobody was told of anything", err=True)
    return ExitCode.OK


@command.command("retry")
@click.argument("delivery", metavar="[ID]", required=False)
@click.option("--rule", metavar="RULE", help="All of this rule that have failed.")
@project_option
@json_option
@click.pass_context
@manual(
    "flowbook notify retry 5f0c6a1be2a94d0f8d1a7c3b9e6f2041",
    "flowbook notify retry --rule broken",
    codes=_CODES,
)
def retry(ctx: click.Context, /, delivery: str | None, rule: str | None, **asked: Any) -> ExitCode:
    """Send again what has failed for good, and say what became of it.

    It has as many attempts as it had at first.
    """
    if (delivery is None) == (rule is None):
        raise click.UsageError("say the id of a delivery, or --rule")
    rules = _rules(ctx, asked["folder"])
    again = rules.retry_failed(rule) if rule else (rules.retry(delivery or ""),)
    found = _attempted(rules, again)
    if asked["as_json"] or ctx.obj.as_json:
        echo_json({"deliveries": found})
    for one in () if asked["as_json"] or ctx.obj.as_json else found:
        why = f": {one.last_error}" if one.last_error and one.status != "sent" else ""
        click.echo(f"{one.id} {one.channel}: {one.status}{why}")
    if not found:
        click.echo(f"nothing of rule {rule!r} has failed", err=True)
    late = any(
        now.status != "sent" and now.attempts > then.attempts
        for now, then in zip(found, again, strict=True)
    )
    return ExitCode.INFRASTRUCTURE if late else ExitCode.OK


def _attempted(rules: Notifications, again: tuple[DeliveryRow, ...]) -> list[DeliveryRow]:
    """How they stand once each was tried; what another process takes long for is left to it."""
    until = time.monotonic() + END_SECONDS
    found = []
    for then in again:
        (now,) = rules.history(id=then.id)
        while now.attempts == then.attempts and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
            (now,) = rules.history(id=then.id)
        found.append(now)
    return found


@command.command("deliver")
@project_option
@json_option
@click.pass_context
@manual("flowbook notify deliver", codes=_CODES)
def deliver(ctx: click.Context, /, folder: Path | None, as_json: bool) -> ExitCode:
    """Send now what is due, and what a process that died did not come to tell.

    For a project with no server; another process that is at it is left to it.
    """
    rules = _rules(ctx, folder)
    try:
        left = rules.deliver()
    except StoreBusy:
        left = None
    if as_json or ctx.obj.as_json:
        echo_json({"next_in": left})
    elif left is not None:
        click.echo(f"more is due in {left:.0f} s", err=True)
    return ExitCode.OK
