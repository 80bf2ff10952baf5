"""Queries say which tables and parameters they read, without a database and in any grammar."""

from __future__ import annotations

import pytest

from flowbook.cells.query import read_sql

READ = {
    "EXPLAIN ANALYZE SELECT * FROM clean JOIN b USING (k)": "clean b",
    "explain\nFROM clean; SELECT 1": "clean",
    "WITH RECURSIVE t USING KEY (a) AS (FROM s UNION FROM t) FROM t": "s",
    "WITH a AS MATERIALIZED (FROM raw), b(x) AS (FROM a) FROM b": "raw",
    "SELECT * FROM (WITH x AS (FROM y) FROM x) JOIN x USING (k)": "y x",
    "SELECT (SELECT max(t) FROM b WHERE b.k = a.k), a.t FROM a": "a b",
    "SELECT * FROM a WHERE EXISTS (FROM b) AND k NOT IN (SELECT k FROM c)": "a b c",
    "SELECT * FROM clean.df c JOIN clean.bad b USING (k)": "clean.df clean.bad",
    "SELECT * FROM unknown JOIN other USING (k, l)": "unknown other",
    "SELECT c.a FROM clean AS c, unnest(c.l) AS u(x)": "clean",
    "FROM (PIVOT monthly ON year USING sum(rain)) JOIN names USING (id)": "monthly names",
    "UNPIVOT wide ON COLUMNS(* EXCLUDE id) INTO NAME month VALUE n": "wide",
    "FROM clean SELECT * QUALIFY row_number() OVER (PARTITION BY a ORDER BY b) = 1": "clean",
    "FROM clean SELECT a, b": "clean",
    "FROM clean": "clean",
    "TABLE clean": "clean",
    "SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.x = a.x)": "a b",
    "SELECT * FROM a POSITIONAL JOIN b": "a b",
    "SELECT * FROM a ASOF JOIN b ON a.t >= b.t": "a b",
    "DESCRIBE clean": "clean",
    "DESCRIBE SELECT * FROM clean": "clean",
    "SUMMARIZE clean": "clean",
    "CREATE TABLE t (a INT); INSERT INTO t SELECT * FROM clean; FROM t": "clean",
    "COPY (SELECT * FROM clean) TO 'x.parquet'": "clean",
    "COPY clean TO 'x.csv'": "clean",
    "SELECT * FROM read_csv('rows.csv') JOIN range(3) r ON true": "",
    "SELECT * FROM 'rows.csv' JOIN \"other.parquet\" USING (k)": "",
    'SELECT * FROM "Clean" WHERE "from" = 1': "Clean",
    "SELECT 'FROM nowhere' AS t -- FROM comment\n/* JOIN block */ FROM clean": "clean",
    "SELECT extract(year FROM d), trim(both ' ' FROM s), a IS DISTINCT FROM b FROM clean": "clean",
    "CREATE MACRO twice(x) AS x * 2; SELECT twice(n) FROM clean": "clean",
    "CREATE MACRO top(n) AS TABLE FROM clean LIMIT n; FROM top(3)": "clean",
    "CREATE TEMP VIEW v AS FROM a; CREATE TABLE t AS FROM v; FROM t JOIN v USING (k)": "a",
    "ATTACH 'shop.duckdb' AS shop; FROM shop.sales JOIN clean USING (k)": "clean",
    "SET threads = 1; FROM clean": "clean",
    "MERGE INTO t USING clean ON t.id = clean.id WHEN MATCHED THEN UPDATE SET x = 1": "t clean",
    "SELECT list_transform(l, lambda x: x + $by) FROM clean WHERE a = $least": "clean by least",
    "SELECT $$ FROM quoted $$ FROM clean": "clean",
    "FROM clean |> WHERE a > 1 |> SELECT a": "clean",
}
NEWER = {
    "CALL checkpoint(); FROM clean": "clean",
    "FROM clean !!newer!! SELECT a WHERE b = $top": "clean top",
    "FROM a, b AS c, d.df FROBNICATE BY (k)": "a b d.df",
    "WITH x AS (FROM y) FROM x FROBNICATE WITH ??": "y",
    "FROM clean FROBNICATE ?? (extract(year FROM d), 'FROM no', a IS DISTINCT FROM z)": "clean",
    "FROM read_csv('x') FROBNICATE ?? JOIN main.t USING (k)": "",
    "CREATE MACRO m(x) AS TABLE FROM clean FROBNICATE ??; FROM m(1)": "clean",
}


def said(reads):
    return {".".join(one.path) for one in reads}


@pytest.mark.parametrize("query", READ)
def test_tables_and_parameters_are_found(query):
    reads, faults = read_sql(query)
    assert faults == ()
    assert said(reads) == set(READ[query].split())
    assert not any(one.soft for one in reads)


@pytest.mark.parametrize("query", NEWER)
def test_grammar_nobody_knows_is_no_fault_and_its_names_are_taken_softly(query):
    reads, faults = read_sql(query)
    assert faults == ()
    assert said(reads) == set(NEWER[query].split())
    assert all(one.soft for one in reads)


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ("SELECT 'open\nFROM clean", 1),
        ("SELECT (1\nFROM clean ??", 2),
        ("SELECT 1)\nFROM clean ??", 1),
        ("SELECT a\nFROM WHERE b", 2),
        ("SELECT a\nFROM", 2),
        ("selec * fro fine wher", 1),
    ],
)
def test_what_can_be_no_query_in_any_grammar_is_a_fault(query, line):
    reads, (fault,) = read_sql(query)
    assert reads == ()
    assert fault.message.startswith("this is no SQL: ")
    assert fault.line <= line


def test_a_query_is_read_without_a_word_on_stderr(capfd):
    read_sql("CALL silent(1)")
    assert capfd.readouterr() == ("", "")


def test_names_of_tables_are_meant_in_any_case(reading, edges):
    parsed = reading(
        "%%flow clean\nclean = 1", "%%flow b\ndf = n = 1", "%%flow sql c\nFROM Clean, B.DF"
    )
    assert parsed.problems == ()
    assert edges(parsed.spec) == {"clean.clean > c.clean", "b.df > c.b.df"}


def test_newer_grammar_wires_what_is_made_and_complains_of_nothing(reading, edges):
    parsed = reading("%%flow sql c\nFROM clean, nowhere FROBNICATE ??", "%%flow clean\nclean = 1")
    assert parsed.problems == ()
    assert edges(parsed.spec) == {"clean.clean > c.clean"}
    assert [one.line for one in parsed.spec.node("c").inputs] == [2]
