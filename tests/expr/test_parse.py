import pytest

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
    ],
)
def test_a_bare_path_is_recognised(source: str, path: tuple[str, ...] | None):
    assert parse(source).path == path


def test_the_same_text_is_parsed_once():
    assert parse("a + b * c") is parse("a + b * c")
