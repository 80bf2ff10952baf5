"""What can be told a node, and the edit that comes of telling it."""

from __future__ import annotations

import pytest
from tests.widget.forms import Asking

from flowbook.errors import FlowSyntaxError, UnknownNode, UsageError
from flowbook.graph.flow_options import FLOW_OPTIONS
from flowbook.graph.option_groups import FLOW_GROUPS, GROUPS, HIDDEN
from flowbook.graph.options import OPTIONS

CELLS = (
    "limit: int = 3  # how many\n",
    "%%flow fetch -> status, rows\nstatus = 204\nrows = [{'id': 1}, {'id': 2}]",
    "%%flow people\npeople = [{'pid': 2, 'name': 'Bo'}, {'pid': 9, 'name': 'Di'}]",
    "%%flow http send --retries 2\nurl: 'http://x/{{ fetch.status }}'   # where\n"
    "headers:\n  X-Token: '{{ $secret.shop }}'\n",
    "%%flow router by(value=fetch.status)\nconditions:\n"
    "- {id: ok, expression: value < 300}\n- {id: bad, expression: value >= 300}\n",
    "%%flow last(x=by.ok)\nx + 1",
    "%%flow sql top\n--| result: rows\nselect * from people",
)


@pytest.fixture
def ask(project):
    return Asking(project, *CELLS)


def test_a_form_has_what_is_written_with_its_schema_and_where_it_comes_from(ask):
    form = ask("FORM", node="send")
    assert form.config["url"] == "http://x/{{ fetch.status }}"
    assert form.badges == {"url": "expression", "headers": "secret"}
    assert form.settings["properties"]["method"]["description"]
    assert "HTTP" in form.doc
    assert [(one.name, one.origin, one.fixed) for one in form.inputs] == [
        ("fetch.status", "upstream", True)
    ]
    retries = next(one for one in form.options if one.name == "retries")
    assert (retries.text, retries.default, retries.group) == ("2", "0", "When it fails")


def test_a_form_of_code_has_its_text_and_what_it_may_be_wired_to(ask):
    form = ask("FORM", node="last")
    assert (form.body, form.language, form.has_ports) == ("x + 1", "python", True)
    assert ("people", "people") in [(one.node, one.port) for one in form.sources]
    assert "last" not in [one.node for one in form.sources]


def test_settings_of_sql_are_read_from_its_comments_and_written_there(ask):
    assert ask("FORM", node="top").config == {"result": "rows"}
    ask("SET", node="top", name="result", value="polars")
    assert ask.node("top").body == "--| result: polars\nselect * from people"


def test_there_is_no_form_of_a_node_that_is_not_there(ask):
    with pytest.raises(UnknownNode):
        ask("FORM", node="nobody")


def test_one_setting_changes_and_the_others_stay(ask):
    done = ask("SET", node="send", name="method", value="POST")
    assert done.label == "Change method of send"
    assert ask.node("send").config["headers"] == {"X-Token": "{{ $secret.shop }}"}
    ask("SET", node="send", name="method", unset=True)
    assert "method" not in ask.node("send").config


def test_a_template_that_reads_another_node_brings_its_wire_in_the_same_step(ask):
    ask("SET", node="send", name="url", value="http://x/{{ people }}/{{ limit }}")
    names = [one.name for one in ask.node("send").inputs]
    assert sorted(names) == ["limit", "people"]
    assert ask.desk.undo() == "Change url of send"
    assert [one.name for one in ask.node("send").inputs] == ["fetch.status"]


def test_a_value_that_is_none_is_refused_with_what_would_be_and_changes_nothing(ask):
    before = ask.flow.spec()
    with pytest.raises(UsageError) as refused:
        ask("SET", node="by", name="mode", value="some")
    assert "first_match, broadcast" in refused.value.hint
    with pytest.raises(UsageError):
        ask("SET", node="send", name="url", value="{{ fetch. }}")
    assert ask.flow.spec() == before


def test_what_changes_nothing_is_no_step_of_undo(ask):
    url = ask.node("send").config["url"]
    assert ask("SET", node="send", name="url", value=url).label == "Nothing changed"
    assert ask.desk.history() == (None, None)


def test_a_condition_that_is_called_anew_still_leads_where_it_led(ask):
    renamed = [{"id": "fine", "expression": "value < 300"}, {"id": "bad", "expression": "value"}]
    ask("SET", node="by", name="conditions", value=renamed)
    assert ask.node("by").outputs == ("fine", "bad", "default")
    assert str(ask.node("last").inputs[0].wire) == "by.fine"


def test_another_text_brings_what_it_reads(ask):
    ask("BODY", node="people", body="people = [{'pid': limit}]")
    assert [one.name for one in ask.node("people").inputs] == ["limit"]


def test_options_are_told_one_by_one_as_they_are_written(ask):
    ask("OPTION", node="send", name="backoff", value="linear 1s")
    assert (ask.node("send").options.retries, str(ask.node("send").options.backoff.kind)) == (
        2,
        "linear",
    )
    ask("OPTION", node="send", name="retries", value="")
    assert ask.node("send").options.retries == 0
    with pytest.raises(FlowSyntaxError, match="timeout"):
        ask("OPTION", node="send", name="timeout", value="soon")
    with pytest.raises(UsageError, match="no option"):
        ask("OPTION", node="send", name="colour", value="red")


def test_options_of_the_flow_are_told_without_a_node(ask):
    ask("OPTION", name="timeout", value="30s")
    assert ask.flow.spec().options.timeout == 30
    form = ask("FLOW_FORM")
    assert {one.name: one.text for one in form.options}["timeout"] == "30s"
    assert [(one.name, one.default, one.help) for one in form.params] == [("limit", 3, "how many")]


def test_an_input_is_called_anew_in_the_text_too(ask):
    ask("INPUT", node="last", name="x", to="amount", source={"node": "by", "port": "ok"})
    node = ask.node("last")
    assert (node.inputs[0].name, node.body) == ("amount", "amount + 1")


def test_inputs_are_added_rewired_and_removed(ask):
    ask("INPUT", node="last", name="", to="extra", source={"node": "people", "port": "people"})
    assert str(ask.node("last").inputs[1].wire) == "people"
    ask("INPUT", node="last", name="extra", source={"node": "fetch", "port": "rows"})
    assert str(ask.node("last").inputs[1].wire) == "fetch.rows"
    ask("INPUT", node="last", name="extra", default="[1, 2]", required=False)
    assert (ask.node("last").inputs[1].default, ask.node("last").inputs[1].required) == (
        [1, 2],
        False,
    )
    ask("INPUT", node="last", name="extra", remove=True)
    assert len(ask.node("last").inputs) == 1


def test_an_input_is_not_wired_to_what_waits_for_it(ask):
    with pytest.raises(UsageError, match="close a cycle"):
        ask("INPUT", node="fetch", name="", to="back", source={"node": "by", "port": "ok"})


def test_an_output_that_is_called_anew_still_feeds_whom_it_fed(ask):
    ask("OUTPUTS", node="fetch", outputs=["code", "rows"])
    assert ask.node("fetch").outputs == ("code", "rows")
    assert str(ask.node("by").inputs[0].wire) == "fetch.code"
    assert ask.node("fetch").body.startswith("code = 204")
    assert ask.desk.undo() == "Change outputs of fetch"
    assert ask.node("fetch").body.startswith("status = 204")
    with pytest.raises(UsageError, match="follow from its settings"):
        ask("OUTPUTS", node="by", outputs=["a"])


def test_every_option_stands_in_one_group_of_a_form():
    for schema, groups in ((OPTIONS, GROUPS), (FLOW_OPTIONS, FLOW_GROUPS)):
        listed = [name for names in groups.values() for name in names]
        assert sorted(listed) == sorted(set(schema) - HIDDEN)
