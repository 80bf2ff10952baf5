"""What a power cut would leave, read off the order of the system calls.

A file's bytes survive once the file is synced, its name once its folder is. Nothing may be said to
be kept, and nothing may be removed, on the strength of what would not survive.
"""

from pathlib import Path

import pytest
from tests.store.crash import tracing
from tests.store.crash.tracing import CALLS, Trace

pytestmark = pytest.mark.skipif(tracing.missing() is not None, reason=str(tracing.missing()))


def made_again(path):
    """A preview that is gone or torn is made again from its object: it need not survive."""
    return path.name.endswith(".preview.json")


class Medium:
    """Which names and bytes under `top` would survive now."""

    def __init__(self, top):
        self.top = top
        self.names = set()
        self.unsure_names = set()
        self.unsure_bytes = set()
        self.complaints = []

    def happened(self, call):
        if call.result.startswith("-1"):
            return
        path = Path(call.path)
        if "<pipe:" in call.arguments:
            self.require("an acknowledgement", *self.kept())
        elif self.top in (path, *path.parents):
            getattr(self, f"on_{call.name}")(path, call)

    def on_openat(self, path, call):
        if "O_CREAT" in call.arguments and path not in self.names:
            self.on_mkdir(path, call)

    def on_mkdir(self, path, call):
        self.names.add(path)
        self.unsure_names.add(path)

    def on_write(self, path, call):
        self.unsure_bytes.add(path)

    on_pwrite64 = on_ftruncate = on_write

    def on_fsync(self, path, call):
        self.unsure_bytes.discard(path)
        self.unsure_names = {name for name in self.unsure_names if name.parent != path}

    on_fdatasync = on_fsync

    def on_rename(self, path, call):
        old = Path(call.arguments.split('"')[1])
        if old in self.unsure_bytes and not made_again(path):
            self.complaints.append(f"{old} got its name {path} before its bytes were safe")
        self.on_unlink(old, call)
        self.on_mkdir(path, call)

    def on_unlink(self, path, call):
        if path.suffix == ".tsv":
            self.require(f"removing {path.name}", *self.databases())
        for known in (self.names, self.unsure_names, self.unsure_bytes):
            known.discard(path)

    def kept(self):
        return [
            name
            for name in self.names
            if name.suffix == ".tsv" or name.parent.parent.name == "objects"
            if not made_again(name)
        ]

    def databases(self):
        return [name for name in self.names if name.name.startswith("store.duckdb")]

    def require(self, why, *paths):
        for path in paths:
            if path in self.unsure_bytes:
                self.complaints.append(f"{why} before the bytes of {path} were safe")
            for name in (path, *path.parents):
                if name in self.unsure_names:
                    self.complaints.append(f"{why} before the name {name} was safe")


@pytest.mark.timeout(60)
def test_nothing_is_acknowledged_or_removed_before_its_successor_is_safe(nursery, tmp_path):
    child = nursery.spawn("scripted", tmp_path / "project" / ".flowbook", 7)
    child.expect("ready")
    (tmp_path / "project").mkdir()
    trace = Trace(child, None, tmp_path / "log", "-e", f"trace={','.join(CALLS)}")
    child.begin()
    assert nursery.wait(child) == 0
    medium = Medium(tmp_path / "project")
    calls = trace.finished()
    for call in calls:
        medium.happened(call)
    assert sum(call.name == "unlink" and ".tsv" in call.path for call in calls) > 3
    assert list(dict.fromkeys(medium.complaints)) == []
