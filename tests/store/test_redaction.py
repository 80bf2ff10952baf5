"""No sensitive value survives, in whatever form it is written; everything else stays."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import json
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import quote

import msgspec
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.store import parquet
from flowbook.store.plain import Plainer
from flowbook.store.redaction import REDACTED, Opaque, Redactor

SECRET = "s3cr#t\"v'al\\ue"
NAMES = ("ssn", "Credit-Card_Number")

keys = st.sampled_from(["ssn", "SSN", "credit_card_number", "CREDIT-CARD-NUMBER", "name", "age"])
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text("abc é\n", max_size=8)
    | st.binary(max_size=4)
    | st.dates()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
secrets = st.sampled_from([SECRET, f"in {SECRET} it", SECRET.encode(), json.dumps({"x": SECRET})])


def nested(inner):
    return (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(keys | st.text("xyz", max_size=3), inner, max_size=3)
    )


innocent = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "age"]), inner, max_size=2)
    ),
    max_leaves=8,
)
guilty = st.recursive(leaves | secrets, nested, max_leaves=10)


def redactor():
    return Redactor(NAMES, lambda: [SECRET])


def written(value) -> str:
    """The journal's text of a value, bytes spelt out."""
    plain = Plainer().convert(value)
    texts = [json.dumps(plain, ensure_ascii=False), repr(value)]
    return "\n".join([*texts, *map(repr, walk(value))])


def walk(value):
    """Every leaf and key of a value; bytes as text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(key)
            yield from walk(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from walk(inner)
    else:
        yield value.decode("latin-1") if isinstance(value, bytes) else value


def fields(value):
    """Every value below a key, as pairs."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key, inner
            yield from fields(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from fields(inner)


@given(guilty)
def test_no_secret_and_no_sensitive_field_survives(value):
    made = redactor().value(value)
    text = written(made)
    for spelt in (SECRET, json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1]):
        assert spelt not in text
    sensitive = {"ssn", "credit_card_number"}
    assert all(
        inner == REDACTED
        for key, inner in fields(made)
        if key.lower().replace("-", "_") in sensitive
    )


@given(innocent)
def test_what_holds_neither_is_given_back_itself(value):
    assert redactor().value(value) is value


@given(guilty)
def test_redacting_twice_is_redacting_once(value):
    made = redactor().value(value)
    assert redactor().value(made) == made


@pytest.mark.parametrize(
    "spelt",
    [
        SECRET,
        json.dumps(SECRET),
        repr(SECRET),
        quote(SECRET),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        repr(SECRET.encode()),
    ],
)
def test_a_secret_is_known_however_text_spells_it(spelt):
    assert redactor().text(f"<{spelt}>").replace("'", "").replace('"', "").replace("b", "") in (
        "<[redacted]>"
    )


def test_a_short_secret_is_not_looked_for():
    assert Redactor((), lambda: ["abc", "  "]).text("abc  ") == "abc  "


def test_secrets_are_asked_for_anew():
    known = []
    one = Redactor((), lambda: known)
    assert one.text("token-1") == "token-1"
    known.append("token-1")
    assert one.text("token-1") == REDACTED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ssn=1-2", "ssn=[redacted]"),
        ("SSN : 1-2, age: 3", "SSN : [redacted], age: 3"),
        ('{"ssn": "1-2", "age": 3}', '{"ssn": "[redacted]", "age": 3}'),
        ("{'ssn': 12, 'age': 3}", "{'ssn': [redacted], 'age': 3}"),
        (r'"{\"ssn\": \"1-2\"}"', r'"{\"ssn\": \"[redacted]\"}"'),
        ("P(ssn=SSN('1-2', [3]), age=3)", "P(ssn=[redacted], age=3)"),
        ("ssn: [1, ['2']] and more", "ssn: [redacted]"),
        ("credit card number=4929 ok", "credit card number=[redacted] ok"),
        ("--credit-card-number=4929 ok", "--credit-card-number=[redacted] ok"),
        ("ssn: Bearer abc.def\nage: 3", "ssn: [redacted]\nage: 3"),
        ("def f(ssn: str = '1-2'): ...", "def f(ssn: [redacted] = '[redacted]'): ..."),
        ("row['ssn'] = '1-2'", "row['ssn'] = '[redacted]'"),
        ("if ssn == '1-2':", "if ssn == '[redacted]':"),
        ("ssn='never closed\nage: 3", "ssn='[redacted]"),
        ("?ssn=12&age=3", "?ssn=[redacted]&age=3"),
        ("ssn=f'{a}-1'", "ssn=f'[redacted]'"),
        ("lessn=1 ssns=2 my_ssn=3", "lessn=1 ssns=2 my_ssn=3"),
        ("the ssn of Ada", "the ssn of Ada"),
        ("ssn=", "ssn="),
    ],
)
def test_a_field_in_text_loses_its_value(text, expected):
    assert redactor().text(text) == expected
    assert redactor().text(expected) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ssn = row.number", "ssn = row.number"),
        ("ssn = '1-2'", "ssn = '[redacted]'"),
        ("def f(ssn: str = '1-2', n=3): ...", "def f(ssn: str = '[redacted]', n=3): ..."),
        ("f(ssn=12)", "f(ssn=[redacted])"),
        ("x = {'ssn': '1', 'b': ssn}", "x = {'ssn': '[redacted]', 'b': ssn}"),
    ],
)
def test_of_code_only_literals_go(code, expected):
    assert redactor().code(code) == expected


def test_what_was_learned_is_found_everywhere():
    one = redactor()
    one.learn({"number": 123456789, "words": ["quite secret"], "no": None, "yes": True})
    assert one.text("123456789, quite secret, True") == "[redacted], [redacted], True"
    assert one.value([123456789, 7, True]) == [REDACTED, 7, True]


# ---------------------------------------------------------------- records


@dataclasses.dataclass
class Person:
    name: str
    ssn: str


class Pair(NamedTuple):
    ssn: str
    age: int


class Lean(msgspec.Struct):
    ssn: str
    age: int


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (Person("Ada", "1-2"), {"name": "Ada", "ssn": REDACTED}),
        (Pair("1-2", 3), {"ssn": REDACTED, "age": 3}),
        (Lean("1-2", 3), {"ssn": REDACTED, "age": 3}),
        ([Person("Ada", "1-2")], [{"name": "Ada", "ssn": REDACTED}]),
    ],
)
def test_a_record_becomes_a_mapping_of_its_fields(record, expected):
    assert redactor().value(record) == expected


class Stranger:
    ssn = "1-2"


def cycle():
    found = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    "value",
    [Stranger(), {"a": [Stranger()]}, object, cycle(), np.array([(1, 2)], dtype="i4,i4")],
)
def test_what_cannot_be_looked_into_is_refused(value):
    with pytest.raises(Opaque):
        redactor().value(value)


def test_numbers_and_arrays_of_them_stay():
    for value in (np.float64(2.5), np.arange(3), np.array(["2026-01-01"], "M8[D]"), 3 + 4j):
        assert redactor().value(value) is value
    assert redactor().value(np.array([SECRET, "b"])) == [REDACTED, "b"]


# ---------------------------------------------------------------- tables


def bytes_of(table, path):
    """What Parquet holds of a table, uncompressed, with all metadata."""
    parquet.write(table, path)
    import pyarrow.parquet as pq

    read = pq.read_table(path)
    return repr(read.schema) + repr(read.schema.metadata) + repr(read.to_pylist())


def tables(columns):
    whole = pa.table(columns)
    batch = pa.RecordBatch.from_arrays(
        [column.combine_chunks() for column in whole.columns], schema=whole.schema
    )
    return [pd.DataFrame(columns), pl.DataFrame(columns, strict=False), whole, batch]


def kind(table):
    return f"{type(table).__module__}.{type(table).__name__}"


DIRTY = {
    "SSN": ["1-2-3-4", "5-6-7-8"],
    "Credit Card Number": [4929_3813, 4929_3814],
    "note": ["fine", f"has {SECRET}"],
    "deep": [{"ssn": "1-2-3-4", "n": 1}, {"ssn": "x-x-x-x", "n": 2}],
    "age": [30, 40],
}


@pytest.mark.parametrize("table", tables(DIRTY), ids=kind)
def test_a_table_loses_its_sensitive_columns_and_its_secrets(table, tmp_path):
    made = redactor().value(table)
    assert type(made) is type(table)
    text = bytes_of(made, tmp_path / "t.parquet")
    for gone in (SECRET, repr(SECRET)[1:-1], "1-2-3-4", "x-x-x-x", "49293813"):
        assert gone not in text
    for kept in ("fine", "has [redacted]", "age", "30", "'n': 1"):
        assert kept in text
    assert bytes_of(table, tmp_path / "was.parquet").count("1-2-3-4") > 1


CLEAN = {
    "name": ["Ada", None],
    "age": [30, 40],
    "born": [dt.date(1990, 1, 2), dt.date(1991, 2, 3)],
    "paid": [Decimal("1.50"), Decimal("2.50")],
    "deep": [{"n": 1}, {"n": 2}],
}


@pytest.mark.parametrize("table", tables(CLEAN), ids=kind)
def test_a_clean_table_is_given_back_itself(table):
    assert redactor().value(table) is table


def test_pandas_keeps_nothing_in_its_corners(tmp_path):
    frame = pd.DataFrame({"n": [1, 2], SECRET: [1, 2]}, index=["a", SECRET])
    frame["kind"] = pd.Categorical(["x", SECRET], categories=["x", SECRET, "y"])
    frame.index = pd.MultiIndex.from_arrays([frame.index, ["1-2-3-4"] * 2], names=["k", "ssn"])
    frame.attrs["source"] = f"key {SECRET}"
    made = redactor().value(frame)
    text = bytes_of(made, tmp_path / "t.parquet") + repr(made.attrs)
    assert repr(SECRET)[1:-1] not in text
    assert SECRET not in text
    assert "1-2-3-4" not in text
    assert list(made["n"]) == [1, 2]
    assert list(made.index.names) == ["k", "ssn"]


def test_columns_of_several_levels_are_known_by_any_of_them():
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "ssn"), ("a", "n")]))
    made = redactor().value(frame)
    assert made[("a", "ssn")].tolist() == [REDACTED]
    assert made[("a", "n")].tolist() == [2]


@pytest.mark.parametrize(
    ("named", "clean"),
    [
        (pd.Series([1, 2], name="ssn"), pd.Series([1, 2])),
        (pl.Series("ssn", [1, 2]), pl.Series([1, 2])),
    ],
    ids=kind,
)
def test_a_series_is_known_by_its_name(named, clean):
    made = redactor().value(named)
    assert type(made) is type(named)
    assert made.to_list() == [REDACTED, REDACTED]
    assert redactor().value(clean) is clean


@pytest.mark.parametrize("table", tables({"n": [123456789, 2]}), ids=kind)
def test_a_column_of_numbers_with_a_secret_number_goes_whole(table):
    one = redactor()
    one.learn(123456789)
    made = one.value(table)
    cells = (
        made["n"].to_pylist()
        if isinstance(made, pa.Table | pa.RecordBatch)
        else made["n"].to_list()
    )
    assert cells == [REDACTED, REDACTED]
