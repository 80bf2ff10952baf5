import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import UsageError
from flowbook.graph.choices import Backoff, BackoffKind, On
from flowbook.graph.codec import canonical, decode, encode, upgraded
from flowbook.graph.flow_options import Durability, FlowOptions, JournalMode
from flowbook.graph.options import Options
from flowbook.graph.spec import (
    MISSING,
    FlowSpec,
    InputSpec,
    NodeSpec,
    ParamSpec,
    Place,
    Position,
    Wire,
)

words = st.text(max_size=6)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)
seconds = st.floats(0, 86400.0) | st.integers(0, 100).map(float)
options = st.builds(
    Options,
    retries=st.integers(0, 9999),
    backoff=st.builds(Backoff, st.sampled_from(BackoffKind), seconds, seconds),
    timeout=st.none() | seconds,
    on=st.sampled_from(On),
    pure=st.booleans(),
    cache=st.booleans(),
    tags=st.lists(st.text("abc-", min_size=1), max_size=2).map(tuple),
)
coordinates = st.floats(-1e6, 1e6) | st.integers(-1000, 1000)
defaults = st.just(MISSING) | json_values
nodes = st.builds(
    NodeSpec,
    id=words,
    kind=words,
    inputs=st.lists(
        st.builds(
            InputSpec,
            words,
            st.none() | st.builds(Wire, words, st.none() | words),
            defaults,
            st.none() | words,
            st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    outputs=st.lists(words, max_size=2).map(tuple),
    body=words,
    config=st.dictionaries(words, json_values, max_size=2),
    options=options,
    captures=st.lists(words, max_size=2).map(tuple),
    place=st.none() | st.builds(Place, words, st.integers(0, 99)),
    body_line=st.integers(1, 99),
    position=st.none() | st.builds(Position, coordinates, coordinates),
)
flow_options = st.builds(
    FlowOptions,
    journal=st.sampled_from(JournalMode),
    durability=st.sampled_from(Durability),
    sensitive_fields=st.sampled_from([(), ("ssn",), ("ssn", "Credit Card")]),
    log_inputs=st.booleans(),
    log_outputs=st.booleans(),
    allow_pickle=st.booleans(),
    retention=st.sampled_from([None, "30d", "last:7", "forever"]),
    audit=st.booleans(),
)
node_lists = st.lists(nodes, max_size=2).map(tuple)
specs = st.builds(
    FlowSpec,
    words,
    node_lists,
    st.lists(st.builds(ParamSpec, words, defaults, st.none() | words, st.none() | words),
             max_size=2).map(tuple),
    node_lists,
    flow_options,
)  # fmt: skip


@given(specs)
def test_text_reads_back_as_the_same_spec(spec: FlowSpec):
    assert decode(encode(spec)) == spec
    assert decode(encode(spec, indent=1)) == spec
    assert encode(decode(encode(spec))) == encode(spec)


def tour() -> FlowSpec:
    fetch = NodeSpec(
        "fetch", "http", (InputSpec("city", default="Oslo"),), ("fetch",), config={"b": 1, "a": 2}
    )
    clean = NodeSpec(
        "clean", inputs=(InputSpec("fetch"),), outputs=("clean",), options=Options(retries=3)
    )
    return FlowSpec("tour", (fetch, clean), (ParamSpec("year", 2015),))


def test_text_is_lean_and_in_a_fixed_order():
    assert encode(tour()) == (
        '{"format":1,"id":"tour","params":[{"name":"year","default":2015}],"nodes":'
        '[{"id":"fetch","kind":"http","inputs":[{"name":"city","default":"Oslo"}],'
        '"outputs":["fetch"],"config":{"b":1,"a":2}},'
        '{"id":"clean","inputs":[{"name":"fetch"}],"outputs":["clean"],'
        '"options":{"retries":"3"}}]}'
    )


def test_a_default_of_none_is_not_a_missing_default():
    spec = FlowSpec("f", params=(ParamSpec("a", None), ParamSpec("b")))
    assert decode(encode(spec)).params[0].default is None
    assert decode(encode(spec)).params[1].default is MISSING


def test_what_a_flow_means_does_not_change_with_layout_cells_or_order():
    spec = tour()
    moved = replace(
        spec,
        nodes=tuple(
            replace(node, place=Place("c1", 7), position=Position(1, 2), body_line=4,
                    config=dict(reversed(node.config.items())))
            for node in reversed(spec.nodes)
        ),
    )  # fmt: skip
    assert canonical(moved) == canonical(spec)


@pytest.mark.parametrize(
    "change",
    [
        {"body": "x"},
        {"kind": "sql"},
        {"inputs": ()},
        {"outputs": ("a",)},
        {"config": {"b": 2}},
        {"options": Options(retries=1)},
        {"captures": ("np",)},
        {"id": "other"},
    ],
)
def test_what_a_flow_means_changes_with_everything_else(change: dict):
    spec = tour()
    changed = replace(spec, nodes=(replace(spec.nodes[0], **change), spec.nodes[1]))
    assert canonical(changed) != canonical(spec)


def test_order_of_setup_is_meant():
    one, two = NodeSpec("one", body="a = 1"), NodeSpec("two", body="a = 2")
    spec = FlowSpec("f", setup=(one, two))
    assert canonical(spec) != canonical(replace(spec, setup=(two, one)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "does not say its format"),
        ('{"id": "f"}', "does not say its format"),
        ('{"format": 2, "id": "f"}', "has format 2; this flowbook reads formats up to 1"),
        ('{"format": 0, "id": "f"}', "format 0, which was never in use"),
        ('{"format": 1}', "missing required field `id`"),
        ('{"format": 1, "id": "f", "nodes": [{"id": 3}]}', r"\$.nodes\[0\].id"),
        ('{"format": 1, "id": "f", "edges": []}', "unknown field `edges`"),
        ('{"format": 1, "id": "f", "nodes": [{"id": "a", "options": {"retry": "1"}}]}',
         "unknown option 'retry'"),
    ],
)  # fmt: skip
def test_what_is_no_flow_is_refused_with_its_place(text: str, said: str):
    with pytest.raises(UsageError, match=said):
        decode(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object()])
def test_what_json_cannot_hold_is_refused(value: object):
    spec = FlowSpec("f", (NodeSpec("a", config={"x": value}),))
    for write in (encode, canonical):
        with pytest.raises(UsageError, match="flow 'f' holds a value that JSON cannot"):
            write(spec)


def test_an_older_format_is_upgraded_step_by_step():
    upgrades = {
        1: lambda old: {**old, "trail": "1"},
        2: lambda old: {**old, "trail": old["trail"] + "2"},
    }
    assert upgraded({"format": 1}, upgrades, 3) == {"format": 3, "trail": "12"}


def test_text_survives_any_encoding():
    spec = FlowSpec("f", (NodeSpec("a", body="ø \ud800"),))
    assert json.loads(encode(spec).encode("ascii"))["nodes"][0]["body"] == "ø \ud800"


def test_where_a_setup_cell_stands_is_not_meant():
    one, two = (FlowSpec("f", setup=(NodeSpec(name, body="a = 1"),)) for name in ("s1", "s2"))
    assert canonical(one) == canonical(two)
