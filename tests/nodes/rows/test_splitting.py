"""split: each row goes to one output, and none is lost unless that is asked for."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nodes.rows.kinds import MAKERS, RealContext, plain, ran
from traitlets import TraitError

from flowbook.errors import ExpressionError, UsageError
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId, PortName
from flowbook.nodes.rows.splitting import SplitNode

ORDERS = [
    {"id": 1, "total": 3, "land": "no"},
    {"id": 2, "total": None, "land": "se"},
    {"id": 3, "total": 30, "land": "no"},
    {"id": 4, "total": 12, "land": "dk"},
]


def ids(told):
    return {port: [row["id"] for row in plain(value)] for port, value in told.ports.items()}


def ports(outputs=(), **config):
    spec = NodeSpec(NodeId("s"), kind="split", config=config, outputs=tuple(map(PortName, outputs)))
    return SplitNode.ports(spec)


def test_the_first_condition_that_holds_takes_the_row(family):
    told = ran(SplitNode, family.make(ORDERS), into={"small": "total < 10", "any": "total > 0"})
    assert ids(told) == {"small": [1], "any": [3, 4], "rest": [2]}
    assert all(isinstance(one, family.type) for one in told.ports.values())
    assert told.result == {"small": 1, "any": 2, "rest": 1}


def test_rest_has_the_name_it_is_given_or_none_at_all():
    assert ids(ran(SplitNode, ORDERS, into={"no": "land == 'no'"}, rest="abroad"))["abroad"] == [
        2,
        4,
    ]
    assert ids(ran(SplitNode, ORDERS, into={"no": "land == 'no'"}, rest="")) == {"no": [1, 3]}


def test_an_expression_names_the_output(family):
    given = family.make(ORDERS)
    assert ids(ran(SplitNode, given, by="land", outputs="no se dk")) == {
        "no": [1, 3], "se": [2], "dk": [4],
    }  # fmt: skip
    by = "'even' if index % 2 == 0 else 'odd'"
    assert ids(ran(SplitNode, given, by=by, outputs="even odd")) == {"even": [1, 3], "odd": [2, 4]}
    told = ran(SplitNode, given, by="land", outputs="no rest")
    assert ids(told) == {"no": [1, 3], "rest": [2, 4]}


def test_a_name_that_is_no_output_is_told_with_its_rows(family):
    with pytest.raises(ExpressionError) as told:
        ran(SplitNode, family.make(ORDERS), by="land", outputs="no sv")
    assert "row 1 'se', row 3 'dk'" in str(told.value)
    assert "declare an output called rest" in str(told.value)


def test_sizes_are_fractions_or_rows_in_order_or_by_chance(family):
    given = family.make(ORDERS)
    assert ids(ran(SplitNode, given, sizes={"a": 0.75, "b": 0.25})) == {
        "a": [1, 2, 3], "b": [4], "rest": [],
    }  # fmt: skip
    assert ids(ran(SplitNode, given, sizes={"a": 1}))["rest"] == [2, 3, 4]
    by_chance = ids(ran(SplitNode, given, sizes={"a": 2}, seed=3))
    assert by_chance == ids(ran(SplitNode, ORDERS, sizes={"a": 2}, seed=3))
    assert sorted(by_chance["a"] + by_chance["rest"]) == [1, 2, 3, 4]
    with pytest.raises(UsageError, match="wants 5 rows and has 4"):
        ran(SplitNode, given, sizes={"a": 5})


def test_chunks_are_equal_pieces():
    told = ran(SplitNode, list(range(7)), chunks=3)
    assert dict(told.ports) == {"part_1": [0, 1], "part_2": [2, 3], "part_3": [4, 5, 6]}
    told = ran(SplitNode, [1, 2], chunks=2, outputs="left right")
    assert dict(told.ports) == {"left": [1], "right": [2]}


def test_an_output_without_rows_is_empty_or_skipped(family):
    given = family.make(ORDERS)
    told = ran(SplitNode, given, into={"huge": "total > 99"})
    assert len(told.ports["huge"]) == 0
    assert isinstance(told.ports["huge"], family.type)
    assert set(ran(SplitNode, given, into={"huge": "total > 99"}, empty="skip").ports) == {"rest"}


def test_outputs_follow_the_configuration():
    assert ports(into={"a": "x", "b": "y"}) == ("a", "b", "rest")
    assert ports(sizes={"a": 1}, rest="z") == ("a", "z")
    assert ports(chunks=2) == ("part_1", "part_2")
    assert ports(["l", "r"], chunks=2) == ("l", "r")
    assert ports(["l", "r"], by="x") == ("l", "r")
    assert ports(into={"not a port!": "x", 3: "y"}) == ("rest",)
    assert ports(into=3) == ("s",)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"into": {"a b": "item"}}, "cannot name an output"),
        ({"into": {"a": True}}, "is no condition"),
        ({"into": {"a": "x >"}}, "no expression"),
        ({"sizes": {"a": -1}}, "neither a number of rows"),
        ({"sizes": {"a": 1.5}}, "neither a number of rows"),
        ({"sizes": {"a": 0.7, "b": 0.7}}, "more than 1 together"),
        ({"rest": "a b", "chunks": 2}, "cannot name an output"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(config, message):
    with pytest.raises(TraitError, match=message):
        ran(SplitNode, [1], **config)


def test_one_way_of_splitting_is_enough():
    with pytest.raises(UsageError, match="takes one of into, by, sizes, chunks"):
        ran(SplitNode, [1], by="item", chunks=2)


def test_it_says_how_many_went_where():
    context = RealContext()
    ran(SplitNode, [1, 2, 3], into={"big": "item > 1"}, context=context)
    assert context.logged == ["3 rows: big 2, rest 1"]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.integers(0, 9), max_size=20),
    sizes=st.dictionaries(
        st.sampled_from("abc"), st.sampled_from([0.0, 0.1, 0.25, 1 / 3]), min_size=1
    ),
    seed=st.none() | st.integers(0, 5),
)
def test_no_row_is_lost_and_all_kinds_are_split_alike(rows, sizes, seed):
    rows = [{"id": at, "n": n} for at, n in enumerate(rows)]
    told = ids(ran(SplitNode, rows, sizes=sizes, seed=seed))
    assert sorted(one for port in told.values() for one in port) == [row["id"] for row in rows]
    assert all(one == sorted(one) for one in told.values())
    for name in ("pandas", "polars", "arrow"):
        if rows:
            assert ids(ran(SplitNode, MAKERS[name](rows), sizes=sizes, seed=seed)) == told
