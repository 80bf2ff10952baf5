"""`cache`: a node is not run again for the same code over the same content, in any process."""

from __future__ import annotations

import subprocess
import sys
import time

import pandas as pd
import pytest

import flowbook
from flowbook.cells.notebook import Cell, Notebook
from flowbook.cells.source import read
from flowbook.errors import InvalidFlow, UnknownNode, UsageError
from flowbook.events import NodeCompleted
from flowbook.graph.flow import Flow
from flowbook.graph.node import Node
from flowbook.graph.options import Options
from flowbook.graph.spec import InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName
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


# ---------------------------------------------------------------- what is the same code


def notebook_flow(project, *sources, name="cells"):
    cells = [Cell.code(f"c{i}", source) for i, source in enumerate(sources)]
    parsed = read(Notebook.of(tuple(cells)), project.registry, name)
    assert not parsed.problems
    flow = Flow(name, host=project)
    flow.replace_spec(parsed.spec)
    return flow


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("%%flow a --cache\n1+1", "%%flow a --cache\n# two\n\n1 + 1\n", "reused"),
        ("%%flow a --cache\n1+1", "%%flow a --cache 1h\n(1+1)", "reused"),
        ("%%flow a --cache\n1+1", "%%flow a --cache\n1+2", "succeeded"),
        ("%%flow a --cache\n1+1", "%%flow a --cache\n1*1", "succeeded"),
        (
            "%%flow sql a --cache\nselect 1 as x",
            "%%flow sql a --cache\n-- one\nselect 1\n  as x",
            "reused",
        ),
        ("%%flow sql a --cache\nselect 1 as x", "%%flow sql a --cache\nselect 1 as X", "succeeded"),
    ],
)
def test_layout_and_comments_of_a_cell_change_nothing(project, before, after, outcome):
    notebook_flow(project, before).run().raise_for_status()
    run = notebook_flow(project, after).run().raise_for_status()
    assert run["a"].outcome == outcome, run["a"].cache.why


def test_a_comment_makes_no_node_stale(project):
    flow = notebook_flow(project, "%%flow a\n1+1", "%%flow b(a)\na")
    flow.run().raise_for_status()
    parsed = notebook_flow(project, "%%flow a\n# two\n1 + 1", "%%flow b(a)\na").spec()
    flow.replace_spec(parsed)
    assert project.stale(flow) == frozenset()
    flow.replace_spec(notebook_flow(project, "%%flow a\n1+2", "%%flow b(a)\na").spec())
    assert project.stale(flow) == {"a", "b"}


def test_setup_cells_may_be_annotated_too(project):
    def ran_with(setup):
        flow = notebook_flow(project, f"%%flow setup\n{setup}", "%%flow a --cache\nscaled(2)")
        return flow.run().raise_for_status()["a"]

    ran_with("def scaled(x):\n    return x * 2")
    assert ran_with("# twice\n\n\ndef scaled(x):\n    return x * 2  # !").outcome == "reused"
    changed = ran_with("def scaled(x):\n    return x * 3")
    assert (changed.outcome, changed.cache.why) == ("succeeded", "captured names changed")


def test_moving_a_decorated_function_is_harmless(project, tmp_path):
    text = (
        "import flowbook\n"
        "flow = flowbook.Flow('f')\n"
        "RATE = 3\n"
        "def helper(n):\n    return n * RATE\n"
        "@flow.node(cache=True)\n"
        "def one(n: int = 1):\n    return helper(n)\n"
        "run = flow.run()\n"
        "print(run['one'].outcome.value, run['one'].cache.why)\n"
    )

    def told(script):
        (tmp_path / "script.py").write_text(script)
        done = subprocess.run(
            [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    assert told(text) == "succeeded first"
    assert told("# moved\n\n\n" + text.replace("return n", "# said\n    return n")) == "reused hit"
    assert told(text.replace("RATE = 3", "RATE = 4")) == "succeeded captured names changed"
    assert told(text.replace("n * RATE", "n + RATE")) == "succeeded captured names changed"


def test_a_newer_node_type_computes_anew(project):
    class Two(Node):
        kind = "two"
        version = "1"

        def run(self, context, inputs):
            return 2

    project.registry.register(Two)
    spec = NodeSpec(NodeId("a"), kind="two", options=flowbook_options(cache=True))

    def outcome():
        flow = Flow("typed", host=project)
        flow.add(spec)
        return flow.run().raise_for_status()["a"].outcome

    assert [outcome(), outcome()] == ["succeeded", "reused"]
    Two.version = "2"
    assert outcome() == "succeeded"


def flowbook_options(**given):
    from flowbook.graph.options import parse_options

    return parse_options(given)


# ---------------------------------------------------------------- for how long, and by what


def test_a_result_is_taken_until_it_is_too_old(project):
    flow = Flow("short", host=project)

    @flow.node(cache="1s")
    def one():
        return 1

    flow.run().raise_for_status()
    deadline = time.monotonic() + 30
    while (found := flow.cache.why("one")).hit:
        assert time.monotonic() < deadline
    assert found.why.startswith("expired ")
    again = flow.run().raise_for_status()["one"]
    assert (again.outcome, again.cache.why.split()[0]) == ("succeeded", "expired")


def test_a_key_of_ones_own_stands_for_the_inputs(project):
    flow = Flow("keyed", host=project)

    @flow.node
    def fetch(id: int = 7, seen: int = 0):
        return {"id": id, "seen": seen}

    @flow.node(cache=True, cache_key="{{ order.id }}")
    def price(order=fetch):
        CALLS.append("price")
        return order["id"] * 10

    assert ran(flow, id=7, seen=1)[1] == ["price"]
    run, calls = ran(flow, id=7, seen=2)
    assert (calls, run["price"].outcome) == ([], "reused")
    run, calls = ran(flow, id=8, seen=2)
    assert (calls, run["price"].cache.why) == (["price"], "key changed")


def test_a_key_that_fails_is_a_miss_and_no_failure(project):
    flow = Flow("keyed", host=project)

    @flow.node(cache=True, cache_key="order.number")
    def price(order={"id": 7}):  # noqa: B006 - a parameter's default, never changed
        return 1

    run = flow.run().raise_for_status()
    assert run["price"].outcome == "succeeded"
    assert run["price"].cache.why.startswith("key expression failed")
    assert run["price"].cache.key is None


def test_a_key_over_what_the_node_does_not_read_is_refused(project):
    flow = Flow("keyed", host=project)

    @flow.node(cache=True, cache_key="oder.id")
    def price(order=1):
        return 1

    with pytest.raises(InvalidFlow) as refused:
        flow.run()
    assert "'oder' is no input of this node" in str(refused.value.problems)


# ---------------------------------------------------------------- why


def test_every_lookup_has_a_reason_live_and_in_the_history(project):
    flow = flow_of(project)
    first, _ = ran(flow)
    second, _ = ran(flow)
    third, _ = ran(flow, day="sunday")
    told = [(run["scaled"].cache.hit, run["scaled"].cache.why) for run in (first, second, third)]
    assert told == [(False, "first"), (True, "hit"), (False, "input changed: rows")]
    assert second["scaled"].cache.source == first.id
    assert first["scaled"].cache.key == second["scaled"].cache.key
    assert first["fetch"].cache.why == "cache is off"
    for run in (first, second, third):
        assert project.cache.why(run.id, "scaled") == run["scaled"].cache
    with pytest.raises(UnknownNode):
        project.cache.why(first.id, "scald")


def test_a_value_in_memory_only_is_a_reason(project):
    flow = Flow("live", host=project)

    @flow.node
    def connection():
        return object()

    @flow.node(cache=True)
    def rows(connection=connection):
        return 1

    run = flow.run().raise_for_status()
    assert run["rows"].cache.why == "not exact: connection was not kept as it is"
    assert project.cache.why(run.id, "rows").why == run["rows"].cache.why


def test_captured_names_that_cannot_be_told_are_a_reason(project):
    import threading

    lock = threading.Lock()
    flow = Flow("live", host=project)

    @flow.node(cache=True)
    def rows():
        with lock:
            return 1

    assert flow.run().raise_for_status()["rows"].cache.why.startswith("captures cannot be told")


def test_a_value_that_is_gone_is_a_reason(project):
    flow = Flow("big", host=project)

    @flow.node(cache=True)
    def frame():
        return pd.DataFrame({"x": range(1000)})

    ref = flow.run().raise_for_status()["frame"].refs["frame"]
    for path in (project.path / ".flowbook").rglob(f"{ref.hash}*"):
        path.unlink()
    again = flow.run().raise_for_status()["frame"]
    assert (again.outcome, again.cache.why.partition(":")[0]) == ("succeeded", "value gone")


def test_what_a_flow_keeps_back_is_no_part_of_its_events(project):
    flow = Flow("secret", host=project, sensitive_fields="pin")

    @flow.node(cache=True)
    def login(pin: str = "1234"):
        return "ok"

    run = flow.run().raise_for_status()
    kept = [e for e in project.history.events(run.id) if isinstance(e, NodeCompleted)]
    assert [set(event.cache_parts) for event in kept] == [{"code"}]
    assert flow.run(pin="4321")["login"].cache.why == "input changed"


def test_a_prediction_says_what_a_run_then_does(project):
    flow = flow_of(project)
    assert flow.cache.why("scaled").why == "input unknown: fetch has not run yet"
    first, _ = ran(flow)
    CALLS.clear()  # a list the functions use is part of what they do
    found = flow.cache.why("scaled")
    assert (found.hit, found.source, found.assuming) == (True, first.id, ("fetch",))
    assert str(found) == f"hit, from run {first.id} (if fetch give what they gave last)"
    assert ran(flow)[0]["scaled"].cache.key == found.key
    assert flow.cache.why("fetch").why == "cache is off"
    with pytest.raises(UnknownNode):
        flow.cache.why("scald")


def test_a_prediction_follows_cached_nodes_and_keys(project):
    flow = Flow("chain", host=project)

    @flow.node(cache=True)
    def one(n: int = 1):
        return {"n": n % 2}

    @flow.node(cache=True, cache_key="one.n")
    def two(one=one):
        return one["n"]

    assert flow.cache.why("two").why == "input unknown: one has not run yet"
    flow.run().raise_for_status()
    assert (flow.cache.why("two").hit, flow.cache.why("two").assuming) == (True, ())
    assert flow.cache.why("one", n=3).why == "input changed: n"
    assert flow.cache.why("two", n=3).assuming == ("one",)


# ---------------------------------------------------------------- clearing


def test_what_is_cleared_is_computed_again_once(project):
    flow = flow_of(project)
    ran(flow)
    seen = flow.cache.clear("scaled", dry_run=True)
    assert (seen.count, ran(flow)[1]) == (1, ["fetch"])
    assert flow.cache.clear("scaled").count == 1
    run, calls = ran(flow)
    assert (calls, run["scaled"].cache.why) == (["fetch", "scaled"], "cleared")
    assert ran(flow)[1] == ["fetch"]
    with pytest.raises(UnknownNode):
        flow.cache.clear("scald")


def test_clearing_reaches_results_that_another_flow_computed(project):
    cells = ("%%flow a --cache\n1 + 1",)
    notebook_flow(project, *cells, name="one").run().raise_for_status()
    other = notebook_flow(project, *cells, name="other")
    assert other.cache.why("a").hit
    assert (
        other.cache.clear("a").count == 0
    )  # it has computed nothing, and takes nothing from now on
    assert other.cache.why("a").why == "cleared"
    assert notebook_flow(project, *cells, name="one").cache.why("a").hit


def test_by_tag_and_by_flow(project):
    flow = Flow("tagged", host=project)

    @flow.node(cache=True, tags="prices")
    def a():
        return 1

    @flow.node(cache=True)
    def b():
        return 2

    flow.run().raise_for_status()
    assert [one.node for one in project.cache.clear(tag="prices").entries] == ["a"]
    assert [flow.cache.why(name).why for name in "ab"] == ["cleared", ""]
    with pytest.raises(UsageError, match="no node has the tag 'slow'"):
        flow.cache.clear(tag="slow")
    assert project.cache.clear("nobody").count == 0
    assert [one.node for one in flow.cache.entries()] == ["b"]
    assert project.cache.clear("tagged").count == 1
    assert flow.cache.entries() == ()


def test_another_process_is_told_at_once(project, tmp_path):
    flow = flow_of(project)
    ran(flow)
    script = "import flowbook; print(flowbook.project('.').cache.clear(node='scaled').count)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"
    assert ran(flow)[0]["scaled"].cache.why == "cleared"


# ---------------------------------------------------------------- routers, memory


def test_a_router_is_a_memo_of_its_conditions(project):
    cells = (
        "%%flow value(n: int = 5)\nn",
        "%%flow router route(value) --cache\nconditions:\n  - {id: big, expression: value > 3}\n",
        "%%flow behind(route=route.big)\nroute",
    )
    notebook_flow(project, *cells).run().raise_for_status()
    flow = notebook_flow(project, *cells)
    run = flow.run().raise_for_status()
    assert run["route"].outcome == "reused"
    assert run["route"].output == {"matched_outputs": ["big"], "evaluated_value": 5}
    assert run["behind"].output == 5
    run = flow.run(n=1).raise_for_status()
    assert (run["route"].outcome, run["route"].cache.why) == (
        "succeeded",
        "input changed: value",
    )
    assert run["behind"].outcome == "skipped"
    changed = (cells[0], cells[1].replace("> 3", "> 4"), cells[2])
    assert notebook_flow(project, *changed).run()["route"].cache.why == (
        "code changed; input changed: value"
    )


def test_a_second_hit_reads_no_file(project):
    flow = Flow("big", host=project)

    @flow.node(cache=True)
    def frame():
        return pd.DataFrame({"x": range(1000)})

    @flow.node
    def spoil(frame=frame):
        frame["x"] = 0
        return int(frame["x"].sum())

    ref = flow.run().raise_for_status()["frame"].refs["frame"]
    flow.run().raise_for_status()
    assert len(project.cache.held) == 1
    for path in (project.path / ".flowbook").rglob(f"{ref.hash}*"):
        path.write_bytes(b"nothing that could be read")
    run = flow.run().raise_for_status()
    assert run["frame"].outcome == "reused"
    project.cache.held.clear()
    assert flow.run()["frame"].cache.why.startswith("value gone")


def test_the_memory_it_may_take_is_a_setting(project):
    flow = Flow("big", host=project)

    @flow.node(cache=True)
    def frame():
        return pd.DataFrame({"x": range(1000)})

    project.store.settings.set("cache_memory", "0")
    for _ in range(2):
        flow.run().raise_for_status()
    assert len(project.cache.held) == 0
    project.store.settings.set("cache_memory", "1MB")
    flow.run().raise_for_status()
    assert len(project.cache.held) == 1


def test_a_merge_of_branches_is_taken_for_the_same_ones_only(project):
    flow = flow_of(project)
    spec = NodeSpec(
        NodeId("both"),
        kind="merge",
        inputs=tuple(InputSpec(PortName(name), Wire(NodeId(name))) for name in ("fetch", "scaled")),
        options=Options(cache=True),
    )
    flow.add(spec)
    assert [flow.run()["both"].cache.hit for _ in range(2)] == [False, True]
    assert not flow.run(day="sunday")["both"].cache.hit
