"""SQL and configuration bodies say which paths they read, without being executed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.cells.foreign import (
    changed_yaml,
    read_expressions,
    read_templates,
    read_yaml,
    write_yaml,
)
from flowbook.cells.query import read_sql


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        ("SELECT * FROM clean", "clean"),
        ("FROM clean", "clean"),
        ("SELECT * FROM clean.df WHERE t > $top", "clean.df top"),
        ("WITH x AS (SELECT * FROM raw) SELECT * FROM x JOIN y USING (k)", "raw y"),
        ("WITH clean AS (SELECT * FROM clean) SELECT * FROM clean", "clean"),
        ("WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT * FROM t) SELECT * FROM t", ""),
        ("WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a, b", "b"),
        ("SELECT * FROM x WHERE y IN (WITH z AS (SELECT 1) SELECT * FROM z, w)", "x w"),
        ("PIVOT monthly ON year USING sum(rain)", "monthly"),
        ("SELECT * FROM 'rows.csv'", ""),
        ("SELECT * FROM read_csv('rows.csv'), range(10)", ""),
        ("SELECT * FROM information_schema.tables", ""),
        ("SUMMARIZE clean", "clean"),
        ("CREATE TABLE x AS FROM y; SELECT * FROM x WHERE t > $top", "y top"),
        ("SELECT * FROM x; CREATE VIEW x AS FROM y", "x y"),
        ("CREATE TABLE x AS FROM y; SELECT * FROM x.df", "y x.df"),
        ("--| attach: {shop: a.duckdb}\nSELECT * FROM shop.sales, clean.df", "clean.df"),
        ("--| attach: {shop: a.duckdb}\nSELECT * FROM shop.main.sales, Shop.old", ""),
        ("SELECT 1\n--| attach: {shop: a.duckdb}\nFROM shop.sales", "shop.sales"),
    ],
)
def test_sql_reads_tables_and_parameters(query, reads):
    found, faults = read_sql(query)
    assert faults == ()
    assert {".".join(one.path) for one in found} == set(reads.split())


def test_sql_names_are_found_on_their_line():
    found, _ = read_sql("SELECT *\nFROM clean\nWHERE t >\n  $top")
    assert [(one.path, one.line) for one in found] == [(("clean",), 2), (("top",), 4)]


@pytest.mark.parametrize(
    ("query", "line", "message"),
    [
        ("SELECT a\nFROM WHERE x", 2, "this is no SQL: Expected table name but got 'WHERE'"),
        ("", 1, "this cell holds no query"),
    ],
)
def test_sql_that_is_none_says_where(query, line, message):
    _, (fault,) = read_sql(query)
    assert (fault.line, fault.message) == (line, message)


def test_settings_are_plain_json():
    settings, faults = read_yaml("at: 2020-01-01\n200: ok\nall: [1, {a: null}]\non: yes")
    assert faults == ()
    assert settings == {"at": "2020-01-01", "200": "ok", "all": [1, {"a": None}], "on": "yes"}


@pytest.mark.parametrize(
    ("body", "line", "hint"),
    [
        ("a: 1\nurl: {{ server.url }}", 2, 'put quotes around it: name: "{{ … }}"'),
        ("a: 1\na: 2", 2, "look at: a: 2"),
        ("a:\n  - b\n c", 3, "look at: c"),
        ("- one", 1, "write settings as name: value, one a line"),
        ("a: .nan", 1, None),
        ("a: &a [*a]", 1, None),
    ],
)
def test_settings_that_are_none_say_where_and_what_to_do(body, line, hint):
    settings, (fault,) = read_yaml(body)
    assert settings is None
    assert (fault.line, fault.hint) == (line, hint)


def test_templates_read_dotted_paths_but_not_where_the_node_evaluates_itself():
    body = 'url: "{{ server.url }}/x"\nparams:\n  city: "{{ city }}"\nif: "{{ value }}"'
    settings, _ = read_yaml(body)
    found = read_templates(settings, body, ("if",))
    assert [(one.path, one.line) for one in found] == [(("server", "url"), 1), (("city",), 3)]


@pytest.mark.parametrize(
    ("body", "path", "line"),
    [
        ("text: |\n  one\n  {{ a }}\n  {{ b.c }}", "b.c", 4),
        ("text: >\n  {{ a\n     + b }}\nother: b", "b", 3),
        ('b: x\nall:\n  - "{{ a }}"\n  - "{{ b }}"', "b", 4),
        ('one: &x "{{ a }}"\ntwo: *x\nthree: "{{ b }}"', "b", 3),
        ('one: &x "{{ a }}"\ntwo: *x', "a", 1),
        ('# {{ b }} is told\nurl: b\nq: "{{ a }}-{{ b }}"', "b", 1),
        ('ab: "{{ ab }}"\nx: "{{ b }}"', "b", 2),
        ('x: "{{ a.b }}"\ny: "{{ b }}"', "b", 2),
        ("x: {k: ['{{ a }}',\n  '{{ b | upper }}']}", "b", 2),
    ],
)
def test_what_a_template_reads_has_its_own_line(body, path, line):
    settings, _ = read_yaml(body)
    lines = {".".join(one.path): one.line for one in read_templates(settings, body)}
    assert lines[path] == line


def test_what_an_expression_reads_is_told_below_its_setting():
    body = "# last\nroute: last\nif:\n  - id: a\n    expression: x > last"
    settings, _ = read_yaml(body)
    found = read_expressions(settings, body, ["if"])
    assert [(one.root, one.line) for one in found] == [("x", 5), ("last", 5)]


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
settings = st.dictionaries(
    st.from_regex(r"[a-z]{1,6}", fullmatch=True),
    st.recursive(
        st.none() | st.booleans() | st.integers(-99, 99) | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=4,
)


@given(settings)
def test_written_settings_read_back(given_settings):
    assert read_yaml(write_yaml(given_settings)) == (given_settings, ())


@given(settings, settings)
def test_changed_settings_read_back(was, now):
    assert read_yaml(changed_yaml(write_yaml(was), was, now)) == (now, ())


def test_a_changed_setting_leaves_comments_and_other_lines_alone():
    body = '# where\nurl: "{{ server.url }}"  # why\nmode: a\n# end'
    was, _ = read_yaml(body)
    changed = changed_yaml(body, was, {**was, "mode": "b"})
    assert changed == body.replace("mode: a", "mode: b")
