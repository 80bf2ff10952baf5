"""A failed node says what it was given, and nothing that must not be said."""

from __future__ import annotations

import pytest

from flowbook.errors import RunFailed
from flowbook.graph.flow import Flow


def failing(project, **options):
    flow = Flow("failing", host=project, **options)

    @flow.node
    def rows():
        return [1, 2, 3]

    @flow.node
    def broken(rows, city: str = "Oslo", pin: str = "hunter2"):
        raise ValueError("no rain")

    return flow


def error_of(flow):
    return flow.start().wait()["broken"].error


def test_the_error_tells_the_inputs(project):
    flow = failing(project)
    assert error_of(flow).inputs == {"rows": "[1, 2, 3]", "city": "'Oslo'", "pin": "'hunter2'"}
    with pytest.raises(RunFailed) as caught:
        flow.run()["broken"].output  # noqa: B018 - asking raises
    assert caught.value.inputs["city"] == "'Oslo'"
    assert "given: rows = [1, 2, 3]" in caught.value._render_traceback_()


def test_the_history_has_them(project):
    error_of(failing(project))
    asked = "select payload->>'$.error.inputs.city' from events where kind = 'NODE_FAILED'"
    assert project.history.table(asked)[1] == [("'Oslo'",)]


def test_sensitive_fields_are_left_out(project):
    told = error_of(failing(project, sensitive_fields="pin"))
    assert told.inputs["pin"] == "[redacted]"
    assert "hunter2" not in repr(told)


@pytest.mark.parametrize("option", ["log_inputs", "log_outputs"])
def test_a_flow_that_keeps_no_values_tells_none(project, option):
    assert error_of(failing(project, **{option: False})).inputs == {}


def test_a_timeout_tells_them_too(project):
    flow = Flow("slow", host=project)

    @flow.node(timeout=0.1)
    async def slow(city: str = "Oslo"):
        import asyncio

        await asyncio.sleep(30)

    assert flow.start().wait()["slow"].error.inputs == {"city": "'Oslo'"}
