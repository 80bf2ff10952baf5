"""A flow to be looked at by its link: the page, who may see it, and what it may do."""

from __future__ import annotations

import json
import re

import httpx
from tests.cells.conftest import notebook_of
from tests.server.conftest import TOKEN


def view(bare, path, **asked):
    base = bare[0].replace("/flowbook/api/v1", "")
    asked = {"headers": {"Authorization": f"token {TOKEN}"}, **asked}
    return httpx.get(f"{base}/flowbook/view/{path}", timeout=30, **asked)


def test_a_link_shows_the_flow_and_nothing_can_be_changed_there(bare):
    (bare[1] / "seen.ipynb").write_text(notebook_of("%%flow fetch\n[1]", "%%flow b(fetch)").text())
    answer = view(bare, "seen.ipynb")
    assert answer.status_code == 200
    told = re.search(r'id="told">(.*?)</script>', answer.text, re.S)
    shown = json.loads(told[1])["snapshot"]["flow"]
    assert [node["name"] for node in shown["nodes"]] == ["fetch", "b"]
    assert shown["locked"]


def test_the_page_has_no_rights_of_the_user_who_looks_at_it(bare):
    (bare[1] / "seen.ipynb").write_text(notebook_of("%%flow fetch\n[1]").text())
    policy = view(bare, "seen.ipynb").headers["Content-Security-Policy"]
    assert "sandbox allow-scripts" in policy
    assert "default-src 'none'" in policy
    assert "allow-same-origin" not in policy


def test_a_link_is_for_those_who_may_open_the_server(bare):
    answer = view(bare, "seen.ipynb", headers={}, follow_redirects=False)
    assert answer.status_code in (302, 403)


def test_what_is_not_there_or_lies_outside_is_not_found(bare):
    assert view(bare, "nothing.ipynb").status_code == 404
    assert view(bare, "..%2Fseen.ipynb").status_code == 404
    (bare[1] / "seen.ipynb").write_text(notebook_of("%%flow fetch\n[1]").text())
    answer = view(bare, "seen.ipynb", params={"run": "0" * 36})
    assert answer.status_code == 404
