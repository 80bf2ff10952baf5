"""The spans of a run, and what other tools are given of them."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

from flowbook.events import NodeStarted, decode
from flowbook.run.trace import Span, lanes, trace
from flowbook.run.trace_formats import span_id, to_chrome, to_otlp, trace_id

GOLDEN = Path(__file__).parents[1] / "golden" / "runs"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))


def golden(name):
    text = (GOLDEN / f"{name}.json").read_text(encoding="utf-8")
    return [decode(json.dumps(event)) for event in json.loads(text)["events"]]


def told(name):
    return [(span.name, span.kind, span.status, span.attempt) for span in trace(golden(name)).spans]


def test_every_attempt_is_a_span_and_the_run_is_the_first():
    assert told("retry_then_success") == [
        ("tour", "run", "succeeded", 0),
        ("fetch", "node", "retried", 1),
        ("fetch", "node", "succeeded", 2),
    ]


def test_a_second_attempt_is_queued_from_when_its_pause_is_over():
    _run, first, second = trace(golden("retry_then_success")).spans
    assert first.queued_at <= first.started_at <= first.ended_at
    assert first.ended_at <= second.queued_at <= second.started_at
    assert first.error
    assert not second.error


def test_a_turn_is_inside_its_container_and_has_its_nodes_inside():
    spans = trace(golden("map_with_failures")).spans
    by_name = {span.name: span for span in spans}
    turn = by_name["each[0]"]
    assert (turn.kind, turn.status, spans[turn.parent].name) == ("turn", "failed", "each")
    inside = [span for span in spans if span.scope == "each[0]"]
    assert {spans[span.parent].name for span in inside} == {"each[0]"}
    assert spans[by_name["each"].parent] is spans[0]


def test_what_a_process_took_with_it_is_lost_and_begins_again():
    lost = [span.name for span in trace(golden("map_recovered")).spans if span.status == "lost"]
    assert lost == ["fetch", "fetch", "clean"]
    for name in ("clean",):
        first, second = (s for s in trace(golden("map_recovered")).spans
                         if (s.name, s.scope) == (name, "each[1]"))  # fmt: skip
        assert (first.attempt, second.attempt) == (1, 2)
        assert first.ended_at <= second.started_at


def test_what_goes_on_has_no_end():
    spans = trace(golden("running")).spans
    assert [span.name for span in spans if span.ended_at is None] == ["tour", "c"]


def test_the_critical_path_names_spans_that_were_the_last_of_their_nodes():
    found = trace(golden("retry_then_success"))
    assert [(found.spans[i].name, found.spans[i].attempt) for i in found.critical] == [("fetch", 2)]


def test_what_was_measured_stands_on_its_span():
    events = golden("success_chain")
    used = {"kind": "NODE_USED", "run": events[0].run, "seq": 99, "at": events[-1].at, "node": "a",
            "attempt": 1, "cpu_ms": 7.5, "memory": 1000}  # fmt: skip
    span = trace([*events, decode(json.dumps(used))]).spans[1]
    assert (span.cpu_ms, span.memory) == (7.5, 1000)


def test_lanes_are_as_many_as_go_on_at_once():
    some = [Span(str(n), "node", 0, "", float(n), float(n + 3)) for n in range(9)]
    lanes(some, 99.0)
    assert [span.lane for span in some] == [0, 1, 2] * 3
    for lane in range(3):
        of = [span for span in some if span.lane == lane]
        assert all(a.ended_at <= b.started_at for a, b in pairwise(of))


@pytest.mark.parametrize("name", NAMES)
def test_every_history_has_a_trace_that_holds_together(name):
    events = golden(name)
    found = trace(events)
    assert found.spans[0].parent is None
    for number, span in enumerate(found.spans[1:], 1):
        above = found.spans[span.parent]
        assert span.parent < number
        assert above.started_at <= span.started_at
        assert span.ended_at is None or span.started_at <= span.ended_at <= found.ended_at
    started = sum(isinstance(event, NodeStarted) for event in events)
    assert sum(span.kind == "node" and span.status != "reused" for span in found.spans) == started
    assert json.loads(json.dumps(found.to_json()))["run"] == found.run


def test_opentelemetry_gets_ids_of_its_length_and_times_as_text():
    found = trace(golden("map_with_failures"))
    (resource,) = to_otlp(found)["resourceSpans"]
    spans = resource["scopeSpans"][0]["spans"]
    assert len(spans) == len(found.spans)
    assert {len(span["traceId"]) for span in spans} == {32}
    assert len({span["spanId"] for span in spans}) == len(spans)
    ids = {span["spanId"] for span in spans}
    assert "parentSpanId" not in spans[0]
    assert all(span["parentSpanId"] in ids for span in spans[1:])
    assert all(int(s["startTimeUnixNano"]) <= int(s["endTimeUnixNano"]) for s in spans)
    failed = next(span for span in spans if span["name"] == "fetch")
    assert (failed["status"]["code"], bool(failed["status"]["message"])) == (2, True)
    about = {one["key"]: one["value"] for one in failed["attributes"]}
    assert about["flowbook.attempt"] == {"intValue": "1"}
    assert about["flowbook.scope"] == {"stringValue": "each[0]"}


def test_a_run_that_another_started_links_to_it():
    events = golden("success_chain")
    plain = json.loads(json.dumps(trace(events).to_json()))
    assert plain["parent"] == ""
    parent = "019b7952-1e80-7000-8000-00000000000f"
    first = decode(json.dumps({**_plain(events[0]), "parent": parent}))
    (span, *_) = to_otlp(trace([first, *events[1:]]))["resourceSpans"][0]["scopeSpans"][0]["spans"]
    above = trace_id(parent)
    assert span["links"] == [{"traceId": above, "spanId": span_id(above, 0)}]


def _plain(event):
    from flowbook.events import encode

    return json.loads(encode(event))


def test_chrome_gets_microseconds_from_the_beginning_of_the_run():
    found = trace(golden("success_chain"))
    about, run, *nodes = to_chrome(found)["traceEvents"]
    assert about["ph"] == "M"
    assert (run["ph"], run["ts"], run["tid"]) == ("X", 0, 0)
    assert run["dur"] == round((found.ended_at - found.spans[0].started_at) * 1e6)
    assert [node["name"] for node in nodes] == ["a", "b", "c"]
    assert all(node["args"]["critical"] for node in nodes)
