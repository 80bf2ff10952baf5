"""map_items, filter, reduce: over every kind of table, over lists, and told where they fail."""

import pytest
from tests.nodes.rows.kinds import MAKERS, RealContext, plain, ran
from traitlets import TraitError

from flowbook.errors import ExpressionError, RunCancelled, UsageError
from flowbook.nodes.rows.items import FilterNode, MapItemsNode, ReduceNode

ORDERS = [
    {"city": "Oslo", "price": 4.0, "count": 3},
    {"city": "Bergen", "price": 2.5, "count": 2},
    {"city": None, "price": None, "count": 1},
]


# ---------------------------------------------------------------- map_items


def test_a_table_gets_a_column_and_stays_what_it_is(family):
    given = family.make(ORDERS)
    told = ran(MapItemsNode, given, expression="price * count", into="total")
    assert isinstance(told, family.type)
    assert [row["total"] for row in plain(told)] == [12.0, 5.0, None]
    assert "total" not in plain(given)[0]


def test_without_into_it_gives_a_list(family):
    assert ran(MapItemsNode, family.make(ORDERS), expression="count + index") == [3, 3, 3]


def test_plain_items_are_called_item_and_other_inputs_by_name():
    assert ran(MapItemsNode, [1, 2], expression="item * rate", others={"rate": 10}) == [10, 20]


def test_fields_of_a_row_win_over_inputs_but_item_and_index_are_always_its_own():
    rows = [{"rate": 2, "index": 7}]
    told = ran(MapItemsNode, rows, expression="[rate, index, item.index]", others={"rate": 5})
    assert told == [[2, 0, 7]]


def test_a_null_a_computation_needs_makes_null_and_strictly_an_error(family):
    given = family.make(ORDERS)
    assert ran(MapItemsNode, given, expression="price / 2") == [2.0, 1.25, None]
    assert ran(MapItemsNode, given, expression="city.upper()") == ["OSLO", "BERGEN", None]
    with pytest.raises(ExpressionError, match=r"row 2 \(price = None\)"):
        ran(MapItemsNode, given, expression="price / 2", nulls="fail")


def test_a_field_that_only_some_records_have_is_null_in_the_others():
    assert ran(MapItemsNode, [{"a": 1}, {"b": 2}], expression="a is None") == [False, True]


def test_an_unknown_column_is_told_with_the_closest_and_all_there_are(family):
    with pytest.raises(ExpressionError) as told:
        ran(MapItemsNode, family.make(ORDERS), expression="prise * 2")
    assert "no column or input 'prise'" in str(told.value)
    assert "did you mean 'price'?" in str(told.value)
    assert "city, price, count" in str(told.value)


def test_the_first_three_rows_that_fail_are_named_with_their_values():
    rows = [{"n": one} for one in (1, "a", 2, "b" * 90, "c", "d")]
    with pytest.raises(ExpressionError) as told:
        ran(MapItemsNode, rows, expression="n - 1")
    assert "row 1 (n = 'a')" in str(told.value)
    assert "row 3 (n = 'bbb" in str(told.value)
    assert "…" in str(told.value)
    assert "row 4" in str(told.value)
    assert "row 5" not in str(told.value)
    assert told.value.code == "type"


def test_what_is_no_expression_is_refused_before_any_row_is_asked(family):
    with pytest.raises(TraitError, match="no expression"):
        ran(MapItemsNode, family.make(ORDERS), expression="price *")
    with pytest.raises(ExpressionError, match="not part of the expression language"):
        ran(MapItemsNode, family.make([]), expression="[lambda: 1]")


def test_a_column_that_would_mix_types_is_refused_by_a_table_and_fine_in_records():
    expression = "'many' if count > 2 else count"
    with pytest.raises(UsageError, match="column 'size' would hold int, str"):
        ran(MapItemsNode, MAKERS["polars"](ORDERS), expression=expression, into="size")
    told = ran(MapItemsNode, ORDERS, expression=expression, into="size")
    assert [row["size"] for row in told] == ["many", 2, 1]


def test_a_text_or_a_number_has_no_items():
    for odd in ("text", 3, {"a": 1}):
        with pytest.raises(UsageError, match=r"map_items 'node' cannot go over a"):
            ran(MapItemsNode, odd, expression="item")


def test_what_no_row_has_is_no_null():
    rows = [{"a": {"b": 1}}, {"a": {}}, {"a": None}]
    with pytest.raises(ExpressionError, match=r"row 1 .*there is no field 'b'"):
        ran(MapItemsNode, rows, expression="a.b + 1")
    assert ran(MapItemsNode, [rows[0], rows[2]], expression="a.b + 1") == [2, None]


@pytest.mark.parametrize("expression", ["mail.from", "(mail\n.from)"])
def test_all_of_the_expression_language_is_taken(expression):
    for rows in ([{"mail": {"from": "a"}, "n": 1}], MAKERS["polars"]([{"mail": {"from": "a"}}])):
        assert ran(MapItemsNode, rows, expression=expression) == ["a"]


def test_a_script_is_given_every_field_because_nobody_knows_what_it_reads(family):
    seen = []
    context = RealContext()
    context.evaluate = lambda text, names: seen.append((text, dict(names)))
    ran(MapItemsNode, family.make(ORDERS), expression="js: price * count", context=context)
    text, names = seen[0]
    assert text == "js: price * count"
    assert (names["price"], names["count"], names["index"]) == (4.0, 3, 0)
    assert names["item"]["city"] == "Oslo"


def test_what_the_project_provides_is_no_column(family):
    with pytest.raises(ExpressionError) as told:
        ran(MapItemsNode, family.make(ORDERS), expression="count > $vars.flow.least")
    assert "no column or input" not in str(told.value)


def test_a_node_that_is_told_to_stop_stops():
    context = RealContext()
    context.cancelled = lambda: True
    with pytest.raises(RunCancelled):
        ran(MapItemsNode, [1], expression="item", context=context)


# ---------------------------------------------------------------- filter


def test_a_filter_keeps_rows_of_the_same_kind_and_gives_the_others_where_asked(family):
    given = family.make(ORDERS)
    alone = ran(FilterNode, given, where="count > 1 and city != 'Oslo'")
    assert isinstance(alone, family.type)
    assert [row["city"] for row in plain(alone)] == ["Bergen"]
    both = ran(FilterNode, given, where="price > 3", outputs="kept dropped").ports
    assert [row["count"] for row in plain(both["kept"])] == [3]
    assert [row["count"] for row in plain(both["dropped"])] == [2, 1]


def test_a_null_counts_as_no_unless_it_is_asked_for(family):
    given = family.make(ORDERS)
    assert len(ran(FilterNode, given, where="not (price > 3)")) == 1
    assert len(ran(FilterNode, given, where="price is None or price > 3")) == 2
    with pytest.raises(ExpressionError, match=r"row 2"):
        ran(FilterNode, given, where="price > 3", nulls="fail")


def test_an_empty_table_keeps_its_columns(family):
    none = ran(FilterNode, family.make(ORDERS), where="count > 100")
    again = ran(FilterNode, none, where="count > 100")
    assert len(again) == 0
    if family.name != "records":
        assert list(getattr(again, "column_names", again.columns)) == ["city", "price", "count"]


def test_plain_lists_and_mixed_ones_are_filtered_by_item():
    assert ran(FilterNode, [3, 1, 2], where="item > 1") == [3, 2]
    assert ran(FilterNode, [], where="item > 1") == []
    assert ran(FilterNode, [1, {"a": 1}, None], where="item != None") == [1, {"a": 1}]


def test_sql_chooses_rows_without_touching_them(family):
    given = family.make(ORDERS)
    told = ran(FilterNode, given, sql="count between 2 and $most", others={"most": 3})
    assert isinstance(told, family.type)
    assert plain(told) == plain(given)[:2]
    assert ran(FilterNode, [5, 1, 7], sql="item > 4") == [5, 7]


def test_sql_that_does_not_run_is_told_with_its_node(family):
    with pytest.raises(UsageError, match=r"sql of filter 'node'"):
        ran(FilterNode, family.make(ORDERS), sql="nothing > 3")


def test_either_where_or_sql():
    for config in ({}, {"where": "item", "sql": "item"}):
        with pytest.raises(UsageError, match="takes one of where, sql"):
            ran(FilterNode, [1], **config)


def test_a_filter_says_how_many_it_kept():
    context = RealContext()
    ran(FilterNode, [1, 2, 3], where="item > 1", context=context)
    assert context.logged == ["kept 2 of 3"]


# ---------------------------------------------------------------- reduce


@pytest.mark.parametrize(
    ("how", "result"),
    [("sum", 6.5), ("mean", 3.25), ("min", 2.5), ("max", 4.0), ("count", 2), ("first", 4.0),
     ("last", None), ("join", "4.0, 2.5")],
)  # fmt: skip
def test_how_over_a_column_leaves_nulls_out(family, how, result):
    assert ran(ReduceNode, family.make(ORDERS), how=how, column="price") == result


def test_a_column_may_be_an_expression_and_a_count_needs_none(family):
    assert ran(ReduceNode, family.make(ORDERS), how="sum", column="price * count") == 17.0
    assert ran(ReduceNode, family.make(ORDERS), how="count") == 3


def test_an_expression_carries_the_total_on(family):
    told = ran(ReduceNode, family.make(ORDERS), initial=1, expression="total * count + index")
    assert told == ((1 * 3 + 0) * 2 + 1) * 1 + 2


def test_sql_aggregates_the_items(family):
    assert ran(ReduceNode, family.make(ORDERS), sql="sum(count) * 10") == 60


def test_nothing_adds_up_to_zero_and_has_no_mean():
    assert ran(ReduceNode, [], how="sum") == 0
    assert ran(ReduceNode, [], how="mean") is None
    assert ran(ReduceNode, [], initial="none", expression="item") == "none"


def test_reduce_says_which_row_fails_and_which_column_there_is():
    with pytest.raises(ExpressionError, match=r"fails in row 1: cannot compute int \+ str"):
        ran(ReduceNode, [1, "a"], initial=0, expression="total + item")
    with pytest.raises(UsageError, match="there is no column 'prise'"):
        ran(ReduceNode, ORDERS, how="sum", column="prise")
    with pytest.raises(UsageError, match="does not know what to sum"):
        ran(ReduceNode, ORDERS, how="sum")
    with pytest.raises(UsageError, match=r"reduce 'node': sum adds numbers, and found 'Oslo'"):
        ran(ReduceNode, ORDERS, how="sum", column="city")
