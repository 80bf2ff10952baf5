"""Our own kinds: every entry point leads to its class, and each name has exactly one latest."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from flowbook.graph.registry import Registry
from flowbook.graph.versions import versioned
from flowbook.session.kinds import GROUP, installed_kinds

ROOT = Path(__file__).parents[2]


def own_points() -> list[EntryPoint]:
    """As this checkout has them, whatever is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"][GROUP]
    return [EntryPoint(name, value, GROUP) for name, value in points.items()]


@pytest.fixture(scope="module")
def kinds() -> Registry:
    return installed_kinds(own_points())


def test_no_two_of_our_kinds_contradict_each_other(kinds):
    assert kinds.faults == ()
    assert len(kinds) == len(own_points())


def test_every_name_has_exactly_one_latest_version(kinds):
    for kind in kinds:
        versions = kinds.versions(kind)
        latest = kinds[kind.partition(".")[0]]
        assert sum(one is latest for one in versions.values()) == 1
        assert all(kinds[versioned(one.kind, number)] is one for number, one in versions.items())


def test_a_version_says_what_becomes_of_the_one_before(kinds):
    """A later version takes over what the first one had, or nobody could ever move on."""
    for kind in kinds:
        for number, node_type in kinds.versions(kind).items():
            assert number == 1 or "migrate" in vars(node_type), node_type


def test_a_package_that_brings_a_kind_of_ours_is_told_of_and_ours_stays(kinds):
    stolen = EntryPoint("http", "flowbook.nodes.merge:MergeNode", GROUP)
    told = installed_kinds([stolen, *own_points()])
    assert [fault.kind for fault in told.faults] == ["http"]
    assert told["http"] is kinds["http"]
