from __future__ import annotations

import json

import pandas as pd
import pytest

from flowbook import Flow, UsageError
from flowbook.testing import Seen, expect


@pytest.fixture
def flow(project):
    flow = Flow("report", host=project)

    @flow.node
    def fetch(city="Oslo"):
        return pd.DataFrame({"city": [city] * 3, "temp": [1.5, 2.5, None]})

    with flow.map("each", [1, 2]):

        @flow.node
        def twice(item):
            return {"twice": item * 2}

    @flow.node
    def opaque():
        return object()

    return flow


def test_a_run_is_kept_apart_from_its_project(flow, project, tmp_path):
    seen = Seen.of(flow.run(city="Rome"), project)
    folder = seen.save(tmp_path / "seen" / "report")
    again = Seen.load(folder)
    assert (again.flow, again.params, again.run) == ("report", {"city": "Rome"}, seen.run)
    pd.testing.assert_frame_equal(
        again.given("fetch").ports["fetch"], seen.given("fetch").ports["fetch"]
    )
    assert again.given("each[1].twice").ports == {"twice": {"twice": 4}}


def test_what_is_small_and_plain_can_be_read_in_the_file(flow, project, tmp_path):
    folder = Seen.of(flow.run(), project).save(tmp_path)
    told = json.loads((folder / "seen.json").read_text())
    assert told["nodes"]["each[0].twice"]["ports"]["twice"] == {"value": {"twice": 2}}


def test_what_was_not_kept_is_said_with_its_reason(flow, project, tmp_path):
    seen = Seen.load(Seen.of(flow.run(), project).save(tmp_path))
    with pytest.raises(UsageError, match="was not kept: "):
        seen.given("opaque")
    with pytest.raises(UsageError, match="gave nothing"):
        seen.given("nobody")


def test_a_folder_without_one_says_how_to_make_it(tmp_path):
    with pytest.raises(UsageError, match="flowbook test record"):
        Seen.load(tmp_path)


def test_another_format_is_refused(tmp_path):
    (tmp_path / "seen.json").write_text('{"format": 99}')
    with pytest.raises(UsageError, match="format 99"):
        Seen.load(tmp_path)


def test_it_stands_for_nodes_that_may_not_run(project):
    from tests.session.test_rehearsal import Charge

    project.registry.register(Charge)
    Charge.charged.clear()
    flow = Flow("shop", host=project)
    from flowbook.graph.spec import InputSpec, NodeSpec

    @flow.node
    def total(city="Oslo"):
        return len(city)

    flow.add(NodeSpec("pay", kind="charge", inputs=(InputSpec("total"),)))
    seen = Seen.of(flow.run(city="Bergen"), project)
    run = flow.test(seen=seen)
    assert len(Charge.charged) == 1
    assert run.params["city"] == "Bergen"
    expect(run, "pay").matches(seen)
    expect(run, "total").matches(seen)


def test_the_plug_in_costs_every_other_pytest_nothing():
    """It is imported wherever flowbook is installed: nothing of flowbook is, until it is used."""
    import subprocess
    import sys

    code = (
        "import sys, flowbook.testing.plugin; print(*(m for m in sys.modules if 'flowbook' in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["flowbook", "flowbook.testing", "flowbook.testing.plugin"]
