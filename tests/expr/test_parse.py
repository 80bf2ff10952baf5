import pytest

from flowbook.errors import ExpressionError
from flowbook.expr.parse import parse


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("city", {("city",)}),
        ("server.url", {("server", "url")}),
        ("fetch['status'].code", {("fetch", "status", "code")}),
        ("rows[0].name", {("rows",)}),
        ("rows[i].name", {("rows",), ("i",)}),
        ("name.lower()", {("name",)}),
        ("fetch.name.lower().split(sep)", {("fetch", "name"), ("sep",)}),
        ("len(rows) > limit", {("rows",), ("limit",)}),
        ("max", {("max",)}),
        ("[r.name for r in rows if r.n > least]", {("rows",), ("least",)}),
        ("[r for r in r.rows]", {("r", "rows")}),
        ("[x for y in ys for x in y.xs]", {("ys",)}),
        ("{k: v for k, v in d.items()}", {("d",)}),
        ("f'{city}: {t:.1f}'", {("city",), ("t",)}),
        ("sum(xs, start=base)", {("xs",), ("base",)}),
        ("1 + 2", set()),
        ("$env.HOME", {("$env", "HOME")}),
        ("$secret['api key'] + x", {("$secret", "api key"), ("x",)}),
        ("$vars.global.total.sum", {("$vars", "global", "total", "sum")}),
        ("vars.flow.x > vars.y", {("$vars", "flow", "x"), ("vars", "y")}),
        ("[vars.flow.x for vars in rows]", {("rows",)}),
        ("$run.id == '$env.HOME'", {("$run", "id")}),
        ("mail.from if fetch.class else x.in", {("mail", "from"), ("fetch", "class"), ("x", "in")}),
        ("a.in in b.is", {("a", "in"), ("b", "is")}),
        ("a # $env.HOME\n + b", {("a",), ("b",)}),
    ],
)
def test_reads_are_the_paths_from_free_names(source: str, reads: set):
    assert parse(source).reads == reads


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (" clean.df ", ("clean", "df")),
        ("city", ("city",)),
        ("fetch['a']", None),
        ("rows[0]", None),
        ("(city)", ("city",)),
        ("None", None),
        ("'a'.b", None),
        ("$vars.run.x", ("$vars", "run", "x")),
        ("vars.run.x", ("$vars", "run", "x")),
        ("fetch.class", ("fetch", "class")),
    ],
)
def test_a_bare_path_is_recognised(source: str, path: tuple[str, ...] | None):
    assert parse(source).path == path


def test_the_same_text_is_parsed_once():
    assert parse("a + b * c") is parse("a + b * c")


def test_inputs_are_what_is_read_of_the_flow():
    read = parse("$env.HOME + city + $vars.flow.x")
    assert read.inputs == {("city",)}
    assert len(read.reads) == 3


@pytest.mark.parametrize(
    ("source", "code", "column"),
    [
        ("1 + $env[name]", "forbidden", 5),
        ("$secret[f'a{b}']", "forbidden", 1),
        ("$env", "forbidden", 1),
        ("len($env)", "forbidden", 5),
        ("[x for x in $secret]", "forbidden", 13),
        ("$vars.flow", "forbidden", 1),
        ("$vars.flow[name]", "forbidden", 1),
        ("$vars.nope.x", "no_field", 1),
        ("$run.idd", "no_field", 1),
        ("a + $home.x", "unknown_name", 5),
        ("$", "unknown_name", 1),
        ("$env._HOME", "forbidden", 1),
        ("_env.HOME", "forbidden", 1),
        ("x._lobal", "forbidden", 1),
    ],
)
def test_what_the_project_provides_is_named_in_full(source: str, code: str, column: int):
    with pytest.raises(ExpressionError) as refused:
        parse(source)
    assert (refused.value.code, refused.value.column) == (code, column)


@pytest.mark.parametrize(
    ("source", "column"),
    [
        ("'\u00e4' + _x", 7),
        ("a +\n  _x", 7),
        ("# a\n_x", 5),
        ("# a\n b b", 8),
        ("$env.A + mail.from + _x", 22),
        ("'abc", 1),
        ("a +\n  b b", 9),
    ],
)
def test_a_column_counts_the_characters_that_were_written(source: str, column: int):
    with pytest.raises(ExpressionError) as refused:
        parse(source)
    assert refused.value.column == column
