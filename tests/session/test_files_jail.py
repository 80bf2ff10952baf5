from __future__ import annotations

import os

import pytest

from flowbook.errors import NotGranted, UsageError
from flowbook.session.files_jail import Jail


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "project"
    (made / "data").mkdir(parents=True)
    (made / ".flowbook").mkdir()
    return made


def test_a_path_begins_at_the_folder_of_the_project(folder):
    jail = Jail(folder)
    assert jail.place("data/a.csv") == str(folder / "data/a.csv")
    assert jail.place(str(folder / "out.txt"), writing=True) == str(folder / "out.txt")
    assert jail.place(f"file://{folder}/data/a%20b.csv") == str(folder / "data/a b.csv")


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "data/../../secret",
        "absent/../../secret",
        "/etc/passwd",
        "~/x",
        "file:///etc/passwd",
        "local://../x",
        "simplecache::file:///etc/passwd",
        "zip://x::/etc/all.zip",
        "filecache::../up.zip",
    ],
)
def test_what_lies_outside_is_refused(folder, path):
    with pytest.raises(NotGranted) as refused:
        Jail(folder).place(path)
    assert refused.value.hint.startswith("flowbook store settings allow_paths ")


def test_links_are_followed_before_a_place_is_judged(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "inner").symlink_to(folder / "data")
    (folder / "file").symlink_to(outside / "not-there-yet")
    jail = Jail(folder)
    for path in ("link/new.txt", "link", "file", "inner/../../outside/x"):
        with pytest.raises(NotGranted):
            jail.place(path, writing=True)
    assert jail.place("inner/a.csv") == str(folder / "data/a.csv")


def test_a_folder_whose_name_only_begins_alike_is_another(folder, tmp_path):
    with pytest.raises(NotGranted):
        Jail(folder).place(str(tmp_path / "project-other" / "a"))


def test_what_is_allowed_besides_may_be_used(folder, tmp_path):
    jail = Jail(folder, paths=[str(tmp_path / "more")])
    assert jail.place(str(tmp_path / "more" / "a")) == str(tmp_path / "more" / "a")
    with pytest.raises(NotGranted):
        jail.place(str(tmp_path / "moreover"))


def test_the_history_is_never_written(folder):
    (folder / "mirror").symlink_to(folder / ".flowbook")
    jail = Jail(folder, paths=["/"])
    for path in (".flowbook/store.duckdb", ".flowbook", ".FLOWBOOK/x", "mirror/x"):
        with pytest.raises(NotGranted, match="history"):
            jail.place(path, writing=True)
    assert jail.place(".flowbook/meta.json") == str(folder / ".flowbook/meta.json")


def test_the_file_of_secrets_is_never_read(folder, tmp_path):
    hidden = tmp_path / "secrets.toml"
    hidden.touch()
    (folder / "s").symlink_to(hidden)
    with pytest.raises(NotGranted):
        Jail(folder, paths=["/"], hidden=[hidden]).place("s")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("s3://bucket/a/b.parquet", "s3://bucket/"),
        ("s3://bucket/a", "s3://bucket"),
        ("S3://Bucket/a", "s3://bucket/"),
        ("https://example.org/a?b=1", "https://example.org/"),
        ("gs://any/thing", "gs"),
        ("memory://x", "memory://"),
        ("simplecache::s3://bucket/a", "s3://bucket/"),
        ("zip://a.csv::s3://bucket/a.zip", "s3://bucket/"),
    ],
)
def test_urls_are_allowed_by_what_they_begin_with(folder, url, allowed):
    assert Jail(folder, urls=[allowed]).place(url) == url


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("s3://bucket-of-others/a", "s3://bucket"),
        ("s3://bucket/../others/a", "s3://bucket/"),
        ("s3://bucket/%2e%2e/others/a", "s3://bucket/"),
        ("s3://bucket/%252e%252e/others/a", "s3://bucket/"),
        ("https://example.org@evil.com/", "https://example.org"),
        ("https://example.org.evil.com/", "https://example.org"),
        ("http://example.org/", "https://example.org/"),
        ("simplecache::https://evil.com/", "s3://bucket/"),
    ],
)
def test_other_urls_are_refused(folder, url, allowed):
    with pytest.raises(NotGranted):
        Jail(folder, urls=[allowed]).place(url)


def test_what_logs_in_is_not_told(folder):
    with pytest.raises(NotGranted) as refused:
        Jail(folder).place("https://ada:hunter22@example.org/a?token=hunter22")
    assert "hunter22" not in str(refused.value)
    assert refused.value.hint == "flowbook store settings allow_urls https://example.org/"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a\0b",
        "a\nb",
        ".::x",
        "data::../x",
        "s3://bucket/a::https://evil.com/",
        "reference://::s3://bucket/a",
        "~nobody-is-called-so/x",
    ],
)
def test_what_is_no_path_is_refused(folder, path):
    with pytest.raises(UsageError, match="is no path"):
        Jail(folder).place(path)


def test_a_real_path_is_what_comes_back(folder):
    (folder / "inner").symlink_to(folder / "data")
    assert Jail(folder).place("inner/x") == os.path.realpath(folder / "data" / "x")
