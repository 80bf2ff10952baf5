"""From facts to notices: whether a rule has something to say, and what.

`judged` goes through what happened in its order and keeps the quiet that a rule asks for; it serves
what is told now and the question what would have been told alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from flowbook.alerts.facts import Figures, FinishedRun, Slot
from flowbook.alerts.notice import Notice, identity
from flowbook.alerts.rule import Failed, Heavy, Missed, Recovered, Rule, Slow, TimedOut

_NO_FIGURES = Figures()


def judged(
    rule: Rule,
    runs: Iterable[tuple[FinishedRun, Figures]],
    told_at: Mapping[str, float] | None = None,
) -> Iterator[Notice]:
    """The notices of a rule about runs in the order in which they ended.

    `told_at`: when it last had something to say of a flow, in seconds since the epoch.

    >>> from flowbook.alerts.rule import rule_of
    >>> rule = rule_of({"name": "n", "when": {"on": "failed"}, "to": [{"channel": "lab"}]})
    >>> at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> run = FinishedRun("r1", "daily", "failed", "cron", at, "KeyError: 'rain'")
    >>> [(one.event, one.run, one.error) for one in judged(rule, [(run, Figures())])]
    [('run_failed', 'r1', "KeyError: 'rain'")]
    """
    yield from _quietly(rule, (judge(rule, run, figures) for run, figures in runs), told_at)


def judged_slots(
    rule: Rule, slots: Iterable[Slot], told_at: Mapping[str, float] | None = None
) -> Iterator[Notice]:
    """The same of times that brought no run."""
    yield from _quietly(rule, (judge_slot(rule, slot) for slot in slots), told_at)


def _quietly(
    rule: Rule, notices: Iterable[Notice | None], told_at: Mapping[str, float] | None
) -> Iterator[Notice]:
    last = dict(told_at or {})
    for notice in notices:
        if notice is None:
            continue
        before = last.get(notice.flow)
        if before is None or not rule.quiet or notice.happened_at - before >= rule.quiet:
            last[notice.flow] = notice.happened_at
            yield notice


def judge(rule: Rule, run: FinishedRun, figures: Figures = _NO_FIGURES) -> Notice | None:
    """What a rule has to say of one run, whatever was said before; None for nothing."""
    if not rule.watches(run.flow, run.trigger) or (rule.first_only and run.before == "failed"):
        return None
    when = rule.when
    if isinstance(when, Failed) and run.failed:
        return _of(rule, run, "run_failed", error=run.error or "it failed")
    if isinstance(when, TimedOut):
        return _timed_out(rule, run, int(figures.value or 0))
    if isinstance(when, Recovered) and not run.failed and run.before == "failed":
        return _of(rule, run, "run_recovered", "success", "succeeds again")
    if isinstance(when, Slow) and not run.failed and _above(figures, when.least):
        return _of(
            rule, run, "run_slow", "warning", "was slow",
            Took=_seconds(figures.value), Usual=_usual(when, _seconds(figures.bar)),
        )  # fmt: skip
    if isinstance(when, Heavy):
        return _heavy(rule, when, run, figures)
    return None


def judge_slot(rule: Rule, slot: Slot) -> Notice | None:
    """What a rule has to say of a time of a schedule without a run; None for nothing."""
    if not isinstance(rule.when, Missed) or not rule.of_flow(slot.flow):
        return None
    time = _stamp(slot.scheduled_for)
    why = slot.reason.replace("_", " ")
    return Notice(
        id=identity(rule.name, slot_subject(slot)),
        rule=rule.name,
        event="schedule_missed",
        flow=slot.flow,
        happened_at=slot.scheduled_for.timestamp(),
        message=f"Workflow '{slot.flow}' did not run at {time}: {why}",
        level="warning",
        fields={"Scheduled for": time, "Reason": why},
    )


def slot_subject(slot: Slot) -> str:
    """What a time of a schedule is known by; no run's id is like it."""
    return f"{slot.flow}@{_stamp(slot.scheduled_for)}"


def _timed_out(rule: Rule, run: FinishedRun, again: int) -> Notice | None:
    """A run that had its time `again` is told of however it ended."""
    tried = {"Attempts": str(again + 1)} if again else {}
    if run.timed_out:
        words, tried = "ran out of time", {"Error": run.error or "", **tried}
    elif again:
        went = "failed" if run.failed else "succeeded"
        words = f"was out of time, and {went} at attempt {again + 1}"
    else:
        return None
    level = "error" if run.failed else "warning"
    return _of(rule, run, "run_timed_out", level, words, **tried)


def _heavy(rule: Rule, when: Heavy, run: FinishedRun, figures: Figures) -> Notice | None:
    if when.limit is not None:
        if figures.value is None or figures.value <= when.limit:
            return None
        bar = _amount(when, when.limit)
    elif run.failed or not _above(figures, when.least):
        return None
    else:
        bar = _usual(when, _amount(when, figures.bar))
    of = f" in {when.node}" if when.node else ""
    what = "CPU time" if when.what == "cpu" else "memory"
    took = _amount(when, figures.value)
    return _of(rule, run, "run_heavy", "warning", f"took much {what}{of}", Took=took, Allowed=bar)


def _above(figures: Figures, least: int) -> bool:
    if figures.value is None or figures.bar is None:
        return False
    return figures.known >= least and figures.value > figures.bar


def _of(  # what it is of, what is said of it
    rule: Rule,
    run: FinishedRun,
    event: str,
    level: str = "",
    words: str = "",
    error: str = "",
    **fields: str,
) -> Notice:
    return Notice(
        id=identity(rule.name, run.id),
        rule=rule.name,
        event=event,
        flow=run.flow,
        run=run.id,
        happened_at=run.ended_at.timestamp(),
        error=error,
        message=words and f"Workflow '{run.flow}' {words}",
        level=level,
        fields=fields,
    )


def _usual(when: Slow | Heavy, bar: str) -> str:
    return f"{bar} ({when.percentile:g} % of the last {when.over})"


def _amount(when: Heavy, value: float | None) -> str:
    return _seconds(value) if when.what == "cpu" else f"{value or 0:,.0f} bytes"


def _seconds(value: float | None) -> str:
    return f"{value or 0:,.3g} s" if (value or 0) < 100 else f"{value:,.0f} s"


def _stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
