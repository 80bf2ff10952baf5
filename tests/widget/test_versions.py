"""Versions listed, compared and taken away, as views ask for it."""

from __future__ import annotations

import json
import re

import pytest
from tests.widget.stage import FakeHost, FakeNodeRun, FakeRun, completed, over, started

from flowbook.errors import UsageError
from flowbook.ids import PortName
from flowbook.widget.answering.versions import ANSWERS, html, svg
from flowbook.widget.version_protocol import (
    AskVersions,
    CompareVersions,
    ExportFlow,
    PublishVersion,
    RollBack,
)


def answer(host, asked):
    return ANSWERS[type(asked)](host, asked)


def told_by(page):
    found = re.search(r'<script type="application/json" id="told">(.*?)</script>', page, re.S)
    return json.loads(found[1])


@pytest.fixture
def host():
    run = FakeRun()
    run.happen(started(1), completed(2, inline=b'["a"]'), over(3))
    run.nodes["fetch"] = FakeNodeRun(held_outputs={PortName("rows"): ["a", "b"]})
    return FakeHost(run)


def test_the_newest_version_comes_first_and_a_draft_is_told(host):
    found = answer(host, AskVersions("v", 1))
    assert [one.number for one in found.versions] == [2, 1]
    assert not found.draft


def test_publishing_says_what_is_published_now(host):
    found = answer(host, PublishVersion("v", 1, " weekly "))
    assert (found.version.published, found.version.note) == (True, "weekly")
    assert host.past.notes == ["weekly"]


def test_both_versions_are_one_drawing_with_a_mark_for_every_node_and_edge(host):
    found = answer(host, CompareVersions("v", 1, "aaaa"))
    assert {one.node: one.mark for one in found.nodes} == {"clean": "added", "fetch": "same"}
    assert {node.name for node in found.flow.nodes} == {"clean", "fetch"}
    assert len(found.edges) == len(found.flow.edges)
    assert found.edges == ("added",)
    assert found.flow.locked
    back = answer(host, CompareVersions("v", 1, "", "aaaa"))
    assert {one.node: one.mark for one in back.nodes} == {"clean": "removed", "fetch": "same"}
    assert back.summary == "1 removed"


def test_a_version_that_is_not_there_is_refused(host):
    with pytest.raises(UsageError, match="no version"):
        answer(host, CompareVersions("v", 1, "zzzz"))
    with pytest.raises(UsageError, match="no version"):
        answer(host, RollBack("v", 1, "zzzz"))


def test_a_page_has_the_flow_and_its_run_and_no_outputs_unless_asked(host):
    page = html(host)
    told = told_by(page)
    assert told["snapshot"]["flow"]["locked"]
    kinds = [event["kind"] for event in told["snapshot"]["run"]["events"]]
    assert kinds[-1] == "RUN_COMPLETED"
    assert told["details"]["fetch"]["outputs"] == []
    assert told_by(html(host, outputs=True))["details"]["fetch"]["outputs"][0]["port"] == "rows"


def test_no_text_of_a_flow_ends_the_page_early(host):
    from dataclasses import replace

    first, *rest = host.definition.nodes
    evil = "</script><script>alert(1)</script>"
    host.definition = replace(host.definition, nodes=(replace(first, body=evil), *rest))
    page = html(host, outputs=True)
    assert evil not in page
    assert told_by(page)["details"][first.id]["source"] == evil
    assert "http://" not in re.sub(r"http://www\.w3\.org/\S+", "", page.split("atob(")[0])


def test_an_export_is_named_after_its_flow(host):
    found = answer(host, ExportFlow("v", 1, "svg"))
    assert (found.name, found.media_type) == ("tour.svg", "image/svg+xml")
    assert found.text == svg(host)
    assert found.text.startswith("<svg")
    with pytest.raises(UsageError, match="no export"):
        answer(host, ExportFlow("v", 1, "docx"))
