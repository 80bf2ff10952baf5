"""Two runs compared: what was different, what came of it, and where they part."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import flowbook
from flowbook.errors import UnknownNode, UsageError
from flowbook.session.diff_values import Difference, plain_change


@pytest.fixture
def flow(project):
    made = flowbook.Flow("rain", host=project)

    @made.node
    def fetch(days: int = 4):
        return pd.DataFrame({"day": range(days), "mm": [0.5 + day for day in range(days)]})

    @made.node
    def wet(df=fetch, limit: float = 1.0):
        return df[df["mm"] > limit].reset_index(drop=True)

    @made.node
    def total(df=wet):
        return {"mm": float(df["mm"].sum()), "of": ["sum"]}

    @made.node
    def note(days: int = 4):
        return f"days: {days}\nend"

    return made


def test_two_runs_alike(flow):
    diff = flow.diff(flow.run(), flow.run())
    assert not diff
    assert (diff.params, diff.environment, diff.first, diff.path) == ((), (), (), ((), ()))
    assert [one.difference for node in diff.nodes for one in node.outputs.values()] == [
        Difference.SAME
    ] * 4
    assert "alike" in str(diff)


def test_a_parameter_and_what_came_of_it(flow):
    diff = flow.diff(flow.run(), flow.run(limit=2.0).id)
    assert [(one.name, one.before, one.after) for one in diff.params] == [("limit", 1.0, 2.0)]
    assert (diff.first, diff.diverging) == (("wet",), ("wet", "total"))
    assert diff["wet"].causes == ("parameter limit",)
    change = diff["wet"]["wet"].change
    assert (change.removed, change.key, change.samples.removed) == (1, ("day",), ((1, 1.5),))
    assert str(diff["total"]["total"]) == "changed: mm: 7.5 → 6.0"
    text = str(diff)
    assert "1 row removed by day" in text
    assert "they part at wet (parameter limit)" in text


def test_a_text_is_compared_by_lines_and_an_array_by_elements(project):
    made = flowbook.Flow("kinds", host=project)

    @made.node(outputs=["text", "array", "shape"])
    def gives(n: int = 1):
        long = "\n".join(str(i) for i in range(2000))
        array = np.arange(3000.0)
        array[:n] += 0.5
        return {"text": f"{long}\n{n}", "array": array, "shape": np.zeros(n * 1000)}

    diff = made.diff(made.run(), made.run(n=2))["gives"]
    assert (diff["text"].change.added, diff["text"].change.removed) == (1, 1)
    assert (diff["array"].change.elements, diff["array"].change.largest) == (1, 0.5)
    assert str(diff["shape"]) == "changed: float64 (1000,) → float64 (2000,)"
    near = made.diff(made.run(), made.run(n=2), tolerance=0.6)["gives"]
    assert near["array"].difference is Difference.SAME


def test_the_code_and_the_wires_that_changed(flow):
    before = flow.run()

    @flow.node
    def total(df=flow["wet"]):
        return {"mm": float(df["mm"].max()), "of": ["max"]}

    diff = flow.diff(before, flow.run())
    assert diff.first == ("total",)
    assert "body changed" in diff["total"].causes
    removed = [line for mark, line in diff["total"].change.lines if mark == "-"]
    assert any("sum()" in line for line in removed)
    assert not diff["wet"].causes


def test_a_node_that_failed_where_it_had_not_is_where_runs_part(project):
    made = flowbook.Flow("shaky", host=project)

    @made.node
    def first(n: int = 1):
        if n > 1:
            raise ValueError("too many")
        return n

    @made.node
    def second(first):
        return first

    diff = made.diff(made.run(), made.run(n=2))
    assert diff.first == ("first",)
    assert (diff["first"].a.status, diff["first"].b.status) == ("succeeded", "failed")
    assert diff["first"]["first"].difference is Difference.REMOVED
    assert diff.path == (("second",), ())
    assert "too many" in str(diff)
    assert "too many" in diff._repr_html_()


def test_the_paths_that_branches_took(project):
    made = flowbook.Flow("ways", host=project)

    @made.node
    def rows(n: int = 1):
        return n

    made.add_kind("if", "choose", inputs={"n": made["rows"]}, settings={"condition": "{{ n > 1 }}"})
    choose = made["choose"]

    @made.node
    def many(n=choose.true):
        return n

    @made.node
    def few(n=choose.false):
        return n

    diff = made.diff(made.run(), made.run(n=5))
    assert diff.path == (("few",), ("many",))
    taken = {(one.source, one.target): one.taken for one in diff.edges}
    assert taken["choose", "many"] == (False, True)
    assert taken["choose", "few"] == (True, False)


def test_nodes_inside_of_containers_are_compared_turn_by_turn(project):
    made = flowbook.Flow("turns", host=project)
    with made.map("each", [1, 2, 3]):

        @made.node
        def times(item, k: int = 10):
            return item * k if item > 1 else item

    diff = made.diff(made.run(), made.run(k=11))
    turns = diff["times"].turns
    assert (turns.compared, turns.differing, turns.only_a) == (3, 2, 0)
    assert turns.first == ("each[1].times", "each[2].times")
    assert diff.first == ("times",)
    assert diff["each"].outputs["each_summary"].difference is Difference.SAME
    again = made.diff(made.run(), made.run())
    assert not again


def test_a_replay_is_the_same_where_it_took_what_there_was(flow):
    run = flow.run()
    edited = run["fetch"].output.assign(mm=[9.0, 9.0, 9.0, 9.0])
    diff = flow.diff(run, flow.replay(run, outputs={"fetch": edited}).wait())
    assert diff.first == ("fetch",)
    assert diff["fetch"].causes == ("given by hand in one of them",)
    assert not diff["note"].diverges


def test_a_value_that_was_not_kept_is_unknown_with_the_reason(project):
    made = flowbook.Flow("open", host=project, sensitive_fields=["password"])

    @made.node
    def thing(n: int = 1):
        return object()

    @made.node
    def secret(n: int = 1):
        return {"password": f"hidden {n}"}

    plain = flowbook.Flow("plain", host=project)

    @plain.node
    def socket(n: int = 1):
        return object()

    diff = made.diff(made.run(), made.run(n=2))
    assert diff["thing"]["thing"].difference is Difference.UNKNOWN
    socket_diff = plain.diff(plain.run(), plain.run(n=2))["socket"]
    assert "no plain data" in socket_diff["socket"].why
    assert "redacted" in diff["secret"]["secret"].why
    assert not diff["thing"].diverges


def test_a_key_can_be_said_of_all_tables_or_of_one(flow):
    a, b = flow.run(), flow.run(limit=2.0)
    assert flow.diff(a, b, key=())["wet"]["wet"].change.key == ()
    assert flow.diff(a, b, key="mm")["wet"]["wet"].change.key == ("mm",)
    assert flow.diff(a, b, key="elsewhere")["wet"]["wet"].change.key == ("day",)
    assert flow.diff(a, b, key={"wet": ["mm"]})["wet"]["wet"].change.key == ("mm",)
    with pytest.raises(UsageError, match="no column 'nope'"):
        _ = flow.diff(a, b, key={"wet.wet": "nope"})["wet"]["wet"].change


def test_as_json(flow):
    diff = flow.diff(flow.run(), flow.run(limit=2.0))
    told = json.loads(json.dumps(diff.to_json()))
    assert list(told) == [
        "a", "b", "definition", "params", "environment", "nodes", "edges", "first", "path",
    ]  # fmt: skip
    assert told["first"] == ["wet"]
    wet = next(one for one in told["nodes"] if one["node"] == "wet")
    assert wet["outputs"][0]["kind"] == "table"
    assert wet["outputs"][0]["change"]["removed"] == 1
    edge = next(one for one in told["edges"] if one["source"] == "wet")
    assert (edge["difference"], edge["taken"]) == ("changed", {"a": True, "b": True})


def test_without_rows_no_value_is_looked_into(flow, project, monkeypatch):
    diff = flow.diff(flow.run(), flow.run(limit=2.0))

    def refuse(*_):
        raise AssertionError("a value was looked into")

    monkeypatch.setattr(project.store.looking, "compare", refuse)
    told = diff.to_json(rows=False)
    assert told["first"] == ["wet"]
    assert {one["node"]: one["diverges"] for one in told["nodes"]} == {
        "fetch": False, "wet": True, "total": True, "note": False,
    }  # fmt: skip


def test_what_is_not_there_is_refused(flow, project):
    other = flowbook.Flow("other", host=project)

    @other.node
    def one():
        return 1

    run = flow.run()
    with pytest.raises(UsageError, match="one of flow 'rain'"):
        flow.diff(run, other.run())
    with pytest.raises(UsageError, match="no run 'nope'"):
        flow.diff(run, "nope")
    with pytest.raises(UnknownNode, match="wett"):
        _ = flow.diff(run, run)["wett"]


def test_a_run_of_a_summary_journal_is_compared_by_how_its_nodes_ended(project):
    made = flowbook.Flow("brief", host=project, journal="summary")

    @made.node
    def one(n: int = 1):
        if n > 1:
            raise ValueError(n)
        return n

    diff = made.diff(made.run(), made.run(n=2))
    assert diff.first == ("one",)


@pytest.mark.parametrize(
    ("before", "after", "count"),
    [
        ({"a": 1}, {"a": 1}, 0),
        ({"a": 1}, {"b": 1}, 2),
        ([1, [2, 3]], [1, [2, 4]], 1),
        (float("nan"), float("nan"), 0),
        ({1, 2}, {2, 1}, 0),
        (True, 1, 1),
        ((1, 2), [1, 2], 1),
    ],
)
def test_places_of_plain_data(before, after, count):
    assert plain_change(before, after).count == count
