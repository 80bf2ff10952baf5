"""A text is found in cells and outputs; what was not searched is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import msgspec
import pytest
from tests.widget.stage import FakeHost, FakeNodeRun, FakeRun, started

from flowbook.graph.options import Options
from flowbook.ids import NodeId, PortName
from flowbook.run.rules.phase import Outcome
from flowbook.widget.answering.finding import LEAST, SECONDS, find, in_value
from flowbook.widget.find_protocol import FindText, Found
from flowbook.widget.preview import preview


def found(host: FakeHost, text: str) -> Found:
    return find(host, FindText("v", 7, text), clock=lambda: 0.0)


def ran(outputs: Mapping[str, Mapping[str, object]]) -> FakeHost:
    run = FakeRun()
    for node, held in outputs.items():
        values = {PortName(port): value for port, value in held.items()}
        run.nodes[node] = FakeNodeRun(held_outputs=values)
    return FakeHost(run)


def lines(answer: Found) -> list[tuple[str, str, str]]:
    return [(hit.node, hit.where, hit.text) for hit in answer.hits]


def test_code_is_found_in_whatever_case_with_its_line():
    host = FakeHost()
    clean = host.definition.node(NodeId("clean"))
    body = "import pandas\n\nrows.DropNA()"
    host.definition = replace(
        host.definition, nodes=(replace(clean, body=body), *host.definition.nodes[1:])
    )
    answer = found(host, " dropna ")
    assert (answer.view, answer.rid) == ("v", 7)
    (hit,) = answer.hits
    assert (hit.node, hit.where, hit.text, hit.line) == ("clean", "code", "rows.DropNA()", 3)


def test_a_setting_is_found_by_its_text_and_named():
    host = FakeHost()
    clean, fetch = host.definition.nodes
    fetch = replace(fetch, config={"url": "https://weather.example/daily"})
    host.definition = replace(host.definition, nodes=(clean, fetch))
    (hit,) = found(host, "WEATHER").hits
    assert (hit.node, hit.where, hit.name) == ("fetch", "setting", "url")


def test_outputs_of_the_current_run_are_found_and_say_of_which_port():
    host = ran({"fetch": {"rows": [{"city": "Oslo", "rain": 3}]}, "clean": {"clean": "all dry"}})
    (hit,) = found(host, "oslo").hits
    assert (hit.node, hit.where, hit.name, hit.text) == (
        *("fetch", "output", "rows"),
        "[0].city: Oslo",
    )
    assert lines(found(host, "dry")) == [("clean", "output", "all dry")]


def test_cells_of_a_table_are_found_with_their_column_and_row():
    pandas = pytest.importorskip("pandas")
    shown = preview(pandas.DataFrame({"city": ["Oslo", "Bergen"], "rain": [1, 2]}))
    assert list(in_value(shown, "berg")) == ["city[1]: Bergen"]
    assert list(in_value(shown, "rain")) == ["city, rain"]


def test_what_a_flow_keeps_back_is_not_found():
    host = ran({"fetch": {"rows": "token 4711"}})
    host.run.nodes["fetch"].kept_back = ("rows",)
    assert found(host, "4711").hits == ()


def test_a_node_that_did_not_succeed_gave_nothing_to_find():
    host = ran({"fetch": {"rows": "Oslo"}})
    host.run.nodes["fetch"].outcome = Outcome.FAILED
    assert found(host, "oslo").hits == ()


def test_without_a_run_it_says_that_no_outputs_were_searched():
    assert found(FakeHost(), "oslo").notes == ("no outputs: nothing has run yet",)


def test_it_says_which_nodes_took_too_long():
    host = ran({"fetch": {"rows": "Oslo"}, "clean": {"clean": "Oslo"}})
    times: Iterator[float] = iter([0.0, 0.1, SECONDS + 0.1])
    answer = find(host, FindText("v", 1, "oslo"), clock=lambda: next(times))
    assert lines(answer) == [("clean", "output", "Oslo")]
    assert answer.notes == ("outputs of 1 nodes: that took too long",)


def test_it_says_that_long_outputs_were_searched_in_part():
    host = ran({"fetch": {"rows": list(range(100_000))}})
    assert found(host, "oslo").notes == ("of long outputs all but their first part",)


def test_a_node_in_a_container_is_searched_in_its_latest_turn():
    host = ran({})
    clean, fetch = host.definition.nodes
    host.definition = replace(
        host.definition, nodes=(clean, replace(fetch, options=Options(inside="each")))
    )

    host.run.told += [
        replace_scope(started(1), "each[0]"),
        replace_scope(started(2), "each[1]"),
    ]
    host.run.nodes["each[0].fetch"] = FakeNodeRun(held_outputs={PortName("rows"): "Oslo"})
    host.run.nodes["each[1].fetch"] = FakeNodeRun(held_outputs={PortName("rows"): "Rome"})
    assert found(host, "oslo").hits == ()
    assert lines(found(host, "rome")) == [("fetch", "output", "Rome")]


def test_a_long_line_is_cut_around_the_hit():
    host = ran({"fetch": {"rows": "x" * 400 + " needle " + "y" * 400}})
    (hit,) = found(host, "needle").hits
    assert "needle" in hit.text
    assert len(hit.text) < 200
    assert hit.text.startswith("…")
    assert hit.text.endswith("…")


def test_many_hits_are_cut_and_counted():
    host = ran({"fetch": {"rows": "\n".join(["needle"] * 50)}})
    assert len(found(host, "needle").hits) == 3
    clean = host.definition.nodes[0]
    many = tuple(replace(clean, id=NodeId(f"n{i}"), body="needle") for i in range(300))
    host.definition = replace(host.definition, nodes=many)
    answer = found(host, "needle")
    assert len(answer.hits) == 200
    assert answer.notes[-1] == "100 more hits, which are not shown"


def test_too_few_letters_are_not_looked_for():
    answer = found(FakeHost(), "r")
    assert answer.hits == ()
    assert answer.notes == (f"type at least {LEAST} letters",)


def replace_scope(event, scope):

    return msgspec.structs.replace(event, scope=scope)
