"""Pages become one list or one table, however a server leads from one to the next."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import polars as pl
import pytest
from traitlets import TraitError

from flowbook.errors import ExpressionError, HttpFailed, UsageError
from flowbook.graph.options import parse_options
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.http import HttpNode

ROWS = [{"n": n} for n in range(7)]


def query(handler):
    return {name: one[-1] for name, one in parse_qs(urlsplit(handler.path).query).items()}


@pytest.fixture(autouse=True)
def server(site):
    """Seven rows, three on a page, by all the ways there are."""

    @site.on("/link")
    def link(handler):
        at = int(query(handler).get("from", 0))
        more = {"link": f'</link?from={at + 3}>; rel="next", </>; rel="first"'} if at < 6 else {}
        handler.reply(ROWS[at : at + 3], **more)

    @site.on("/next")
    def following(handler):
        at = int(query(handler).get("from", 0))
        more = f"{site.url}/next?from={at + 3}" if at < 6 else None
        handler.reply({"results": ROWS[at : at + 3], "next": more})

    @site.on("/cursor")
    def cursor(handler):
        asked = json.loads(handler.asked.body or b"{}") | query(handler)
        at = int(asked.get("after", "c0")[1:])
        more = {"after": f"c{at + 3}"} if at < 6 else {}
        handler.reply({"rows": ROWS[at : at + 3], "meta": more})

    @site.on("/page")
    def page(handler):
        asked = query(handler)
        size = min(int(asked.get("size", 3)), 3)
        at = (int(asked["page"]) - 1) * size
        handler.reply({"rows": ROWS[at : at + size], "pages": 3})

    @site.on("/offset")
    def offset(handler):
        asked = query(handler)
        at, size = int(asked["offset"]), min(int(asked.get("limit", 3)), 3)
        handler.reply(ROWS[at : at + size])

    @site.on("/csv")
    def table(handler):
        at = int(query(handler)["offset"])
        lines = "".join(f"{row['n']}\n" for row in ROWS[at : at + 3])
        body = f"n\n{lines}".encode() if lines else b""
        handler.reply(body, content_type="text/csv")


WAYS = {
    "/link": {"kind": "link"},
    "/next": {"kind": "next", "next": "{{ body.next }}", "items": "{{ body.results }}"},
    "/cursor": {
        "kind": "cursor",
        "cursor": '{{ get(body.meta, "after") }}',
        "param": "after",
        "items": "body.rows",
    },
    "/page": {"kind": "page", "items": "{{ body.rows }}"},
    "/offset": {"kind": "offset"},
}


@pytest.mark.parametrize("path", WAYS)
def test_all_items_are_there_once(fetch, path):
    assert fetch(path, pages=WAYS[path]) == ROWS


def test_the_query_of_the_node_goes_along(fetch, site):
    fetch(
        "/page?page=9&a=1", params={"b": 2}, pages={**WAYS["/page"], "size": 3, "size_param": "s"}
    )
    assert site.paths == [f"/page?a=1&b=2&page={n}&s=3" for n in (1, 2, 3, 4)]


def test_a_server_that_gives_less_than_is_asked_is_asked_on(fetch, site):
    assert fetch("/offset", pages={"kind": "offset", "size": 1000}) == ROWS
    assert site.paths == [f"/offset?offset={at}&limit=1000" for at in (0, 3, 6, 7)]


def test_more_says_whether_another_follows(fetch, site):
    assert fetch("/page", pages={**WAYS["/page"], "more": "{{ page < body.pages }}"}) == ROWS
    assert len(site.asked) == 3


def test_a_page_beyond_the_last_may_be_missing(run, site):
    @site.on("/page")
    def page(handler):
        at = int(query(handler)["page"])
        handler.reply([at] if at < 3 else b"", 200 if at < 3 else 404)

    given = run("/page", pages="page", outputs="rows status")
    assert given == {"rows": [1, 2], "status": 200}


def test_parameters_may_be_part_of_the_body(fetch, site):
    pages = {**WAYS["/cursor"], "into": "json"}
    assert fetch("/cursor", method="POST", json={"city": "Oslo"}, pages=pages) == ROWS
    bodies = [json.loads(one.body) for one in site.asked]
    assert bodies == [{"city": "Oslo"}] + [{"city": "Oslo", "after": one} for one in ("c3", "c6")]


def test_each_page_is_an_effect_of_its_own(fetch, site):
    fetch("/cursor", method="POST", json={}, pages=WAYS["/cursor"])
    keys = [one.headers["idempotency-key"] for one in site.asked]
    assert keys == ["run/node/0", "run/node/0/2", "run/node/0/3"]


def test_expressions_see_the_inputs_and_where_they_are(fetch):
    pages = {**WAYS["/next"], "next": "{{ body.next if page < how.far else None }}"}
    assert fetch("/next", pages=pages, inputs={"how.far": 2}) == ROWS[:6]


def test_pages_of_a_table_are_one_table(fetch):
    frame = fetch("/csv", pages="offset")
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["n"]) == [0, 1, 2, 3, 4, 5, 6]
    assert list(frame.index) == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("table", "made"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_items_become_a_table_that_is_asked_for(fetch, table, made):
    frame = fetch("/next", pages=WAYS["/next"], response="table", table=table)
    assert isinstance(frame, made)
    assert list(frame["n"]) == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("table", ["pandas", "polars", "arrow", "rows"])
def test_a_table_ends_where_there_are_enough_items(fetch, table):
    frame = fetch("/csv", table=table, pages={"kind": "offset", "max_items": 4})
    assert len(frame) == 4


def test_it_ends_where_there_are_enough_items_or_pages(fetch, site, context):
    assert fetch("/next", pages={**WAYS["/next"], "max_items": 4}) == ROWS[:4]
    assert len(site.asked) == 2
    assert fetch("/next", pages={**WAYS["/next"], "max_pages": 1}) == ROWS[:3]
    assert context.logged[-1] == "stops at max_pages, 1; there are more"
    assert fetch("/next", pages={**WAYS["/next"], "max_pages": 3}) == ROWS
    assert "there are more" not in context.logged[-1]


def test_more_pages_than_anybody_expects_are_an_error(fetch, site):
    site.on("/page")(lambda handler: handler.reply([handler.path]))
    with pytest.raises(UsageError, match="has more than 100 pages") as caught:
        fetch("/page", pages="page")
    assert "max_pages: 1000" in str(caught.value)


def test_each_page_is_progress(fetch, context):
    fetch("/next", pages={**WAYS["/next"], "max_pages": 5})
    assert context.progressed == [(1, 5, "3 items"), (2, 5, "6 items"), (3, 5, "7 items")]


def test_an_address_that_comes_again_is_a_circle(fetch, site):
    site.on("/next")(lambda handler: handler.reply({"results": [1], "next": "/next?a=1"}))
    told = r"in a circle: page 2 names a /next\?a=1 that was"
    with pytest.raises(HttpFailed, match=told) as caught:
        fetch("/next", pages=WAYS["/next"])
    assert caught.value.final


@pytest.mark.parametrize("found", ["ftp://x/y", "http://a:b/"])
def test_what_follows_and_is_no_address_is_told(fetch, site, found):
    site.on("/next")(lambda handler: handler.reply({"results": [1], "next": found}))
    with pytest.raises(UsageError, match="is no address"):
        fetch("/next", pages=WAYS["/next"])


def test_a_cursor_that_comes_again_is_a_circle(fetch, site):
    site.on("/x")(lambda handler: handler.reply({"rows": [1], "meta": {"after": "hush"}}))
    with pytest.raises(HttpFailed, match="page 2 names a cursor that was followed already"):
        fetch("/x", pages=WAYS["/cursor"])


def test_a_server_that_does_not_know_the_parameter_is_found_out(fetch, site):
    site.page("/x", [1, 2])
    with pytest.raises(HttpFailed, match="gave page 1 twice") as caught:
        fetch("/x", pages="page")
    assert "'page'" in str(caught.value)


def test_a_page_without_a_list_is_told(fetch):
    with pytest.raises(UsageError, match="page 1 of http node 'fetch' has no list: it is a dict"):
        fetch("/next", pages={"kind": "next", "next": "body.next"})
    with pytest.raises(UsageError, match="items gives a str"):
        fetch("/next", pages={**WAYS["/next"], "items": "body.next"})


def test_an_expression_that_cannot_be_worked_out_is_told(fetch):
    with pytest.raises(ExpressionError, match="pages: items of page 1: "):
        fetch("/next", pages={**WAYS["/next"], "items": "body.nothing.there"})


def test_another_host_gets_no_credentials(fetch, site, other, services):
    services.secrets["api"] = "hush"
    site.on("/x")(lambda handler: handler.reply({"results": [1], "next": f"{other.url}/y"}))
    other.page("/y", {"results": [2], "next": None})
    auth = {"type": "bearer", "secret": "api"}
    assert fetch("/x", pages=WAYS["/next"], auth=auth, headers={"X-Own": "1"}) == [1, 2]
    assert site.asked[0].headers["authorization"] == "Bearer hush"
    assert {"authorization", "x-own"} & set(other.asked[0].headers) == set()


# ------------------------------------------------------------ attempts


@pytest.fixture
def attempts(context, site):
    """Runs the attempts of a node with `retries`, and gives what each came to."""
    import asyncio

    def attempts(path, retries, **config):
        spec = NodeSpec("fetch", kind="http", options=parse_options({"retries": retries}))
        ended = []
        for number in range(1, retries + 2):
            context.attempt = number
            node = HttpNode(spec, url=site.url + path, **config)
            try:
                given = asyncio.run(node.run(context, {}))
            except HttpFailed as failed:
                ended.append(failed.status)
                if failed.final:
                    break
            else:
                return [*ended, given.ports["fetch"]]
        return ended

    return attempts


def test_an_attempt_goes_on_with_the_page_that_failed(attempts, site, context):
    @site.on("/page")
    def page(handler):
        at = int(query(handler)["page"])
        busy = at == 3 and site.paths.count(handler.path) < 3
        handler.reply([at] if at < 5 else [], 503 if busy else 200)

    assert attempts("/page", 2, pages="page") == [503, 503, [1, 2, 3, 4]]
    assert [one[-1] for one in site.paths] == ["1", "2", "3", "3", "3", "4", "5"]
    assert "goes on with page 3" in context.logged


def test_nothing_is_left_behind_by_the_last_attempt(attempts, site):
    from flowbook.nodes.http import pages

    site.on("/page")(
        lambda handler: handler.reply([1], 200 if handler.path.endswith("page=1") else 503)
    )
    assert attempts("/page", 1, pages="page") == [503, 503]
    assert not pages._carried


def test_pages_that_are_gone_are_begun_again(attempts, site):
    @site.on("/next")
    def following(handler):
        at = query(handler).get("at")
        status = {0: 200, 1: 503, 2: 410}.get(len(site.asked) - 1, 200)
        handler.reply({"results": [at or "a"], "next": None if at else "/next?at=b"}, status)

    assert attempts("/next", 1, pages=WAYS["/next"]) == [503, ["a", "b"]]


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ("scroll", "a kind of link, next, cursor, page, offset"),
        ({"kind": "link", "param": "p"}, "kind link has no 'param'"),
        ({"kind": "next"}, "next is an expression"),
        ({"kind": "cursor", "cursor": 7}, "cursor is an expression"),
        ({"kind": "page", "max_pages": 0}, "max_pages is a whole number from 1 on"),
        ({"kind": "page", "into": "header"}, "into is query or json"),
        (["page"], "write a mapping"),
    ],
)
def test_settings_that_are_none_are_refused(made, pages, told):
    with pytest.raises(TraitError, match=told):
        made.node(HttpNode, pages=pages)


def test_pages_do_not_go_to_a_file(made):
    with pytest.raises(UsageError, match="has pages and save_to"):
        made.node(HttpNode, pages="link", save_to="x.json")
