"""A compiled engine is native code: it is read only from where nobody else could have put it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from flowbook.sandbox.artefact import cache_folder, keep, kept

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="folders have no modes there")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "sandbox"


def test_what_is_kept_is_found_again(folder):
    keep(folder, "engine", b"code")
    assert kept(folder, "engine") == b"code"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [one.name for one in folder.iterdir()] == ["engine"]


def test_nothing_is_kept_without_a_folder():
    keep(None, "engine", b"code")
    assert kept(None, "engine") is None


def test_a_folder_that_others_can_write_to_is_not_believed(folder):
    keep(folder, "engine", b"code")
    folder.chmod(0o777)
    assert kept(folder, "engine") is None


def test_a_folder_that_was_open_is_closed_and_its_content_written_anew(folder):
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    keep(folder, "engine", b"code")
    assert kept(folder, "engine") == b"code"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_its_place_is_not_followed(folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (elsewhere / "engine").write_bytes(b"theirs")
    folder.parent.mkdir()
    folder.symlink_to(elsewhere)
    assert kept(folder, "engine") is None


def test_a_place_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    keep(tmp_path / "file" / "sandbox", "engine", b"code")
    assert kept(tmp_path / "file" / "sandbox", "engine") is None


def test_it_is_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == tmp_path / "flowbook" / "sandbox"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path(os.path.expanduser("~/.cache/flowbook/sandbox"))
