from __future__ import annotations

import pytest
from tests.widget.stage import RUN, FakeNodeRun, FakeRun, spec

from flowbook.errors import UnknownNode
from flowbook.events import NodeLogged
from flowbook.events.values import ErrorInfo
from flowbook.ids import EventSeq, NodeId, PortName
from flowbook.run.rules.phase import Outcome
from flowbook.store.values import Unavailable
from flowbook.widget.closeup import details as details_of
from flowbook.widget.protocol import Inspect
from flowbook.widget.views import TextPreview, TreePreview

ASKED = Inspect("v", NodeId("clean"))


def details(spec, run, asked, look=lambda ref: None):
    return details_of(spec, run, asked, look)


def test_before_a_run_there_is_the_text_of_the_cell():
    told = details(spec(), None, ASKED)
    assert (told.view, told.run, told.source) == ("v", None, "rows.dropna()")
    assert details(spec(), None, Inspect("v", NodeId("fetch"))).language == "yaml"


def test_inputs_and_outputs_are_shown_and_inputs_say_where_they_come_from():
    run = FakeRun()
    run.nodes["clean"] = FakeNodeRun(
        held_inputs={PortName("rows"): [1, 2]}, held_outputs={PortName("clean"): [1]}
    )
    told = details(spec(), run, ASKED)
    assert told.inputs[0].port == "rows ← fetch.rows"
    assert told.inputs[0].type == "list of 2"
    assert told.outputs[0].preview == TreePreview([1])


def test_a_value_that_the_flow_keeps_back_is_not_shown():
    run = FakeRun()
    run.nodes["clean"] = FakeNodeRun(held_outputs={PortName("clean"): 1}, kept_back=("clean",))
    assert details(spec(), run, ASKED).outputs[0].preview == TextPreview("[redacted]")


def test_a_failed_node_shows_its_error_and_no_output():
    error = ErrorInfo("KeyError", "'rain'", line=4)
    run = FakeRun()
    run.nodes["clean"] = FakeNodeRun(Outcome.FAILED, error)
    told = details(spec(), run, ASKED)
    assert told.error == error
    assert told.outputs == ()


def test_a_value_that_is_gone_is_a_note():
    class Gone(FakeNodeRun):
        @property
        def held_outputs(self):
            raise RuntimeError("it was not kept")

        @held_outputs.setter
        def held_outputs(self, _):
            pass

    run = FakeRun()
    run.nodes["clean"] = Gone()
    (port,) = details(spec(), run, ASKED).outputs
    assert (port.port, port.preview, port.note) == ("clean", None, "it was not kept")


def test_a_value_that_nobody_knows_any_more_is_a_note():
    run = FakeRun()
    unknown = Unavailable("item", "its list is gone", None)
    run.nodes["clean"] = FakeNodeRun(held_inputs={PortName("rows"): unknown})
    (port,) = details(spec(), run, ASKED).inputs
    assert (port.preview, port.note) == (None, "not there: its list is gone")


def test_only_the_nodes_own_last_log_lines_come():
    def logged(seq, node, text):
        return NodeLogged(
            run=RUN, seq=EventSeq(seq), at=1.0, node=NodeId(node), stream="stdout", text=text
        )

    run = FakeRun()
    run.nodes["clean"] = FakeNodeRun()
    run.told += [logged(1, "fetch", "not mine")]
    run.told += [logged(i, "clean", f"line {i}\n") for i in range(2, 502)]
    told = details(spec(), run, ASKED)
    assert (len(told.logs), told.logs[-1].text) == (400, "line 501\n")
    assert (told.lines, told.logs_cut) == (500, True)


def test_a_run_of_an_older_definition_does_not_know_the_node():
    assert details(spec(), FakeRun(), ASKED).run is None


def test_a_node_that_is_not_there_is_refused():
    with pytest.raises(UnknownNode):
        details(spec(), None, Inspect("v", NodeId("nobody")))
