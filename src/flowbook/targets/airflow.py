"""A DAG file for Airflow, as text: nothing of Airflow is needed to write it.

The timetables are named, because what a bare expression means is not the same in Airflow 2 and 3.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from flowbook.targets.job import Caveat, Deployment, File, Job, quoted
from flowbook.targets.lines import cron_lines, settled
from flowbook.targets.promises import clock_caveats, jitter_caveat
from flowbook.triggers.schedule import CatchUp, Overlap, Schedule

_SKIP: Final = 3
"""What `flowbook job run`, and a guard that refuses, end with when nothing is to be done."""


def airflow(job: Job, schedule: Schedule, now: datetime) -> Deployment:
    """A file for Airflow's folder of DAGs; Airflow 2.9 or later, 2.11 for more than one line."""
    imported, timetable, guard = _timetable(schedule)
    name = f"{job.name.replace('-', '_')}.py"
    runs = _runs(schedule)
    limit = "" if job.timeout is None else _LIMIT.format(seconds=f"{job.timeout + 60:g}")
    text = _TEMPLATE.format(
        about=quoted(f"Flow {job.flow} as a job. Written by flowbook export: export it again."),
        imported=imported,
        dag=quoted(job.name),
        schedule=timetable,
        start=_date(schedule.start or _since(schedule, now)),
        end="" if schedule.end is None else f"    end_date={_date(schedule.end)},\n",
        catch_up=schedule.catch_up is CatchUp.ALL,
        runs="" if runs is None else f"    max_active_runs={runs},\n",
        paused=not schedule.enabled,
        task="run",
        command=quoted(_command(job, schedule, guard)),
        limit=limit,
        skip=_SKIP,
    )
    steps = (f'cp {shlex.quote(job.at(name))} "$AIRFLOW_HOME/dags/"',)
    return Deployment((File(name, text),), tuple(_caveats(schedule, now)), steps)


def _timetable(schedule: Schedule) -> tuple[str, str, str | None]:
    """What to import, the timetable, and the guard that has to go before the command."""
    if schedule.at:
        dates = ", ".join(_date(one) for one in settled(schedule))
        call = f"EventsTimetable(event_dates=[{dates}], restrict_to_events=True)"
        return "from airflow.timetables.events import EventsTimetable", call, None
    zone, lines = cron_lines(schedule)
    guard = next((line.guard.test(zone) for line in lines if line.guard), None)
    kind = "CronTriggerTimetable" if len(lines) == 1 else "MultipleCronTriggerTimetable"
    said = ", ".join(quoted(line.text) for line in lines)
    call = f"{kind}({said}, timezone={quoted(zone)})"
    return f"from airflow.timetables.trigger import {kind}", call, guard


def _command(job: Job, schedule: Schedule, guard: str | None) -> str:
    """The command, and nothing in it Jinja's; the space at its end keeps it from being a file."""
    line = f"cd {shlex.quote(job.folder)} && {job.line(schedule)} "
    if guard is not None:
        line = f"{{ {guard}; }} || exit {_SKIP}; {line}"
    return f"{{% raw %}}{line}{{% endraw %}} " if "{" in line else line


def _date(moment: datetime) -> str:
    at = moment.astimezone(UTC)
    named = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    return f"datetime({', '.join(map(str, named))}, tzinfo=timezone.utc)"


def _since(schedule: Schedule, now: datetime) -> datetime:
    """Where a schedule has no start: today if everything from there on is made up for.

    Else it says nothing, and is the same in every export of a year.
    """
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return today if schedule.catch_up is CatchUp.ALL else today.replace(month=1, day=1)


def _runs(schedule: Schedule) -> int | None:
    return schedule.parallel if schedule.overlap is Overlap.PARALLEL else 1


def _caveats(schedule: Schedule, now: datetime) -> Iterator[Caveat]:
    if schedule.overlap is Overlap.SKIP:
        yield Caveat(
            "the latest moment that falls into a run starts one when that run ends (overlap=skip)",
            "let overlap be queue_one, which Airflow keeps",
        )
    if schedule.overlap is Overlap.PARALLEL and schedule.parallel is None:
        yield Caveat(
            "at most as many runs at once as Airflow allows of a DAG",
            "raise max_active_runs_per_dag there",
        )
    if schedule.catch_up is CatchUp.NONE:
        yield Caveat(
            "Airflow starts the latest moment that was missed, however late (catch_up=none)",
            "let the flow look at the time",
        )
    if schedule.catch_up is CatchUp.ALL:
        yield Caveat(
            "Airflow makes up for every moment since the start date, not for "
            f"{schedule.catch_up_most} at most (catch_up=all)",
            "let start be the day on which you put it to use",
        )
    yield from jitter_caveat(schedule, "Airflow")
    yield from clock_caveats(
        schedule, now, "Airflow may start no run or a later one", "Airflow may start two runs"
    )


_LIMIT: Final = "        execution_timeout=timedelta(seconds={seconds}),\n"
_TEMPLATE: Final = """{about}

from datetime import datetime, timedelta, timezone

from airflow import DAG
{imported}

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # before Airflow 3
    from airflow.operators.bash import BashOperator

with DAG(
    dag_id={dag},
    schedule={schedule},
    start_date={start},
{end}    catchup={catch_up},
{runs}    is_paused_upon_creation={paused},
    default_args={{"retries": 0}},
    tags=["flowbook"],
) as dag:
    BashOperator(
        task_id="{task}",
        bash_command={command},
        skip_on_exit_code={skip},
{limit}    )
"""
