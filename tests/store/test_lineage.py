"""Checkpoints are the completions that are recorded; branches are the runs that name a run."""

from __future__ import annotations

from flowbook.events import NodeCompleted, NodeReused, RunCreated, RunRecovered, TriggerKind
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.store.lineage import Checkpoints, checkpoints
from flowbook.store.store import Store


def ref(name, size=10, format=ValueFormat.PARQUET):
    return ValueRef(name, format, "pandas.DataFrame", size=size)


def completed(seq, node, *refs):
    outputs = {f"{node}{i}": one for i, one in enumerate(refs)}
    return NodeCompleted(
        run="r", seq=seq, at=float(seq), node=node, attempt=1, ms=1.0, outputs=outputs
    )


def test_each_counts_what_is_known_there_and_equal_content_once():
    events = [
        NodeReused(run="r", seq=1, at=1.0, node="given", outputs={"given": ref("aa", 100)}),
        completed(4, "first", ref("bb", 7), ref("aa", 100)),
        completed(6, "second", ref("", 0, ValueFormat.NONE)),
    ]
    first, second = checkpoints(events)
    assert (first.seq, first.node, first.done, first.bytes, first.unkept) == (4, "first", 2, 107, 0)
    assert (second.done, second.bytes, second.unkept) == (3, 107, 1)


def test_a_result_that_had_to_be_made_again_does_not_count_in_between():
    events = [
        completed(3, "first", ref("aa")),
        completed(5, "second", ref("bb")),
        RunRecovered(run="r", seq=7, at=7.0, again=("first",)),
        completed(9, "first", ref("cc", 4)),
    ]
    assert [(one.done, one.bytes) for one in checkpoints(events)] == [(1, 10), (2, 20), (2, 14)]


def test_they_read_as_a_table_and_as_json():
    found = Checkpoints("r", checkpoints([completed(3, "first", ref("aa", 12345))]))
    assert repr(found).splitlines()[1].split() == [
        "3",
        "1970-01-01",
        "00:00:03",
        "first",
        "1",
        "12,345",
    ]
    assert "<td>first</td>" in found._repr_html_()
    assert found.to_json()["checkpoints"][0]["at"] == "1970-01-01T00:00:03.000Z"
    assert (len(found), found[0].node) == (1, "first")
    assert repr(Checkpoints("r", ())) == "no checkpoints"


def test_branches_are_found_folded_or_not(tmp_path):
    store = Store.open(tmp_path / ".flowbook")

    def run(name, **origin):
        event = RunCreated(
            run=name, seq=0, at=1.0, flow="f", version="v", trigger=TriggerKind.MANUAL,
            nodes=("a",), **origin,
        )  # fmt: skip
        store.sink.append([event]).result()

    run("0-origin")
    run("1-folded", origin="0-origin", origin_seq=4, origin_node="a")
    store.fold()
    run("2-fresh", origin="0-origin", origin_seq=0)
    run("3-other", origin="1-folded", origin_seq=0)
    found = store.history.branches("0-origin").runs
    assert [(row.id, row.origin_seq, row.origin_node) for row in found] == [
        ("1-folded", 4, "a"),
        ("2-fresh", 0, None),
    ]
    store.close()
