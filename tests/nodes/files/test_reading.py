"""What is read, in which shape, and what is said of a file that cannot be."""

from __future__ import annotations

import gzip
import json
import sys

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from traitlets import TraitError

from flowbook.errors import UsageError


@pytest.fixture
def cities(folder):
    (folder / "cities.csv").write_text("city,sun,seen\nOslo,5,2026-05-01\nBergen,,2026-05-02\n")
    return "cities.csv"


def refused(files, path, **config):
    with pytest.raises(UsageError) as error:
        files.read(path, **config)
    return str(error.value)


def test_a_csv_is_a_data_frame_with_dates_and_numbers(files, cities):
    frame = files.read(cities)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.city) == ["Oslo", "Bergen"]
    assert frame.seen.dt.day.tolist() == [1, 2]


def test_it_becomes_what_is_asked_for(files, cities):
    assert isinstance(files.read(cities, **{"as": "polars"}), pl.DataFrame)
    assert isinstance(files.read(cities, as_="arrow"), pa.Table)
    assert files.read(cities, as_="rows")[1] == {
        "city": "Bergen",
        "sun": None,
        "seen": __import__("datetime").date(2026, 5, 2),
    }
    assert files.read(cities, as_="text").startswith("city,sun")
    assert files.read(cities, as_="bytes").endswith(b"02\n")


def test_settings_say_how_a_csv_is_written(files, folder):
    (folder / "a.csv").write_bytes(
        "# made by hand\nnavn;pris;nr\n'Bodø';1,5;007\n'x;y';NA;1\n".encode("cp1252")
    )
    rows = files.read(
        "a.csv", as_="rows", encoding="cp1252", delimiter=";", quote="'", decimal=",", skip=1,
        nulls=["NA"], dtypes={"nr": "string"}, columns=["nr", "navn", "pris"],
    )  # fmt: skip
    assert rows == [
        {"nr": "007", "navn": "Bodø", "pris": 1.5},
        {"nr": "1", "navn": "x;y", "pris": None},
    ]


def test_the_header_may_be_any_row_or_none(files, folder):
    (folder / "a.csv").write_text("made today\na,b\n1,2\n")
    assert files.read("a.csv", as_="rows", header=2) == [{"a": 1, "b": 2}]
    (folder / "b.csv").write_text("1,2\n3,4\n")
    assert files.read("b.csv", as_="rows", header=False)[0] == {"f0": 1, "f1": 2}
    assert files.read("b.csv", as_="rows", header=False, columns=["x", "y"])[1] == {
        "x": 3,
        "y": 4,
    }


def test_a_field_may_have_lines_of_its_own(files, folder):
    (folder / "a.csv").write_text('a,b\n"one\ntwo",2\n')
    assert files.read("a.csv", as_="rows") == [{"a": "one\ntwo", "b": 2}]


def test_a_tsv_has_tabs(files, folder):
    (folder / "a.tsv").write_text("a\tb\n1\tx,y\n")
    assert files.read("a.tsv", as_="rows") == [{"a": 1, "b": "x,y"}]


@pytest.mark.parametrize("suffix", ["gz", "zst", "bz2", "xz"])
def test_what_is_compressed_is_read_as_what_it_is(files, suffix):
    files.write(f"a.csv.{suffix}", [{"a": 1}])
    assert files.read(f"a.csv.{suffix}", as_="rows") == [{"a": 1}]
    assert b"1" not in files.read(f"a.csv.{suffix}", as_="bytes")[:4]


def test_rows_that_do_not_fit_are_named(files, folder):
    (folder / "a.csv").write_text("a,b\n1,2\n3,4,5\n6\n7,8\n")
    said = refused(files, "a.csv")
    assert "a.csv has rows that do not fit its 2 columns" in said
    assert "row 3 has 3 ('3,4,5'), row 4 has 1 ('6')" in said
    assert "bad_rows: skip" in said


def test_rows_that_do_not_fit_can_be_left_out_and_are_told(files, folder):
    (folder / "a.csv").write_text("a,b\n1,2\n3,4,5\n7,8\n")
    assert files.read("a.csv", as_="rows", bad_rows="skip") == [{"a": 1, "b": 2}, {"a": 7, "b": 8}]
    assert "1 rows left out" in files.context.logged[0]


def test_a_value_that_is_not_of_its_type_is_named(files, folder):
    (folder / "a.csv").write_text("name,age\nAnn,3\nBob,old\n")
    said = refused(files, "a.csv", dtypes={"age": "int"})
    assert "column 'age', row 3: 'old' is no int64" in said


def test_what_is_not_in_the_encoding_is_named_by_its_place(files, folder):
    (folder / "a.csv").write_bytes("city\nOslo\nTromsø\n".encode("latin-1"))
    assert "a.csv is not in utf-8 at byte 15, line 3: 0xf8" in refused(files, "a.csv")
    assert files.read("a.csv", encoding="latin-1").city[1] == "Tromsø"
    (folder / "a.txt").write_bytes(b"ab\xff")
    assert "at byte 2, line 1" in refused(files, "a.txt")
    assert "no encoding is called 'utf-7000'" in refused(files, "a.txt", encoding="utf-7000")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_mark_at_the_beginning_is_no_part_of_the_first_name(files, folder, encoding):
    (folder / "a.csv").write_text("ø,b\n1,æ\n", encoding=encoding)
    assert files.read("a.csv", as_="rows", encoding=encoding) == [{"ø": 1, "b": "æ"}]
    (folder / "a.csv").write_text("\ufeffø,b\n1,2,3\n")
    assert "row 2 has 3" in refused(files, "a.csv")


def test_bytes_that_are_asked_for_as_bytes_are_no_wrong_text(files, folder):
    (folder / "a.csv").write_bytes(b"a\n\xff\n")
    assert files.read("a.csv", as_="rows", dtypes={"a": "bytes"}) == [{"a": b"\xff"}]


def test_a_column_that_is_not_there_is_refused_with_the_nearest(files, cities):
    said = refused(files, cities, columns=["sity"])
    assert "has no column 'sity'" in said
    assert "did you mean 'city'" in said


def test_two_columns_of_one_name_are_refused(files, folder):
    (folder / "a.csv").write_text("a,a\n1,2\n")
    assert "two columns called 'a'" in refused(files, "a.csv")


@pytest.mark.parametrize("content", ["", "\n"])
def test_an_empty_csv_has_no_header(files, folder, content):
    (folder / "a.csv").write_text(content)
    assert "a.csv" in refused(files, "a.csv")


def test_a_missing_file_is_refused_with_what_is_near(files, cities):
    assert "did you mean 'cities.csv'" in refused(files, "citeis.csv")
    assert "its folder is not there" in refused(files, "data/cities.csv")


def test_a_folder_is_no_file(files, folder):
    (folder / "data").mkdir()
    assert "data is no file" in refused(files, "data", format="csv")


def test_a_pipe_is_no_file(files, folder):
    import os

    os.mkfifo(folder / "pipe.csv")
    assert "pipe.csv is no file" in refused(files, "pipe.csv")


def test_json_is_its_value_or_a_table(files, folder):
    (folder / "a.json").write_text('{"a": [1, 2]}')
    assert files.read("a.json") == {"a": [1, 2]}
    assert files.read("a.json", as_="pandas").a.tolist() == [1, 2]
    (folder / "b.json").write_text("3")
    assert "holds no table" in refused(files, "b.json", as_="pandas")


def test_json_that_is_none_is_told_where(files, folder):
    (folder / "a.json").write_text('{"a": 1,\n "b": }')
    assert "line 2, column 7" in refused(files, "a.json")
    (folder / "b.json").write_text('{"a": 1}\n{"a": 2}\n')
    assert "format: jsonl" in refused(files, "b.json")


def test_lines_of_json_are_a_table_and_bad_ones_are_named(files, folder):
    (folder / "a.jsonl").write_text('{"a": 1}\n\n{"a": NaN}\n{"b": "x"}\n')
    rows = files.read("a.jsonl", as_="rows")
    assert [row.get("b") for row in rows] == [None, None, "x"]
    (folder / "b.jsonl").write_text('{"a": 1}\n{"a": 2\nnope\n{"a": 3}\n')
    assert "line 2: '{\"a\": 2', line 3: 'nope'" in refused(files, "b.jsonl")
    assert len(files.read("b.jsonl", bad_rows="skip")) == 2


def test_a_column_of_two_types_is_told_by_its_row(files, folder):
    (folder / "a.json").write_text(json.dumps([{"a": 1}, {"a": None}, {"a": "x"}]))
    said = refused(files, "a.json", as_="arrow")
    assert "column 'a' holds int and, in row 3, str: 'x'" in said
    assert files.read("a.json", as_="rows")[2] == {"a": "x"}


def test_a_setting_the_format_has_no_use_for_is_refused(files, cities):
    assert "sheet means nothing to csv" in refused(files, cities, sheet="Totals")


def test_a_type_nobody_knows_is_refused(files, cities):
    assert "column 'sun' cannot be 'flaot'" in refused(files, cities, dtypes={"sun": "flaot"})


def test_a_sheet_is_found_by_name_and_number(files, folder):
    with pd.ExcelWriter(folder / "a.xlsx") as book:
        pd.DataFrame({"a": [1]}).to_excel(book, sheet_name="First", index=False)
        pd.DataFrame({"note": ["made"], "x": [None]}).to_excel(
            book, sheet_name="Totals", index=False
        )
    assert files.read("a.xlsx", as_="rows") == [{"a": 1}]
    assert files.read("a.xlsx", as_="rows", sheet="Totals")[0]["note"] == "made"
    assert files.read("a.xlsx", as_="rows", sheet=2)[0]["note"] == "made"
    assert "no sheet 'Total'" in refused(files, "a.xlsx", sheet="Total")
    assert "none is number 3" in refused(files, "a.xlsx", sheet=3)


def test_a_header_of_a_sheet_may_stand_lower(files, folder):
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["Report"], [], ["city", "sun"], ["Oslo", 5], [None, None]):
        book.active.append(row)
    book.save(folder / "a.xlsx")
    assert files.read("a.xlsx", as_="rows", header=3) == [{"city": "Oslo", "sun": 5}]


def test_what_is_no_workbook_is_told(files, folder):
    (folder / "a.xlsx").write_text("a,b\n")
    assert "a.xlsx is no Excel workbook" in refused(files, "a.xlsx")
    (folder / "a.parquet").write_text("a,b\n")
    assert "a.parquet cannot be read as parquet" in refused(files, "a.parquet")


def test_many_files_become_one_table_that_says_which(files, folder):
    (folder / "in").mkdir()
    for name, line in (("a", "1,x"), ("b", "2.5,y")):
        (folder / "in" / f"{name}.csv").write_text(f"n,t\n{line}\n")
    (folder / "in" / ".hidden.csv").write_text("n,t\n9,z\n")
    rows = files.read("in/*.csv", as_="rows")
    assert rows == [
        {"n": 1.0, "t": "x", "source": "in/a.csv"},
        {"n": 2.5, "t": "y", "source": "in/b.csv"},
    ]
    listed = files.read(files.list("in/*.csv"), as_="rows", source="")
    assert [row["t"] for row in listed] == ["x", "y"]


def test_many_texts_are_a_list_that_says_which(files, folder):
    (folder / "a.txt").write_text("one")
    (folder / "b.txt").write_text("two")
    assert files.read("?.txt") == [
        {"source": "a.txt", "content": "one"},
        {"source": "b.txt", "content": "two"},
    ]


def test_files_that_do_not_go_together_are_refused(files, folder):
    (folder / "a.csv").write_text("n\n1\n")
    (folder / "b.csv").write_text("n\nx\n")
    assert "do not go together" in refused(files, "*.csv")
    (folder / "c.csv").write_text("source\nx\n")
    assert "a column 'source' of its own" in refused(files, "c*.csv")


def test_a_pattern_that_matches_nothing_is_refused(files):
    assert "no file matches *.csv" in refused(files, "*.csv")


def test_only_the_columns_that_are_asked_for_are_read_of_parquet(files):
    files.write("a.parquet", [{"a": 1, "b": 2}])
    assert files.read("a.parquet", as_="rows", columns="a") == [{"a": 1}]
    assert "no column 'c'" in refused(files, "a.parquet", columns=["c"])


def test_files_are_listed_with_size_and_time(files, folder):
    (folder / "a").mkdir()
    (folder / "a" / "x.txt").write_text("four")
    (found,) = files.list("**/*.txt")
    assert (found["path"], found["name"], found["size"]) == ("a/x.txt", "x.txt", 4)
    assert found["modified"].tzinfo is not None
    assert files.list("*.csv") == []


def test_a_character_is_one(files):
    with pytest.raises(TraitError, match="delimiter is one character"):
        files.read("a.csv", delimiter=";;")


def test_urls_are_opened_with_fsspec(files):
    told = files.write("memory://bucket/a.csv.gz", [{"a": 1}])
    assert told["rows"] == 1
    assert files.read("memory://bucket/a.csv.gz", as_="rows") == [{"a": 1}]
    assert files.read("memory://bucket/*.gz", as_="rows")[0]["source"] == "memory://bucket/a.csv.gz"
    assert files.list("memory://bucket/*")[0]["size"] == told["size"]
    assert "there is no memory://bucket/b.csv" in refused(files, "memory://bucket/b.csv")


def test_a_url_of_this_machine_is_a_path(files, cities, folder):
    assert len(files.read(f"file://{folder}/cities.csv")) == 2


def test_a_driver_that_is_not_here_is_named(files):
    files.context.services.file = lambda path, writing=False: path
    assert "pip install s3fs" in refused(files, "s3://key:word@bucket/a.csv")
    assert "key" not in refused(files, "s3://key:word@bucket/a.csv").partition("needs")[0]
    assert "needs a driver for nope://" in refused(files, "nope://bucket/a.csv")


def test_without_pyarrow_rows_are_read_all_the_same(files, folder, monkeypatch):
    import importlib.util

    known = importlib.util.find_spec
    for module in ("pyarrow", "pandas", "polars"):
        monkeypatch.setitem(sys.modules, module, None)

    def hidden(name):
        return None if name in ("pyarrow", "pandas", "polars") else known(name)

    monkeypatch.setattr("flowbook.nodes.files.families.find_spec", hidden)
    (folder / "a.csv").write_text('city,sun,wet\nOslo,5,true\n"a,b",,x\n')
    rows = [{"city": "Oslo", "sun": 5, "wet": True}, {"city": "a,b", "sun": None, "wet": "x"}]
    assert files.read("a.csv") == rows
    files.write("b.csv.gz", rows)
    assert files.read("b.csv.gz") == rows
    assert gzip.decompress((folder / "b.csv.gz").read_bytes()).startswith(b"city,sun,wet\n")
    (folder / "c.csv").write_text("a,b\n1\n")
    assert "row 2 has 1 fields, not 2" in refused(files, "c.csv")
    assert "parquet needs pyarrow" in refused(files, "a.csv", format="parquet")
