"""A run takes the version that its rule and key say, keeps it, and tells why."""

from __future__ import annotations

import threading
import time

import pytest

import flowbook
from flowbook.cells.notebook import Cell, Notebook
from flowbook.errors import InvalidParameters, UsageError
from flowbook.graph.edits import SetBody
from flowbook.plan.compile import version_of
from flowbook.plan.routing import Routing
from flowbook.session.project import Project

SOURCES = ("%%flow first(n=2)\nn * 10", "%%flow second(first)\nfirst + 1")


def written(path, *sources):
    cells = (Cell.code(f"cell-{at}", source) for at, source in enumerate(sources))
    path.write_text(Notebook.of(tuple(cells)).text())
    return path


@pytest.fixture
def flow(project, tmp_path):
    """A flow that is published, and has a draft that says something else."""
    found = project.read_notebook(written(tmp_path / "cells.ipynb", *SOURCES))
    found.publish()
    found.apply(SetBody("second", "first + 2"))
    return found


def test_the_published_version_runs_while_the_draft_says_something_else(flow, project):
    run = flow.run(route="published")
    assert (run["second"].output, run.routed) == (21, "published: version 1")
    assert flow.run()["second"].output == 22
    assert flow.run().routed is None
    row = project.history.run(run.id)
    assert (row.version, row.routed) == (flow.published.version, "published: version 1")
    project.store.fold()
    assert project.history.run(run.id).routed == "published: version 1"
    assert flow.run(n=3, route="draft").routed == "draft"


def test_a_pinned_version_runs_whatever_is_published_meanwhile(flow):
    flow.publish()
    assert flow.run(route="pinned(1)")["second"].output == 21
    assert flow.run(route="published").routed == "published: version 2"
    first, _second = flow.versions()
    run = flow.run(route=f"pinned({first.version[:8]})")
    assert run["second"].output == 21
    assert run.routed == f"pinned({first.version[:8]}): version 1"


def test_a_canary_gives_each_key_its_version_in_every_process(flow, project, tmp_path):
    keys = [f"day {n}" for n in range(40)]
    rule = Routing.parse("canary(40)")
    there = {key: project.routed(flow, rule, key) for key in keys}
    assert {one.number for one in there.values()} == {1, None}
    for key, one in there.items():
        draft = rule.decide("cells", key).version == "draft"
        assert one.version == (version_of(flow.spec()) if draft else flow.published.version)
        assert "of 100" in one.why
        assert one.why.endswith("the draft" if draft else "version 1")
    key = next(key for key, one in there.items() if one.number == 1)
    run = flow.run(key=key, route="canary(40)")
    assert (run["second"].output, run.routed) == (21, there[key].why)
    assert flow.run(key=key, route="canary(40)").id == run.id
    project.store.close()
    again = Project(tmp_path)
    later = again.read_notebook(written(tmp_path / "cells.ipynb", *SOURCES))
    assert [again.routed(later, rule, key).why for key in keys] == [there[key].why for key in keys]
    again.close()


def test_a_canary_of_a_version_leaves_the_draft_alone(flow):
    flow.publish()
    flow.apply(SetBody("second", "nobody.x"))
    chosen = {flow.host.routed(flow, "canary(50, 1)", f"{n}").number for n in range(40)}
    assert chosen == {1, 2}


def test_a_run_without_a_key_is_routed_by_its_own_id(flow):
    run = flow.run(route="canary(50)")
    assert flow.host.routed(flow, "canary(50)", run.id).why == run.routed


def test_a_run_goes_on_with_the_version_it_took_though_another_is_published(flow):
    project = flow.host
    reached, go = threading.Event(), threading.Event()
    live = flowbook.Flow("slow", host=project)

    @live.node
    def held():
        reached.set()
        assert go.wait(20)
        return "old"

    live.publish()
    run = live.start(route="published")
    assert reached.wait(20)

    @live.node
    def held():  # noqa: F811 - the same node, defined anew
        return "new"

    live.publish()
    go.set()
    assert run.wait()["held"].output == "old"
    assert live.run(route="published")["held"].output == "new"


def test_what_cannot_be_taken_is_refused_before_anything_starts(flow, project, tmp_path):
    never = project.read_notebook(written(tmp_path / "never.ipynb", *SOURCES))
    with pytest.raises(UsageError, match="'never' has no published version"):
        never.run(route="published")
    with pytest.raises(UsageError, match="no version '9'"):
        flow.run(route="pinned(9)")
    with pytest.raises(UsageError, match="does not say which version"):
        flow.run(route="newest")
    with pytest.raises(InvalidParameters):
        flow.run(route="published", nobody=1)
    assert project.history.runs().runs == ()


def test_hooks_of_the_flow_hear_of_a_run_of_an_earlier_version(flow):
    heard = []
    flow.on_complete(lambda run: heard.append(run.routed))
    run = flow.run(route="published")
    deadline = time.monotonic() + 20
    while not heard and time.monotonic() < deadline:
        time.sleep(0.01)
    assert heard == [run.routed]


def test_a_parameter_may_be_called_route(project):
    flow = flowbook.Flow("roads", host=project)

    @flow.node
    def drive(route: str = "E6"):
        return route

    assert flow.run(route="E18")["drive"].output == "E18"
