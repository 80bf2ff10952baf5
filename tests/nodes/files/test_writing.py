"""What is written stands there whole or not at all, and what is told of it is so."""

from __future__ import annotations

import decimal
import hashlib
import json
import os
import subprocess
import sys
import threading

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flowbook.errors import NotGranted, UsageError

ROWS = [{"city": "Oslo", "sun": 5}, {"city": "Bergen", "sun": 1}]


def refused(files, path, value, **config):
    with pytest.raises(UsageError) as error:
        files.write(path, value, **config)
    return str(error.value)


def left(folder):
    return sorted(one.name for one in folder.iterdir())


def test_what_is_told_is_so(files, folder):
    told = files.write("a.csv", ROWS)
    content = (folder / "a.csv").read_bytes()
    assert content == b"city,sun\nOslo,5\nBergen,1\n"
    assert told == {
        "path": "a.csv",
        "size": len(content),
        "rows": 2,
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    assert left(folder) == ["a.csv"]


@pytest.mark.parametrize("name", ["a.csv", "a.json", "a.jsonl", "a.parquet", "a.xlsx"])
@pytest.mark.parametrize(
    "make",
    [
        list,
        pd.DataFrame,
        pl.DataFrame,
        pa.Table.from_pylist,
        lambda rows: {"city": [row["city"] for row in rows], "sun": [row["sun"] for row in rows]},
        lambda rows: duckdb.from_arrow(pa.Table.from_pylist(rows)),
    ],
    ids=["rows", "pandas", "polars", "arrow", "columns", "duckdb"],
)
def test_a_table_of_any_family_is_written_in_any_format(files, name, make):
    assert files.write(name, make(ROWS))["rows"] in (2, None)  # lists by column are JSON as well
    assert files.read(name, as_="rows") == ROWS


def test_a_named_index_becomes_columns(files):
    frame = pd.DataFrame(ROWS).groupby("city").sum()
    files.write("a.csv", frame)
    assert files.read("a.csv", as_="rows")[0] == {"city": "Bergen", "sun": 1}
    files.write("b.csv", pd.DataFrame(ROWS)[1:])
    assert list(files.read("b.csv").columns) == ["city", "sun"]


def test_texts_are_quoted_where_they_have_to_be(files, folder):
    files.write("a.csv", [{"a": 'say "x", y', "b": 1}, {"a": None, "b": 2}, {"a": "", "b": 3}])
    assert (folder / "a.csv").read_text() == 'a,b\n"say ""x"", y",1\n,2\n"",3\n'
    assert [row["a"] for row in files.read("a.csv", as_="rows")] == ['say "x", y', None, ""]


def test_what_a_field_cannot_hold_is_json_in_it(files):
    files.write("a.csv", [{"a": [1, 2], "b": {"c": 3}}])
    assert files.read("a.csv", as_="rows") == [{"a": "[1,2]", "b": '{"c":3}'}]


def test_another_encoding_and_delimiter(files, folder):
    files.write("a.csv", [{"a": "ø", "b": 1}], encoding="latin-1", delimiter=";")
    assert (folder / "a.csv").read_bytes() == b"a;b\n\xf8;1\n"
    assert "cannot be written in latin-1" in refused(
        files, "a.csv", [{"a": "€", "b": 1}], encoding="latin-1"
    )
    assert (folder / "a.csv").read_bytes() == b"a;b\n\xf8;1\n"
    files.write("a.jsonl", [{"a": "ø"}, {"a": "€"}], encoding="utf-16")
    assert files.read("a.jsonl", as_="rows", encoding="utf-16") == [{"a": "ø"}, {"a": "€"}]


def test_values_texts_and_bytes_are_written_as_they_are(files, folder):
    files.write("a.json", {"a": [1, None]}, indent=0)
    assert (folder / "a.json").read_bytes() == b'{"a":[1,null]}'
    files.write("a.json", {"when": pd.Timestamp("2026-05-01"), "n": pd.Series([1]).sum()})
    assert json.loads((folder / "a.json").read_text()) == {"when": "2026-05-01T00:00:00", "n": 1}
    files.write("page", "x\r\ny")
    assert (folder / "page").read_bytes() == b"x\r\ny"
    files.write("blob", b"\x00\x01")
    assert (folder / "blob").read_bytes() == b"\x00\x01"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("a.csv", 3, "a int is no table"),
        ("a.txt", 3, "a int is no text"),
        ("a", {"b": 1}, "does not say how a dict is written"),
        ("a.json", {"b": object()}, "cannot be written as JSON"),
        ("a.csv", [{"a": 1}, {"a": "x"}], "column 'a' holds int and, in row 2, str: 'x'"),
        ("a.jsonl", [{"a": 1}, {"a": object()}], "row 2 cannot be written as JSON"),
        ("a.xlsx", [{"a": "x" * 40_000}], "row 1, column 'a': 40000 characters"),
        ("a.xlsx", [{"a": "\x00"}], "row 1, column 'a'"),
        ("a.parquet.gz", [{"a": 1}], "compressed as it is"),
        ("a.jsonl", 3, "a int has no lines"),
        ("no/where.csv", [{"a": 1}], "make_folders: true"),
    ],
)
def test_what_cannot_be_written_is_refused_and_leaves_nothing(files, folder, name, value, said):
    assert said in refused(files, name, value)
    assert left(folder) == []


def test_a_write_that_fails_leaves_what_was_there(files, folder):
    files.write("a.jsonl", ROWS)
    before = (folder / "a.jsonl").read_bytes()
    refused(files, "a.jsonl", [{"a": 1}, {"a": object()}])
    refused(files, "a.jsonl", [{"a": 1}, {"a": object()}], mode="append")
    assert (folder / "a.jsonl").read_bytes() == before
    assert left(folder) == ["a.jsonl"]


def test_a_text_is_never_a_formula(files, folder):
    import openpyxl

    files.write("a.xlsx", [{"a": "=1+1", "b": "#N/A"}])
    cells = openpyxl.load_workbook(folder / "a.xlsx").active
    assert (cells["A2"].value, cells["A2"].data_type) == ("=1+1", "s")
    assert files.read("a.xlsx", as_="rows") == [{"a": "=1+1", "b": "#N/A"}]


def test_a_file_that_is_there_may_be_kept(files, folder):
    files.write("a.txt", "one", mode="fail")
    assert "a.txt is there already" in refused(files, "a.txt", "two", mode="fail")
    assert (folder / "a.txt").read_text() == "one"


def test_a_unique_name_is_told(files, folder):
    (folder / "out").mkdir()
    paths = [files.write("out/a.csv.gz", ROWS, mode="unique")["path"] for _ in range(3)]
    assert paths == ["out/a.csv.gz", "out/a-1.csv.gz", "out/a-2.csv.gz"]
    assert left(folder / "out") == sorted(os.path.basename(one) for one in paths)


def test_a_replaced_file_keeps_its_mode(files, folder):
    files.write("a.txt", "one")
    (folder / "a.txt").chmod(0o640)
    files.write("a.txt", "two")
    assert (folder / "a.txt").stat().st_mode & 0o777 == 0o640


def test_folders_are_made_where_that_is_asked_for(files, folder):
    files.write("out/2026/a.txt", "x", make_folders=True)
    assert (folder / "out" / "2026" / "a.txt").read_text() == "x"


def test_rows_stand_below_each_other_under_one_header(files, folder):
    files.write("a.csv", ROWS, mode="append")
    files.write("a.csv", [{"sun": 9, "city": "Bodø"}], mode="append")
    assert files.read("a.csv", as_="rows") == [*ROWS, {"city": "Bodø", "sun": 9}]
    said = refused(files, "a.csv", [{"town": "x"}], mode="append")
    assert "has the columns city, sun, and the table town" in said


def test_a_line_that_was_cut_short_does_not_spoil_the_next(files, folder):
    (folder / "a.csv").write_text("city,sun\nOslo,5")
    files.write("a.csv", [{"city": "Bodø", "sun": 9}], mode="append")
    assert len(files.read("a.csv")) == 2


@pytest.mark.parametrize("suffix", ["gz", "zst", "bz2", "xz"])
def test_what_is_compressed_can_be_appended_to(files, suffix):
    for _ in range(3):
        files.write(f"a.csv.{suffix}", ROWS, mode="append")
    assert files.read(f"a.csv.{suffix}", as_="rows") == ROWS * 3


def test_types_of_pandas_that_a_field_has_no_way_with_are_texts(files):
    frame = pd.DataFrame(
        {
            "kind": pd.Categorical(["a", "b"]),
            "when": pd.to_datetime(["2026-05-01T10:00:00Z"] * 2),
            "took": pd.to_timedelta([1, 2], unit="s"),
            "price": [decimal.Decimal("1.50"), None],
            "blob": [b"\x00", None],
        }
    )
    files.write("a.csv", frame)
    row = files.read("a.csv", as_="rows")[0]
    assert (row["kind"], row["price"], row["blob"]) == ("a", 1.5, "AA==")
    assert row["when"].isoformat() == "2026-05-01T10:00:00+00:00"
    assert files.write("a.xlsx", frame)["rows"] == 2
    assert files.write("a.jsonl", frame)["rows"] == 2
    assert files.write("a.parquet", frame)["rows"] == 2


def test_what_has_an_end_is_not_appended_to(files):
    for name in ("a.json", "a.parquet", "a.xlsx"):
        assert "cannot be appended to" in refused(files, name, ROWS, mode="append")


def test_many_append_at_once_and_no_row_is_lost(files):
    def add(number):
        for at in range(20):
            files.write("log.csv", [{"who": number, "at": at}], mode="append")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    rows = files.read("log.csv", as_="rows")
    assert len(rows) == 80
    assert {(row["who"], row["at"]) for row in rows} == {
        (a, b) for a in range(4) for b in range(20)
    }


def test_parquet_in_folders_is_one_table_again(files, folder):
    told = files.write("sales.parquet", ROWS, partition_by="city")
    assert (told["rows"], told["sha256"]) == (2, None)
    assert left(folder / "sales.parquet") == ["city=Bergen", "city=Oslo"]
    rows = files.read("sales.parquet", as_="rows")
    assert sorted(row["sun"] for row in rows) == [1, 5]
    files.write("sales.parquet", ROWS[:1], partition_by="city")
    assert left(folder / "sales.parquet") == ["city=Oslo"]
    assert left(folder) == ["sales.parquet"]
    assert "no column 'town'" in refused(files, "s.parquet", ROWS, partition_by="town")


def test_a_test_run_writes_nothing(files, folder):
    files.context.services.effects = False
    with pytest.raises(NotGranted, match="changes nothing in a test run"):
        files.write("a.csv", ROWS)
    assert left(folder) == []


def test_a_file_is_copied_byte_by_byte(files, folder):
    content = os.urandom(3_000_000)
    (folder / "big.bin").write_bytes(content)
    told = files.write("copy.bin", None, copy="big.bin")
    assert (told["size"], told["rows"]) == (len(content), None)
    assert (folder / "copy.bin").read_bytes() == content
    files.write("memory://bucket/copy.bin", None, copy="big.bin")
    assert files.read("memory://bucket/copy.bin") == content


COPY = """
import resource, sys
from pathlib import Path
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.writing import WriteFileNode
from tests.nodes.jail import JailedServices

class Context:
    services = JailedServices(Path(sys.argv[1]))
    def progress(self, *_): pass

with open(Path(sys.argv[1]) / "big.bin", "wb") as file:
    for _ in range(300):
        file.write(bytes(1 << 20))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
WriteFileNode(NodeSpec("w", kind="write_file"), path="copy.bin", copy="big.bin").run(Context(), {})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_large_file_is_copied_in_little_memory(folder):
    done = subprocess.run(
        [sys.executable, "-c", COPY, str(folder)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 30_000  # kilobytes, of 300 MB
    assert (folder / "copy.bin").stat().st_size == 300 << 20


KILLED = """
import sys
from pathlib import Path
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.writing import WriteFileNode
from tests.nodes.jail import JailedServices

class Context:
    services = JailedServices(Path(sys.argv[1]))

rows = [{"n": n, "text": "x" * 50} for n in range(200_000)]
node = WriteFileNode(NodeSpec("w", kind="write_file"), path="a.jsonl")
print("ready", flush=True)
while True:
    node.run(Context(), {"rows": rows})
    print("done", flush=True)
"""


@pytest.mark.kill
def test_a_process_that_is_killed_leaves_a_whole_file(folder):
    import random

    chance = random.Random(7)
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "ready\n"
            assert process.stdout.readline() == "done\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(chance.random() * 0.5)
            process.kill()
        lines = (folder / "a.jsonl").read_bytes()
        assert lines.count(b"\n") == 200_000
        assert lines.endswith(b"}\n")


def test_nothing_to_write_is_refused(files, made):
    from flowbook.nodes.writing import WriteFileNode

    with pytest.raises(UsageError, match="has nothing to write"):
        made.node(WriteFileNode, "saved", path="a.csv").run(files.context, {})
