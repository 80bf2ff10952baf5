"""Several schedulers in processes of their own, any of which is killed: no slot lost or doubled."""

import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from tests.session.scheduled_sample import eventually, published

from flowbook.session.project import Project

CHILD = Path(__file__).parent / "children" / "scheduling.py"
BODY = "open('told.txt', 'a').write('ran\\n')"


@pytest.fixture
def home(tmp_path):
    """A project with a published flow that leaves a line behind for each time it ran."""
    project = Project(tmp_path)
    published(project, body=BODY)
    yield project
    project.close()


@pytest.fixture
def schedulers(home):
    """Starts schedulers, and ends those that are left."""
    started = []

    def start(*how):
        words = [sys.executable, str(CHILD), str(home.path), *how]
        process = subprocess.Popen(words, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def settled(home, count):
    slots = home.schedules.history("fast", 1000)
    return len(slots) >= count and all(one.run_status == "succeeded" for one in slots)


def test_four_schedulers_of_which_any_is_killed_run_every_slot_once(home, schedulers):
    every, count = 2.0, 8
    begin = home.schedules.now()
    home.schedules.save(
        "fast", "report", every=every, start=begin + timedelta(seconds=every),
        end=begin + timedelta(seconds=every * (count + 1) - 1), overlap="parallel",
        catch_up="all", catch_up_most=1000,
    )  # fmt: skip
    alive = [schedulers() for _ in range(4)]
    dice = random.Random(7)
    while home.schedules.now() < begin + timedelta(seconds=every * (count + 1)):
        victim = alive.pop(dice.randrange(len(alive)))
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        alive.append(schedulers())
        time.sleep(dice.random())
    eventually(lambda: settled(home, count), 300)
    slots = home.schedules.history("fast", 1000)
    runs = home.history.runs(limit=200).runs
    assert len(slots) == count
    assert sorted(one.scheduled_for for one in runs) == sorted(one.scheduled_for for one in slots)
    assert {one.run_id for one in slots} == {run.id for run in runs}
    assert len({run.key for run in runs}) == count
    assert (home.path / "told.txt").read_text() == "ran\n" * count


def test_a_run_whose_scheduler_died_before_it_began_is_taken_up_by_another(home, schedulers):
    moment = home.schedules.now() + timedelta(seconds=0.5)
    home.schedules.save("fast", "report", at=[moment.isoformat()])
    dying = schedulers("dying")
    assert dying.wait(120) == -signal.SIGKILL
    (decided,) = home.schedules.history("fast")
    assert (decided.verdict, decided.begun, decided.run_status) == ("run", False, None)
    schedulers()
    eventually(lambda: settled(home, 1), 120)
    (slot,) = home.schedules.history("fast")
    assert (slot.reason, slot.run_id) == ("taken_up", decided.run_id)
    assert [run.id for run in home.history.runs().runs] == [decided.run_id]


def test_the_process_of_a_slot_that_is_started_twice_runs_it_once(home):
    slot = home.schedules.save("fast", "report", cron="@yearly") and home.schedules.run_now("fast")
    one = home.schedules.get("fast")
    again = [home.schedules._launched(one, slot.scheduled_for) for _ in range(2)]
    eventually(lambda: settled(home, 1))
    assert [process.wait(120) for process in again].count(0) <= 1
    late = home.schedules._launched(one, slot.scheduled_for)
    assert late.wait(120) == 3
    assert (home.path / "told.txt").read_text() == "ran\n"
