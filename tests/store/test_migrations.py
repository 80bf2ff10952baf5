"""Which folders are ours to use."""

import pytest

from flowbook.errors import StoreVersion
from flowbook.store.disk import Disk
from flowbook.store.migrations import FORMAT, STORAGE_VERSION, Meta, ensure_meta, read_meta


def test_no_folder_is_no_store(layout):
    assert read_meta(layout) is None


def test_what_was_written_is_read_and_kept(layout):
    assert ensure_meta(layout, Disk()) == Meta(FORMAT, STORAGE_VERSION)
    written = layout.meta.read_bytes()
    assert ensure_meta(layout, Disk()) == read_meta(layout)
    assert layout.meta.read_bytes() == written
    assert sorted(path.name for path in layout.root.iterdir()) == [".gitignore", "meta.json"]


def test_a_store_is_no_part_of_the_users_repository(layout):
    ensure_meta(layout, Disk())
    assert (layout.root / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(
    ("content", "found"),
    [(b'{"format":2,"storage_version":"v3.0.0"}', "2"), (b"{}", "unreadable"), (b"", "unreadable")],
)
def test_what_we_cannot_read_is_refused(layout, content, found):
    layout.root.mkdir()
    layout.meta.write_bytes(content)
    with pytest.raises(StoreVersion) as refused:
        ensure_meta(layout, Disk())
    assert (refused.value.found, refused.value.supported) == (found, "1")
    assert str(layout.root) in str(refused.value)
