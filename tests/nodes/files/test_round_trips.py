"""What is written is read again as it was, but for the losses each format is known for.

csv: a table of one column loses rows that are empty, and a text that reads like a number, a date or
a word for yes or no comes back as that unless `dtypes` says otherwise. excel: an empty text comes
back as nothing, numbers have fifteen digits. json: a date comes back as text. All but parquet: a
column without any value has no type.
"""

from __future__ import annotations

import datetime as dt
import math

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SHOWN = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"])
NAMES = st.lists(st.text(SHOWN, min_size=1, max_size=8), min_size=2, max_size=4, unique=True)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
WHOLE = st.integers(-(2**63), 2**63 - 1)
DATES = st.integers(-(2**31), 2**32).map(
    lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)
)
COLUMNS = {
    "string": (TEXT, pa.string()),
    "int": (WHOLE, pa.int64()),
    "float": (st.floats(allow_nan=False), pa.float64()),
    "bool": (st.booleans(), pa.bool_()),
    "datetime": (DATES, pa.timestamp("us")),
}


@st.composite
def tables(draw, only=tuple(COLUMNS), text=None):
    names = draw(NAMES)
    rows = draw(st.integers(0, 12))
    columns, words = {}, {}
    for name in names:
        word = draw(st.sampled_from(only))
        values, kind = COLUMNS[word]
        values = text if text is not None and word == "string" else values
        held = draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        columns[name] = pa.array(held, kind)
        words[name] = word
    return pa.table(columns), words


EASY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@EASY
@given(tables(), st.sampled_from(["", ".gz", ".zst"]))
def test_csv_with_types_keeps_all(files, told, packed):
    table, words = told
    files.write(f"a.csv{packed}", table)
    assert files.read(f"a.csv{packed}", as_="arrow", dtypes=words).equals(table)


@EASY
@given(tables(only=("int", "float", "bool")))
def test_csv_without_types_keeps_numbers(files, told):
    table, _ = told
    files.write("a.csv", table)
    assert files.read("a.csv", as_="rows") == table.to_pylist()


@EASY
@given(tables())
def test_parquet_keeps_all(files, told):
    table, _ = told
    files.write("a.parquet", table)
    assert files.read("a.parquet", as_="arrow").equals(table)
    assert files.read("a.parquet", as_="polars").to_arrow().num_rows == table.num_rows


@EASY
@given(tables(only=("string", "int", "bool", "float")), st.sampled_from(["json", "jsonl"]))
def test_json_keeps_all_but_what_is_no_number(files, told, suffix):
    table, _ = told
    files.write(f"a.{suffix}", table)
    finite = [
        {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
        for row in table.to_pylist()
    ]
    assert files.read(f"a.{suffix}", as_="rows") == finite


@EASY
@given(
    tables(
        only=("string", "bool", "datetime"),
        text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20),
    )
)
def test_excel_keeps_all_but_empty_texts_and_rows(files, told):
    table, _ = told
    files.write("a.xlsx", table)
    was = [{k: None if v == "" else v for k, v in row.items()} for row in table.to_pylist()]
    while was and not any(value is not None for value in was[-1].values()):
        was.pop()
    assert files.read("a.xlsx", as_="rows") == was


@EASY
@given(st.text(st.characters(codec="utf-8")), st.sampled_from(["a.txt", "a.txt.gz", "a.txt.zst"]))
def test_text_keeps_every_character(files, text, name):
    files.write(name, text, format="text")
    read = files.read(name, format="text")
    assert read == text.removeprefix("\ufeff")


@EASY
@given(st.binary())
def test_bytes_are_bytes(files, content):
    files.write("a.bin", content)
    assert files.read("a.bin") == content


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**60), 2**60),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXT,
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
)


@EASY
@given(JSON, st.sampled_from([0, 2]))
def test_json_values_are_kept(files, value, indent):
    files.write("a.json", {"value": value}, indent=indent)
    assert files.read("a.json") == {"value": value}
