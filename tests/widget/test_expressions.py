"""What may stand in an expression, and what it is worth with the last run's values."""

from __future__ import annotations

import pytest
from tests.widget.forms import Asking

from flowbook.graph.flow_edits import SetFlowOptions
from flowbook.graph.flow_options import parse_flow_options

CELLS = (
    "limit: int = 3\n",
    "%%flow fetch -> status, orders\nimport pandas as pd\nstatus = 204\n"
    "orders = pd.DataFrame({'id': [1, 2], 'city': ['Oslo', 'Bergen']})",
    "%%flow shop\nshop = {'name': 'Ada', 'open hours': [9, 17], 'password': 'hunter2!'}",
    "%%flow http send\nurl: 'http://localhost:1/{{ fetch.status }}'\n",
    "%%flow router by(value=fetch.status)\nconditions:\n- {id: ok, expression: value < 300}\n",
    "%%flow after(x=by.ok)\nx",
    "%%flow map each\nover: '{{ shop }}'\n",
    "%%flow inside(item)\n#| in: each\nitem",
)


@pytest.fixture
def ask(project):
    return Asking(project, *CELLS)


@pytest.fixture
def ran(ask):
    ask.run_to("by", "shop")
    return ask


def complete(ask, text, node="send", at=None, **fields):
    at = len(text) if at is None else at
    found = ask("COMPLETE", node=node, field="url", text=text, at=at, **fields)
    return {one.label: one for one in found.items}


def test_outside_of_braces_and_inside_of_quotes_nothing_is_offered(ask):
    assert complete(ask, "fetch") == {}
    assert complete(ask, "{{ 'fe") == {}
    assert complete(ask, "{{ a }} fe") == {}


def test_direct_upstream_comes_as_it_is_and_others_as_a_wire_to_add(ran):
    found = complete(ran, "{{ ")
    assert found["fetch"].group == "upstream"
    assert (found["shop"].group, found["shop"].detail) == (
        "wire",
        "adds a wire: connect shop to send",
    )
    assert (found["limit"].group, found["limit"].preview) == ("parameter", "3")
    assert list(found).index("between()") < list(found).index("len()")


def test_what_waits_for_a_node_is_not_offered_to_it(ran):
    found = complete(ran, "", node="by", bare=True)
    assert "after" not in found
    assert (found["value"].group, found["value"].preview) == ("turn", "204")


def test_fields_come_from_the_last_run_with_a_sample(ran):
    ports = complete(ran, "{{ fetch.")
    assert (ports["status"].preview, ports["status"].group) == ("204", "upstream")
    columns = complete(ran, "{{ fetch.orders.")
    assert (columns["id"].detail, columns["id"].preview) == ("int64", "1")
    keys = complete(ran, "{{ shop.")
    assert keys["name"].preview == '"Ada"'
    assert keys["open hours"].insert == '["open hours"]'


def test_names_of_a_turn_are_offered_inside_of_it(ask):
    assert complete(ask, "", node="inside", bare=True)["item"].group == "upstream"
    assert complete(ask, "", node="inside", bare=True)["index"].group == "turn"


def test_the_environment_and_variables_are_those_of_the_project(ask, monkeypatch):
    monkeypatch.setenv("REGION", "north")
    ask.project.store.settings.set("env", "REGION")
    ask.project.variables.of("global").set("rate", 1.5)
    assert complete(ask, "{{ $env.")["REGION"].preview == "north"
    assert complete(ask, "{{ $vars.global.")["rate"].preview == "1.5"
    assert set(complete(ask, "{{ $run.")) == {"id", "attempt", "started"}


def test_names_of_secrets_are_offered_and_their_values_never(ask, monkeypatch):
    monkeypatch.setenv("FLOWBOOK_SECRET_SHOP", "hunter2!")
    secrets = complete(ask, "{{ $secret.")
    assert "shop" in secrets
    assert "hunter2!" not in str(secrets)
    worth = ask("EVALUATE", node="send", field="url", text="{{ $secret.shop }}")
    assert (worth.shown, worth.error) == ("", "a secret is not shown")


def test_a_text_is_worth_what_a_run_would_make_of_it(ran):
    worth = ran("EVALUATE", node="send", field="url", text="{{ fetch.status + limit }}")
    assert (worth.shown, worth.is_a, worth.error) == ("207", "int", "")
    worth = ran("EVALUATE", node="by", field="conditions", text="value < limit", bare=True)
    assert worth.shown == "false"


def test_what_cannot_be_worked_out_says_why_and_where(ran):
    worth = ran("EVALUATE", node="send", field="url", text="{{ fetch.status + 'a' }}")
    assert worth.error
    worth = ran("EVALUATE", node="send", field="url", text="{{ fetch.status + }}")
    assert worth.error.startswith("this is not an expression")
    assert worth.column is not None


def test_before_the_first_run_nothing_is_wrong(ask):
    worth = ask("EVALUATE", node="send", field="url", text="{{ fetch.status }}")
    assert (worth.pending, worth.error) == (True, "Run the flow to see what this gives.")


def test_what_a_flow_keeps_back_is_not_shown(ask):
    ask.flow.apply(SetFlowOptions(parse_flow_options({"sensitive_fields": "password"})))
    ask.run_to("shop")
    found = complete(ask, "{{ shop.")
    assert "hunter2!" not in str(found)
    worth = ask("EVALUATE", node="each", field="over", text="{{ shop }}")
    assert "hunter2!" not in worth.shown


def test_conditions_are_tried_on_the_last_value(ran):
    conditions = [
        {"id": "ok", "expression": "value < 300"},
        {"id": "low", "expression": "value < limit"},
        {"id": "odd", "expression": "value <"},
        {"id": "any", "expression": "value"},
    ]
    routed = ran("ROUTE", node="by", conditions=conditions, mode="broadcast")
    assert routed.value.shown == "204"
    assert [one.holds for one in routed.verdicts] == [True, False, None, True]
    assert routed.verdicts[2].error
    assert routed.taken == ("ok", "any")
    first = ran("ROUTE", node="by", conditions=conditions)
    assert first.taken == ("ok",)
    assert "in a range" in [one.name for one in first.patterns]


def test_a_router_is_tried_with_another_value_before_that_is_applied(ran):
    routed = ran("ROUTE", node="by", conditions=[], route_by="{{ fetch.status * 2 }}")
    assert routed.value.shown == "408"
