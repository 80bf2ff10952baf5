"""Flows that ask for it have every run accounted for, from start to end."""

import logging
import threading

import pytest

import flowbook
from flowbook.errors import StoreError
from flowbook.events import CancelRequested, RunCreated, RunStatus
from flowbook.session.accounting import how_it_ended
from flowbook.session.project import Project
from flowbook.store.audit import acting


def sums(project, **options):
    flow = flowbook.Flow("sums", host=project, **{"audit": True, **options})

    @flow.node
    def inverse(n: int = 2, token: str = "none"):
        print(token)
        return 1 / n

    return flow


def entries(project, run):
    return list(reversed(project.store.audit.search(run=run.id).entries))


def test_a_run_is_accounted_for_in_the_name_of_whoever_started_it(project):
    with acting(actor="ann", source="10.0.0.7"):
        run = sums(project).start(n=4)
    run.wait()
    started, ended = entries(project, run)
    assert (started.action, ended.action) == ("STARTED", "SUCCEEDED")
    assert {(one.actor, one.metadata["source"], one.flow) for one in (started, ended)} == {
        ("ann", "10.0.0.7", "sums")
    }
    assert started.metadata["params"] == {"n": 4, "token": "none"}
    assert started.metadata["trigger"] == "manual"
    row = project.history.run(run.id)
    assert ended.metadata["duration_ms"] == row.duration_ms
    assert "reason" not in ended.metadata


def test_a_flow_that_does_not_ask_has_none(project):
    run = sums(project, audit=False).run()
    assert entries(project, run) == []


def test_a_failure_says_why_without_what_is_sensitive(project):
    flow = flowbook.Flow("leaky", host=project, audit=True, sensitive_fields=["token"])

    @flow.node
    def login(token: str = "-"):
        raise ValueError(f"no such token: {token}")

    run = flow.run(token="hunter2-hunter2")
    started, ended = entries(project, run)
    assert started.metadata["params"] == {"token": "[redacted]"}
    assert ended.action == "FAILED"
    assert ended.metadata["reason"] == "ValueError: no such token: [redacted]"


@pytest.mark.parametrize("journal", ["summary", "off"])
def test_it_does_not_depend_on_how_much_is_journalled(project, journal):
    run = sums(project, journal=journal, log_inputs=False).run(n=0)
    started, ended = entries(project, run)
    assert started.metadata["params"] == {"n": "[redacted]", "token": "[redacted]"}
    assert (ended.action, ended.metadata["reason"]) == (
        "FAILED", "ZeroDivisionError: division by zero"
    )  # fmt: skip


def test_a_cancelled_run_says_what_for(project):
    flow, begun = flowbook.Flow("slow", host=project, audit=True), threading.Event()

    @flow.node
    async def wait():
        import asyncio

        begun.set()
        await asyncio.sleep(60)

    run = flow.start()
    assert begun.wait(10)
    with acting(actor="bob"):
        run.cancel("too slow")
    run.wait()
    ended = entries(project, run)[-1]
    assert (ended.action, ended.metadata["reason"]) == ("CANCELLED", "too slow")
    assert ended.actor == entries(project, run)[0].actor  # whose run it is


def test_a_project_that_is_closed_at_once_keeps_the_end(tmp_path):
    project = Project(tmp_path)
    run = sums(project).run()
    project.close()
    again = Project(tmp_path)
    assert [one.action for one in entries(again, run)] == ["STARTED", "SUCCEEDED"]
    again.close()


def test_a_run_goes_on_without_its_audit_and_that_is_said_once(project, monkeypatch, caplog):
    def refuse(*_, **_metadata):
        raise StoreError("the disk is full")

    monkeypatch.setattr("flowbook.store.audit.RunAccount._say", refuse)
    with caplog.at_level(logging.WARNING):
        run = sums(project).run().raise_for_status()
    (record,) = [one for one in caplog.records if one.name == "flowbook.session.accounting"]
    assert record.levelname == "WARNING"
    assert run.id in record.getMessage()
    assert "the disk is full" in str(record.exc_info[1])


def test_a_run_that_broke_off_has_failed():
    born = RunCreated(run="r", seq=0, at=1.0, flow="f", version="v", trigger="cli", nodes=())
    asked = CancelRequested(run="r", seq=1, at=2.0, reason="why not")
    status, ms, reason = how_it_ended([born, asked])
    assert (status, reason) == (RunStatus.FAILED, "the run broke off")
    assert ms > 0
    assert how_it_ended([])[1] == 0.0
