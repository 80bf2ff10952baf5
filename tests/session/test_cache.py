"""`cache`: a node is not run again for the same code over the same content, in any process."""

from __future__ import annotations

import subprocess
import sys

import flowbook
from flowbook.session.project import Project

CALLS: list[str] = []


def flow_of(project, *, factor=2, day="monday"):
    flow = flowbook.Flow("cached", host=project)

    @flow.node
    def fetch(day: str = day):
        CALLS.append("fetch")
        return [1, 2, 3] if day != "sunday" else [4]

    @flow.node(cache=True)
    def scaled(rows=fetch):
        CALLS.append("scaled")
        return [row * factor for row in rows]

    return flow


def ran(flow, **params):
    CALLS.clear()
    run = flow.run(**params).raise_for_status()
    return run, list(CALLS)


def test_a_second_run_takes_the_result_and_says_from_where(project):
    flow = flow_of(project)
    first, _ = ran(flow)
    second, calls = ran(flow)
    assert calls == ["fetch"]
    assert second["scaled"].outcome == "reused"
    assert second["scaled"].output == [2, 4, 6]
    sources = project.history.sql(
        "select payload->>'$.source' as source from events where kind = 'NODE_REUSED'"
    )
    assert list(sources.source) == [first.id]


def test_other_content_is_computed_and_the_same_content_by_another_way_is_not(project):
    flow = flow_of(project)
    ran(flow)
    assert ran(flow, day="sunday")[1] == ["fetch", "scaled"]
    assert ran(flow, day="tuesday")[1] == ["fetch"]


def test_another_captured_value_is_other_code(project):
    ran(flow_of(project))
    run, calls = ran(flow_of(project, factor=3))
    assert calls == ["fetch", "scaled"]
    assert run["scaled"].output == [3, 6, 9]


def test_the_cache_outlives_the_process(tmp_path):
    script = (
        "import flowbook\n"
        "flow = flowbook.Flow('f')\n"
        "@flow.node(cache=True)\n"
        "def one(n: int = 1):\n"
        "    print('computed')\n"
        "    return n\n"
        "print(flow.run()['one'].output)\n"
    )
    (tmp_path / "script.py").write_text(script)

    def output():
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert output() == ["computed", "1"]
    assert output() == ["1"]


def test_a_value_that_cannot_be_kept_is_computed_again(project):
    flow = flowbook.Flow("live", host=project)

    @flow.node(cache=True)
    def connection():
        CALLS.append("connection")
        return object()

    assert ran(flow)[1] == ["connection"]
    assert ran(flow)[1] == ["connection"]


def test_without_the_option_nothing_is_taken(project):
    flow = flowbook.Flow("plain", host=project)

    @flow.node
    def one():
        CALLS.append("one")
        return 1

    ran(flow)
    assert ran(flow)[1] == ["one"]


def test_two_projects_share_no_cache(tmp_path):
    first, second = Project(tmp_path / "a"), Project(tmp_path / "b")
    ran(flow_of(first))
    assert ran(flow_of(second))[1] == ["fetch", "scaled"]
    first.close()
    second.close()
