"""SQL is cut into statements where the database would, and nowhere else."""

from __future__ import annotations

import pytest

from flowbook.nodes.database.connecting import read_address
from flowbook.nodes.database.statements import split


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("sqlite", "select 1; select 2;", ["select 1", "select 2"]),
        ("sqlite", " ;; -- nothing\n; /* no */ ;", []),
        ("sqlite", "select ';' ; select \";\"", ["select ';'", 'select ";"']),
        ("sqlite", "select 'it''s;'; select [a;b]", ["select 'it''s;'", "select [a;b]"]),
        ("sqlite", "select 'a\\'; select 2", ["select 'a\\'", "select 2"]),
        ("postgresql", "select 'a\\'; select 2", ["select 'a\\'", "select 2"]),
        ("postgresql", "select E'a\\';'; select 2", ["select E'a\\';'", "select 2"]),
        (
            "postgresql",
            "select $$a;b$$; select $x$;$$;$x$",
            ["select $$a;b$$", "select $x$;$$;$x$"],
        ),
        ("mysql", "select 'a\\';'; select 2", ["select 'a\\';'", "select 2"]),
        ("mysql", "select 1 # one; two\n; select `;`", ["select 1 # one; two", "select `;`"]),
    ],
)
def test_statements_are_cut(dialect, sql, expected):
    assert [one.sql for one in split(sql, dialect)] == expected


def test_parameters_are_found_outside_of_strings_alone():
    (one,) = split(
        "select :a::int, ':b', \":c\", a[1:2] -- :d\n from t where x in :e", "postgresql"
    )
    assert (one.names, one.lists) == ({"a", "e"}, {"e"})
    assert "':b'" not in one.text
    assert "'\\:b'" in one.text


def test_a_statement_knows_its_line():
    assert [one.line for one in split("select 1;\n\n  select 2;select 3", "sqlite")] == [0, 2, 2]


@pytest.mark.parametrize(
    ("sql", "first"),
    [
        ("-- a\n/* b */ SELECT 1", "select"),
        ("(select 1) union (select 2)", "select"),
        ("With x as (select 1) select * from x", "with"),
        ("/*! delete */ select 1", ""),
    ],
)
def test_the_first_word_says_what_a_statement_is(sql, first):
    found = split(sql, "mysql")
    assert (found[0].first if found else "") == first


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("postgresql://ada:pw@db:5433/shop?sslmode=require", "postgresql://ada@db:5433/shop"),
        ("mysql://ada:p%40w@db/shop", "mysql://ada@db/shop"),
        ("sqlite:///data/till.sqlite", "sqlite:data/till.sqlite"),
        ("sqlite:////abs/till.sqlite", "sqlite:/abs/till.sqlite"),
    ],
)
def test_an_address_is_shown_without_its_password(url, public):
    address = read_address(url, {})
    assert address.public == public
    assert "pw" not in repr(address)


def test_parts_go_before_the_address():
    address = read_address("postgresql://a@h/d", {"host": "other", "user": "", "port": 9})
    assert (address.host, address.user, address.port) == ("other", "a", 9)
