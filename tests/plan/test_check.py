"""Everything wrong with a definition or with a run's parameters, at once, at its place."""

from __future__ import annotations

import pytest

from flowbook.errors import UsageError
from flowbook.graph.flow_options import FlowOptions
from flowbook.graph.options import Options
from flowbook.graph.spec import MISSING, ParamSpec
from flowbook.ids import PortName
from flowbook.plan.check import check
from flowbook.plan.compile import compile_plan
from flowbook.plan.params import check_params, coerce_params, param_type


@pytest.fixture
def problems(flow, registry):
    """What `check` says of nodes, as (cell, line, message, hint)."""

    def problems(*nodes, **fields):
        found = check(flow(*nodes, **fields), registry)
        return [(one.cell, one.line, one.message, one.hint) for one in found]

    return problems


def test_a_sound_flow_has_no_problems(problems, node):
    assert problems(node("a"), node("b", "a", "x=3"), node("c", "y=a.a")) == []


def test_wires_to_nowhere_are_said_with_the_nearest_name(problems, node):
    (problem,) = problems(node("clean"), node("b", "x=claen"))
    assert problem[0] == "cell-b"
    assert problem[3] == "did you mean 'clean'?"


def test_an_unknown_kind_names_the_nearest(problems, node):
    assert problems(node("a", kind="htp")) == [
        ("cell-a", 1, "no node type is called 'htp'", "did you mean 'http'?")
    ]


@pytest.mark.parametrize(("timeout", "told"), [(None, 1), (60.0, 0)])
def test_time_to_be_had_again_needs_time_to_be_had(problems, node, timeout, told):
    found = problems(node("a"), options=FlowOptions(timeout=timeout, timeout_retries=2))
    assert len(found) == told
    assert all("without a timeout" in message for _, _, message, _ in found)


def test_two_nodes_of_one_name_are_said_with_the_cell_of_the_first(problems, node):
    (problem,) = problems(node("a"), node("a", place=None))
    assert problem[2] == "two nodes are called 'a' (cell cell-a)"


def test_two_outputs_of_one_name_are_said(problems, node):
    config = {"conditions": [{"id": "x"}, {"id": "x"}]}
    (problem,) = problems(node("a", kind="router", config=config))
    assert problem[2] == "two outputs are called 'x'"


def test_a_cycle_is_a_readable_path(problems, node):
    (problem,) = problems(node("a", "c"), node("b", "a"), node("c", "b"))
    assert problem[2] == "these nodes wait for each other: a → b → c → a"


def test_one_parameter_cannot_have_two_defaults(problems, node):
    (problem,) = problems(node("a", "top=3"), node("b", "top=3"), node("c", "top=4"))
    assert problem[0] == "cell-c"
    assert problem[2] == "parameter 'top' has the default 4 here and 3 in a"


def test_a_nodes_default_may_not_differ_from_the_flows(problems, node):
    (problem,) = problems(node("a", "top=3"), params=(ParamSpec(PortName("top"), 5),))
    assert problem[2] == "parameter 'top' has the default 3 here and 5 in the parameters"


def test_a_parameter_a_run_must_give_is_no_problem_of_the_definition(problems, node):
    assert problems(node("a", "key"), params=(ParamSpec(PortName("key")),)) == []


@pytest.mark.parametrize(
    ("body", "config", "line", "message", "hint"),
    [
        ("ulr: x", {"ulr": "x"}, 2, "http has no setting 'ulr'", "did you mean 'url'?"),
        ("secret: x", {"secret": "x"}, 2, "http has no setting 'secret'", None),
        ("a: 1\nurl: x", {"url": "x"}, 3, "url 'x' has no scheme", None),
        ("tries: 0", {"tries": 0}, 2, "tries cannot be 0", "write a whole number from 1 on"),
        (
            "tries: soon",
            {"tries": "soon"},
            2,
            "tries cannot be 'soon'",
            "write a whole number from 1 on",
        ),
        ("url: '{{ a. }}'", {"url": "{{ a. }}"}, 2, "url: this is not an expression", None),
        ("url: '{{ a'", {"url": "{{ a"}, 2, "url: {{ is not closed by }}", None),
    ],
)
def test_a_wrong_setting_is_said_on_its_line(problems, node, body, config, line, message, hint):
    (problem,) = problems(node("a", kind="http", body=body, config=config))
    assert problem[:2] == ("cell-a", line)
    assert message in problem[2]
    assert hint is None or problem[3] == hint


def test_a_setting_that_a_template_fills_is_the_runs_business(problems, node):
    assert problems(node("a", kind="http", config={"tries": "{{ 3 }}", "url": "{{ 'x' }}"})) == []


def test_an_expression_a_node_evaluates_itself_is_parsed_too(problems, node):
    body = "conditions:\n- {id: a, expression: value > 1}\n- {id: b, expression: 'value >'}"
    conditions = [
        {"id": "a", "expression": "{{ value > 1 }}"},
        {"id": "b", "expression": "value >"},
    ]
    (problem,) = problems(node("r", kind="router", body=body, config={"conditions": conditions}))
    assert problem[1] == 3
    assert problem[2].startswith("conditions: this is not an expression")


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("order.", "cache_key: "),
        ("odrer.id", "'odrer' is no input of this node"),
        ("$env.REGION", "'$env' is no input of this node"),
    ],
)
def test_a_cache_key_is_an_expression_over_the_inputs(problems, node, key, message):
    def price(cache_key):
        options = Options(cache=True, cache_key=cache_key)
        return problems(node("order"), node("price", "order=order", options=options))

    assert price("order.id") == []
    ((cell, _, said, _),) = price(key)
    assert (cell, message in said) == ("cell-price", True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"join": 3}, "it joins 3 of 2 inputs from other nodes beside it"),
        ({"join": 1, "settled": True}, "settled waits for every input, and join does not"),
    ],
)
def test_a_join_that_can_never_be_is_said(problems, node, options, message):
    found = problems(node("a"), node("b"), node("j", "a", "b", options=Options(**options)))
    assert [one[2] for one in found] == [message]


@pytest.mark.parametrize("options", [{"join": 1}, {"settled": True}])
def test_a_join_with_a_cache_is_refused_with_the_reason(problems, node, options):
    joined = Options(cache=True, **options)
    (problem,) = problems(node("a"), node("b"), node("j", "a", "b", options=joined))
    assert "a join is not taken from the cache: which inputs it is given" in problem[2]


def test_a_join_of_nothing_but_parameters_is_said(problems, node):
    (problem,) = problems(node("j", "x=3", options=Options(join=1)))
    assert problem[2] == "it joins any of 0 inputs from other nodes beside it"


def test_all_problems_come_at_once_in_the_order_of_the_notebook(problems, node):
    found = problems(
        node("a", kind="nope"), node("b", "x=nobody"), node("c", kind="http", config={"no": 1})
    )
    assert [one[0] for one in found] == ["cell-a", "cell-b", "cell-c"]


# ---------------------------------------------------------------- parameters of a run

PARAMS = (
    ParamSpec(PortName("city"), "Oslo"),
    ParamSpec(PortName("top"), 3, "int"),
    ParamSpec(PortName("share"), 0.5),
    ParamSpec(PortName("dry"), False),
    ParamSpec(PortName("rows"), [1]),
    ParamSpec(PortName("more"), {"a": 1}),
    ParamSpec(PortName("key"), MISSING, "str"),
    ParamSpec(PortName("any"), None),
    ParamSpec(PortName("own"), 1, "MyType"),
)


@pytest.fixture
def plan(flow, registry):
    return compile_plan(flow(params=PARAMS), registry)


def test_parameters_that_fit_are_no_problem(plan):
    given = {"city": "x", "top": 1, "share": 2, "dry": True, "rows": [], "more": {}, "key": "k"}
    assert check_params(plan, given | {"any": [1], "own": "x"}) == ()


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"ciyt": "x"}, "flow 'tour' has no parameter 'ciyt'", "did you mean 'city'?"),
        ({"top": "3"}, "parameter 'top' cannot be '3'", "write a whole number"),
        ({"top": 1.5}, "parameter 'top' cannot be 1.5", "write a whole number"),
        ({"top": True}, "parameter 'top' cannot be True", "write a whole number"),
        ({"share": "x"}, "parameter 'share' cannot be 'x'", "write a number"),
        ({"dry": 1}, "parameter 'dry' cannot be 1", "write true or false"),
        ({"rows": "x"}, "parameter 'rows' cannot be 'x'", "write a list"),
        ({"more": []}, "parameter 'more' cannot be []", "write a mapping"),
        ({"city": None}, "parameter 'city' cannot be None", "write a text"),
    ],
)
def test_a_parameter_that_does_not_fit_says_what_would(plan, given, message, hint):
    (problem,) = check_params(plan, {"key": "k"} | given)
    assert (problem.message, problem.hint) == (message, hint)


def test_a_parameter_without_a_value_is_missed(plan):
    (problem,) = check_params(plan, {})
    assert problem.message == "parameter 'key' has no value"


def test_every_misfit_is_said_at_once(plan):
    assert len(check_params(plan, {"ciyt": 1, "top": "x", "dry": "y"})) == 4


def test_texts_become_what_the_parameter_asks_for(plan):
    texts = ["city=3", "top=4", "share=2", "dry=yes", "rows=[1, 2]", 'more={"a": null}', "any=1.5"]
    assert coerce_params(plan, texts) == {
        "city": "3", "top": 4, "share": 2, "dry": True, "rows": [1, 2], "more": {"a": None},
        "any": 1.5,
    }  # fmt: skip


def test_a_text_that_does_not_fit_stays_and_is_named_by_the_check(plan):
    values = coerce_params(plan, ["top=many", "key=a=b", "nope=1"])
    assert values == {"top": "many", "key": "a=b", "nope": "1"}
    assert len(check_params(plan, values)) == 2


@pytest.mark.parametrize("text", ["city", "=x", " =x"])
def test_a_text_without_a_name_is_misuse(plan, text):
    with pytest.raises(UsageError, match="write name=value"):
        coerce_params(plan, [text])


def test_an_annotation_stands_before_the_type_of_the_default():
    assert param_type(ParamSpec(PortName("x"), 1, "float")) is float
    assert param_type(ParamSpec(PortName("x"), 1, "list[int]")) == list[int]
    assert param_type(ParamSpec(PortName("x"), 1, "MyType")) is None
    assert param_type(ParamSpec(PortName("x"), 1, "list[MyType]")) is list
