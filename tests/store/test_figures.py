"""The statistics of a flow as rows for programs."""

import json
from datetime import UTC, datetime, timedelta

import pytest

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def history(store, story):
    """Three days with a good run each, a failed one on the second, and a run of another flow."""
    for day, flow, status in ((0, "tour", "succeeded"), (1, "tour", "succeeded"),
                              (1, "tour", "failed"), (2, "tour", "succeeded"),
                              (2, "other", "failed")):  # fmt: skip
        at = (NOON + timedelta(days=day)).timestamp()
        store.sink.append(story.run(flow=flow, status=status, at=at)).result(5)
    store.fold()
    return store.history


def test_a_flow_is_summed_up_with_its_nodes_and_days(history):
    stats = history.stats("tour")
    assert (stats.overview.runs, stats.overview.failed, stats.overview.p50_ms) == (4, 1, 700.0)
    assert [node.node for node in stats.nodes] == ["fetch", "clean", "report"]
    assert (stats["fetch"].completed, stats["fetch"].attempts, stats["clean"].failed) == (4, 8, 1)
    assert [(f"{day.day}", day.runs, day.failed) for day in stats.days] == [
        ("2026-06-03", 1, 0),
        ("2026-06-02", 2, 1),
        ("2026-06-01", 1, 0),
    ]
    assert [(one.node, one.runs, one.of) for one in stats.path] == [
        ("fetch", 4, 4),
        ("clean", 4, 4),
    ]


def test_statistics_are_of_the_time_that_is_asked_for(history):
    stats = history.stats("tour", since=NOON + timedelta(days=1), until=NOON + timedelta(days=2))
    assert (stats.overview.runs, len(stats.days), stats.path[0].of) == (2, 1, 2)
    local = (NOON + timedelta(days=2)).astimezone().replace(tzinfo=None)
    assert history.stats("tour", since=local).overview.runs == 1


def test_a_flow_that_never_ran_has_nothing(history):
    stats = history.stats("nobody")
    assert (stats.overview.runs, stats.nodes, stats.path, stats.overview.success_rate) == (
        0, (), (), None,
    )  # fmt: skip
    assert repr(stats).startswith("nobody: 0 runs")
    with pytest.raises(KeyError):
        stats["fetch"]


def test_all_of_it_is_plain_data(history):
    plain = json.loads(json.dumps(history.stats("tour", since=NOON).to_json()))
    assert (plain["flow"], plain["since"], plain["runs"]) == ("tour", NOON.isoformat(), 4)
    assert plain["days"][0]["day"] == "2026-06-03"
    assert plain["nodes"][0]["p95_ms"] == 300.0


def test_people_see_a_table(history):
    stats = history.stats("tour")
    head, columns, fetch, *_ = repr(stats).splitlines()
    assert head == "tour: 4 runs, 75 % succeeded; p50 700 ms, p95 700 ms"
    assert columns.split()[:4] == ["node", "runs", "failed", "succeeded"]
    assert fetch.split() == ["fetch", "4", "100", "%", "300", "ms", "300", "ms", "300", "ms",
                             "10", "ms", "4", "of", "4"]  # fmt: skip
    assert "<td>fetch</td>" in stats._repr_html_()
    assert "2026-06-03" in stats._repr_html_()
