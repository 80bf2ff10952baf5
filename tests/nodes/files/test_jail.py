"""No path, pattern, link or URL leads out of what the project allows."""

from __future__ import annotations

import contextlib
import os
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowbook.errors import FlowbookError, NotGranted, UsageError
from flowbook.session.files_jail import Jail

SECRET = "the secret outside"


@pytest.fixture(autouse=True, params=["fake", "project"])
def jail(request, files, folder):
    """Once with the fake of these tests, once with what a project has."""
    if request.param == "project":
        real = Jail(folder, urls=["memory"])
        files.context.services.file = real.place


@pytest.fixture
def outside(folder):
    """A file beside the project, and links to it and to its folder from within."""
    beside = folder.parent / "outside"
    beside.mkdir()
    (beside / "secret.txt").write_text(SECRET)
    (folder / "inside.txt").write_text("fine")
    (folder / "link.txt").symlink_to(beside / "secret.txt")
    (folder / "door").symlink_to(beside)
    (folder / "sub").mkdir()
    (folder / "sub" / "up").symlink_to("../..")
    return beside


WAYS = [
    "../outside/secret.txt",
    "sub/../../outside/secret.txt",
    "link.txt",
    "door/secret.txt",
    "sub/up/outside/secret.txt",
    "{outside}/secret.txt",
    "file://{outside}/secret.txt",
    "FILE://{outside}/secret.txt",
    "local://{outside}/secret.txt",
    "simplecache::file://{outside}/secret.txt",
    "filecache::{outside}/secret.txt",
    "zip://secret.txt::file://{outside}/a.zip",
    "dir://{outside}/secret.txt",
    "reference://{outside}/secret.txt",
    "git://{outside}:secret.txt",
]


@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_out(files, outside, way):
    path = way.format(outside=outside)
    with pytest.raises(FlowbookError):
        files.read(path, format="text")
    with pytest.raises(FlowbookError):
        files.write(path, "changed", format="text")
    with pytest.raises(FlowbookError):
        files.write("copy.txt", None, copy=path)
    assert (outside / "secret.txt").read_text() == SECRET
    assert not (files.folder / "copy.txt").exists()


@pytest.mark.parametrize("pattern", ["*.txt", "**/*.txt", "door/*", "d*r/*.txt", "sub/up/*/*.txt"])
def test_no_pattern_leads_out(files, outside, pattern):
    try:
        found = files.list(pattern)
    except NotGranted:
        found = []
    assert {one["path"] for one in found} <= {"inside.txt"}


@pytest.mark.parametrize(
    "pattern", ["../*", "*/../../outside/*.txt", "../outside/*.txt", "/etc/pass*"]
)
def test_a_pattern_that_goes_up_is_refused(files, outside, pattern):
    with pytest.raises((UsageError, NotGranted)):
        files.list(pattern)


def test_links_in_a_circle_come_to_an_end(files, folder):
    (folder / "a").mkdir()
    (folder / "a" / "again").symlink_to("..")
    (folder / "a" / "more").symlink_to("..")
    (folder / "a" / "x.txt").write_text("x")
    assert [one["path"] for one in files.list("**/*.txt")] == ["a/x.txt"]


def test_a_link_is_replaced_and_not_followed(files, folder, outside):
    with pytest.raises(NotGranted):
        files.write("link.txt", "changed")
    assert (outside / "secret.txt").read_text() == SECRET


PARTS = st.one_of(
    st.sampled_from(["..", ".", "", "door", "sub", "up", "link.txt", "outside", "secret.txt", "~"]),
    st.text(string.ascii_letters + string.punctuation + " ", max_size=6),
)
PATHS = st.tuples(
    st.sampled_from(
        ["", "/", "file://", "file:///", "local://", "memory://", "simplecache::", "//"]
    ),
    st.lists(PARTS, min_size=1, max_size=7),
).map(lambda told: told[0] + "/".join(told[1]))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(PATHS)
def test_no_path_by_chance_leads_out(files, outside_once, path):
    try:
        content = files.read(path, format="text")
    except FlowbookError:
        content = ""
    assert SECRET not in str(content)
    with contextlib.suppress(FlowbookError):
        files.write(path, "changed", format="text", make_folders=True)
    assert (outside_once / "secret.txt").read_text() == SECRET
    assert sorted(os.listdir(outside_once)) == ["secret.txt"]
    assert sorted(os.listdir(files.folder.parent)) == ["outside", "project"]


@pytest.fixture
def outside_once(outside):
    return outside
