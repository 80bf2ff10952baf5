"""Where a store may be written."""

import subprocess
from pathlib import Path

import pytest

from flowbook.errors import StoreError
from flowbook.store import mounts
from flowbook.store.mounts import check_file_system, is_network, mount_of, parse_mounts
from flowbook.store.store import Store

TABLE = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /data rw - nfs4 server:/export/home rw,vers=4.2
31 30 0:41 / /data/ada/My\040Notes rw - xfs /dev/vdb rw
32 22 0:42 / /media rw - tmpfs none rw
33 22 0:43 / /media rw master:2 propagate_from:3 - cifs //host/sh\134are rw
34 22 0:44 / /homework rw - btrfs /dev/vdc rw
not a line of this form
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv/p", "ext4"),
        ("/data/ada/p", "nfs4"),
        ("/data/ada/My Notes/p", "xfs"),
        ("/media/p", "cifs"),
        ("/homework", "btrfs"),
        ("/", "ext4"),
    ],
)
def test_a_folder_lies_on_its_deepest_and_topmost_mount(folder, kind):
    assert mount_of(Path(folder), parse_mounts(TABLE)).kind == kind


def test_escapes_in_names_are_read(tmp_path):
    [share] = [mount for mount in parse_mounts(TABLE) if mount.kind == "cifs"]
    assert share.source == "//host/sh\\are"


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "lustre"])
def test_machines_share_these(kind):
    assert is_network(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "fuse.bindfs", "unheard-of"]
)
def test_these_are_fine(kind):
    assert not is_network(kind)


def test_the_kernels_own_table_is_understood(tmp_path):
    assert mount_of(tmp_path.resolve(), mounts._mounts()) is not None
    check_file_system(tmp_path / "not" / "there" / "yet")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def on_a_share(tmp_path, monkeypatch):
    table = tmp_path / "mountinfo"
    table.write_text(f"36 35 0:98 / {tmp_path}/net rw - nfs4 server:/net rw\n")
    monkeypatch.setattr(mounts, "_MOUNTS", table)
    (tmp_path / "net").mkdir()
    return tmp_path / "net" / ".flowbook"


def test_writing_on_a_share_is_refused_and_leaves_nothing(on_a_share, story, monkeypatch):
    store = Store.open(on_a_share)
    with pytest.raises(StoreError, match=r"net .*network file system \(nfs4, server:/net\)") as no:
        store.sink.append(story.run()).result(5)
    assert "local disk" in no.value.hint
    for refused in (lambda: store.claims.claim("s", "1"), lambda: store.signals.send("r", "go")):
        with pytest.raises(StoreError, match="network file system"):
            refused()
    assert store.vault.put("x" * 10_000).format == "none"
    store.close()
    assert not on_a_share.exists()


def test_writing_on_a_share_can_be_allowed(on_a_share, story, monkeypatch):
    monkeypatch.setenv(mounts.ALLOW_NETWORK, "1")
    store = Store.open(on_a_share)
    store.sink.append(story.run()).result(5)
    store.close()
    monkeypatch.delenv(mounts.ALLOW_NETWORK)
    reader = Store.open(on_a_share)  # history is read without being asked for anything
    assert len(reader.history.runs().runs) == 1
    reader.close()


def test_a_link_is_followed_to_where_it_leads(on_a_share, tmp_path):
    (tmp_path / "local").symlink_to(on_a_share.parent)
    with pytest.raises(StoreError, match="network file system"):
        check_file_system(tmp_path / "local" / ".flowbook")


@pytest.fixture
def frozen(tmp_path):
    """A project on a disk that can be made read-only, for root too."""
    project = tmp_path / "project"
    project.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "none", project], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting is not permitted here")

    def freeze():
        subprocess.run(["mount", "-o", "remount,ro", project], check=True)
        return project / ".flowbook"

    try:
        yield project / ".flowbook", freeze
    finally:
        subprocess.run(["umount", "-l", project], check=True)


def listing(root):
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in root.rglob("*")}


@pytest.mark.parametrize("folded", [True, False])
def test_history_on_a_read_only_disk_is_readable(frozen, story, folded):
    root, freeze = frozen
    writer = Store.open(root)
    for _ in range(2):
        writer.sink.append(story.run()).result(5)
        if folded:
            writer.fold()
    if folded:
        writer.close()
    else:
        writer.sink.close()  # as a killed process leaves it
        writer._folder.close()
        del writer
        from flowbook.store import store as module

        module._opened.clear()
    freeze()
    before = listing(root)
    reader = Store.open(root)
    assert len(reader.history.runs().runs) == 2
    assert len(reader.history.events(reader.history.runs().runs[0].id)) == len(story.run())
    reader.close()
    assert listing(root) == before


@pytest.mark.parametrize("had_history", [True, False])
def test_a_run_on_a_read_only_disk_is_refused_plainly(frozen, story, had_history):
    root, freeze = frozen
    if had_history:
        writer = Store.open(root)
        writer.sink.append(story.run()).result(5)
        writer.close()
    freeze()
    before = listing(root.parent)
    store = Store.open(root)
    for _ in range(2):
        with pytest.raises(StoreError, match="read-only: runs cannot be recorded") as refused:
            store.sink.append(story.run()).result(5)
        assert str(root if had_history else root.parent) in str(refused.value)
        assert "copy the project" in refused.value.hint
    if had_history:
        with pytest.raises(StoreError, match="read-only: nothing can be folded"):
            store.fold()
    assert len(store.history.runs().runs) == had_history
    store.close()
    assert listing(root.parent) == before
