"""Whether a project folder lies where it can be written to, and locks hold what they promise.

The journal is safe because a flock says which writers live. Network file systems make it of record
locks, or only of good will, and a folder that takes a live writer for dead removes what was
acknowledged. So writing there is refused. Reading is not, nor warned of: it changes nothing, and
the worst it can see is a run shown as lost that goes on elsewhere.

Where the kinds of file systems cannot be told (outside Linux), and for a kind not listed here,
nothing is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from flowbook.errors import StoreError

ALLOW_NETWORK = "FLOWBOOK_ALLOW_NETWORK_STORE"
"""Set to `1` in the environment, it lets one process at a time write on a network file system."""

_NETWORK = re.compile(
    "afs|beegfs|ceph|cifs|coda|davfs|fhgfs|gfs2|glusterfs|gpfs|lustre|ncpfs|nfs4?|ocfs2"
    "|orangefs|panfs|pvfs2|smb[23]|smbfs|vboxsf|wekafs"
    r"|fuse\.(ceph-fuse|curlftpfs|davfs2|gcsfuse|glusterfs|goofys|juicefs|mfs|mountpoint-s3"
    "|rclone|s3fs|seaweedfs|smbnetfs|sshfs|vmhgfs-fuse)"
)
_MOUNTS = Path("/proc/self/mountinfo")
_ESCAPED = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True, slots=True)
class Mount:
    """One file system in the tree of folders."""

    point: PurePosixPath
    kind: str
    source: str


def parse_mounts(text: str) -> tuple[Mount, ...]:
    r"""What `/proc/self/mountinfo` says; lines of another form are passed over.

    >>> parse_mounts(r"36 35 98:0 /a /media/My\040Disk rw,noatime master:1 - nfs4 server:/a rw")
    (Mount(point=PurePosixPath('/media/My Disk'), kind='nfs4', source='server:/a'),)
    """
    found = []
    for line in text.splitlines():
        place, _, rest = line.partition(" - ")
        fields, named = place.split(" "), rest.split(" ")
        if len(fields) > 4 and len(named) > 1:  # see proc_pid_mountinfo(5)
            point = PurePosixPath(_unescaped(fields[4]))
            found.append(Mount(point, named[0], _unescaped(named[1])))
    return tuple(found)


def mount_of(folder: Path, mounts: Iterable[Mount]) -> Mount | None:
    """The file system a folder lies on: the deepest, and of several in one place the topmost.

    `folder` is absolute and without links.
    """
    best = None
    for mount in mounts:
        deeper = best is None or len(mount.point.parts) >= len(best.point.parts)
        if deeper and folder.is_relative_to(mount.point):
            best = mount
    return best


def is_network(kind: str) -> bool:
    """True for a kind of file system that machines share, as the kernel names it.

    >>> is_network("nfs4"), is_network("ext4")
    (True, False)
    """
    return _NETWORK.fullmatch(kind) is not None


def check_file_system(root: Path) -> None:
    """Refuse to write to a store where that cannot go well; changes nothing.

    Raises `StoreError` for a folder on a network file system (unless `ALLOW_NETWORK` is set), and
    for one that cannot be written.
    """
    place = _nearest(root)
    if not os.access(place, os.W_OK | os.X_OK):
        raise StoreError(
            f"{place} is read-only: runs cannot be recorded there",
            hint="copy the project to a folder that you may write to and run it there; "
            "what was recorded can still be read",
        )
    mount = mount_of(place, _mounts())
    if mount is None or not is_network(mount.kind) or os.environ.get(ALLOW_NETWORK) == "1":
        return
    raise StoreError(
        f"{place} lies on a network file system ({mount.kind}, {mount.source}), where a lock may "
        "not hold: runs cannot be recorded there safely",
        hint="move the project to a local disk; or, if only one process at a time ever writes "
        f"to it, set {ALLOW_NETWORK}=1",
    )


def _nearest(root: Path) -> Path:
    """The folder, or the one above that it would be made in."""
    place = Path(os.path.realpath(root))
    while not place.exists() and place != place.parent:
        place = place.parent
    return place


def _mounts() -> tuple[Mount, ...]:
    try:
        return parse_mounts(_MOUNTS.read_text("utf-8", "surrogateescape"))
    except OSError:
        return ()


def _unescaped(text: str) -> str:
    """Octal escapes as the kernel writes them for space, tab, newline and backslash."""
    return _ESCAPED.sub(lambda escape: chr(int(escape[1], 8)), text)
