"""transform: new fields for records, lists and tables, by expressions or by a query."""

from datetime import date

import pandas as pd
import pytest
from tests.nodes.rows.kinds import plain, ran
from traitlets import TraitError

from flowbook.errors import ExpressionError, UsageError
from flowbook.nodes.rows.transform import TransformNode

ORDERS = [{"id": 1, "price": 4.0, "count": 3}, {"id": 2, "price": None, "count": 2}]


def test_fields_are_expressions_texts_and_constants(family):
    fields = {"total": "{{ price * count }}", "label": "no. {{ id }}: {{ price }}", "cur": "NOK"}
    told = ran(TransformNode, family.make(ORDERS), fields=fields)
    assert isinstance(told, family.type)
    assert plain(told) == [
        {**ORDERS[0], "total": 12.0, "label": "no. 1: 4.0", "cur": "NOK"},
        {**ORDERS[1], "total": None, "label": "no. 2: ", "cur": "NOK"},
    ]


def test_a_field_sees_the_row_as_it_came_in_and_may_take_the_place_of_one(family):
    fields = {"count": "{{ id }}", "id": "{{ count }}", "n": "{{ index }}"}
    told = plain(ran(TransformNode, family.make(ORDERS), fields=fields))
    assert told[0] == {"id": 3, "price": 4.0, "count": 1, "n": 0}
    assert list(told[0]) == ["id", "price", "count", "n"]


def test_the_item_is_what_came_in_and_nothing_else(family):
    told = ran(TransformNode, family.make(ORDERS), fields={"a": "{{ id }}", "n": "{{ len(item) }}"})
    assert [row["n"] for row in plain(told)] == [3, 3]


@pytest.mark.parametrize(
    ("keep", "columns"),
    [("all", ["id", "price", "count", "t"]), ("only", ["t"]), (["count"], ["count", "t"])],
)
def test_keep_says_which_old_fields_stay(family, keep, columns):
    told = ran(TransformNode, family.make(ORDERS), fields={"t": "{{ id * 2 }}"}, keep=keep)
    assert list(plain(told)[0]) == columns


def test_a_record_stays_one_and_plain_items_become_records():
    assert ran(TransformNode, {"a": 1}, fields={"b": "{{ a + rate }}"}, others={"rate": 2}) == {
        "a": 1,
        "b": 3,
    }
    assert ran(TransformNode, [1, 2], fields={"twice": "{{ item * 2 }}", "x": [1]}) == [
        {"twice": 2, "x": [1]},
        {"twice": 4, "x": [1]},
    ]
    assert ran(TransformNode, [], fields={"b": "{{ a }}"}) == []


def test_texts_are_written_as_templates_write_them():
    rows = [{"a": True, "b": {"x": "ä"}, "c": "}}{{"}]
    fields = {"t": "{{ a }} {{ b }} {{ c }} {{ {'k': 1} }} {{ '}}' }}"}
    told = ran(TransformNode, rows, fields=fields, keep="only")
    assert told == [{"t": 'true {"x": "ä"} }}{{ {"k": 1} }}'}]


def test_a_query_gives_the_same_kind_of_table(family):
    told = ran(
        TransformNode,
        family.make(ORDERS),
        sql="SELECT id, count * $rate AS n FROM items ORDER BY id DESC",
        others={"rate": 10},
    )
    assert isinstance(told, family.type)
    assert plain(told) == [{"id": 2, "n": 20}, {"id": 1, "n": 30}]


def test_a_query_keeps_whole_numbers_beside_nulls_and_dates(family):
    sql = "SELECT sum(count) AS n, DATE '2026-01-31' AS d FROM items UNION ALL SELECT NULL, NULL"
    told = plain(ran(TransformNode, family.make(ORDERS), sql=sql))
    assert [row["n"] for row in told] == [5, None]
    assert family.name == "pandas" or [row["d"] for row in told] == [date(2026, 1, 31), None]
    assert family.name == "pandas" or isinstance(told[0]["n"], int)


def test_a_query_joins_other_inputs():
    told = ran(
        TransformNode,
        ORDERS,
        sql="SELECT id, name FROM items JOIN names USING (id)",
        others={"names": pd.DataFrame({"id": [1], "name": ["Ada"]})},
    )
    assert told == [{"id": 1, "name": "Ada"}]


def test_what_is_wrong_is_told_with_the_field(family):
    given = family.make(ORDERS)
    with pytest.raises(ExpressionError, match=r"fields.t of transform 'node'.*row 0 \(id = 1\)"):
        ran(TransformNode, given, fields={"t": "{{ id + 'x' }}"})
    with pytest.raises(ExpressionError, match="no column or input 'prise'"):
        ran(TransformNode, given, fields={"t": "{{ prise }}"})
    with pytest.raises(UsageError, match="keep of transform 'node': there is no column 'ids'"):
        ran(TransformNode, given, fields={"t": 1}, keep=["ids"])
    with pytest.raises(TraitError, match="fields: t: "):
        ran(TransformNode, given, fields={"t": "{{ id + }}"})
    with pytest.raises(TraitError, match="not closed"):
        ran(TransformNode, given, fields={"t": "{{ id"})
    with pytest.raises(TraitError, match="neither all, only nor"):
        ran(TransformNode, given, fields={"t": 1}, keep="some")
    with pytest.raises(UsageError, match="takes one of fields, sql"):
        ran(TransformNode, given)
    with pytest.raises(UsageError, match="sql of transform 'node'"):
        ran(TransformNode, given, sql="SELEC 1")
