"""Ids have types, and this is how the minted ones are minted.

Pure: the clock's reading and the random bits are arguments. A run id is a UUIDv7 (RFC 9562,
section 5.7), because history sorted by run id is then history sorted by time, which is what lets
DuckDB's zone maps find one run among millions without an index.
"""

from __future__ import annotations

import keyword
import re
from typing import NewType
from uuid import UUID

from flowbook.errors import UsageError

FlowId = NewType("FlowId", str)
"""A flow's name, unique in its project."""
NodeId = NewType("NodeId", str)
"""A node's name, unique in its flow; a Python identifier."""
PortName = NewType("PortName", str)
"""The name of one input or output of a node."""
CellId = NewType("CellId", str)
"""nbformat's id of the notebook cell a node is written in."""
RunId = NewType("RunId", str)
"""UUIDv7 in its 36-character text form."""
EventSeq = NewType("EventSeq", int)
"""Position of an event in its run, from 0, without holes."""
WriterId = NewType("WriterId", str)
"""UUIDv7 of one process's hold on a store's journal."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_UNIX_MS_MAX = 2**48 - 1


def mint_uuid7(unix_ms: int, entropy: int) -> str:
    """A UUIDv7 for `unix_ms` milliseconds since the epoch and 74 random bits.

    Raises `UsageError` when either number is out of range.

    >>> mint_uuid7(0x017F22E279B0, 0x330C4A8C0F1E2D3C4B5)[:14]
    '017f22e2-79b0-'
    """
    if not 0 <= unix_ms <= _UNIX_MS_MAX:
        raise UsageError(f"unix_ms {unix_ms} does not fit 48 bits")
    if not 0 <= entropy < 2**74:
        raise UsageError("entropy must be 74 bits")
    high, low = entropy >> 62, entropy & (2**62 - 1)
    return str(UUID(int=unix_ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low))


class Uuid7s:
    """Mints UUIDv7s of which each is greater than the one before, whatever the clock does.

    Not for several threads at once.

    >>> ids = Uuid7s()
    >>> ids.mint(2000, 7) < ids.mint(1000, 9)
    True
    """

    def __init__(self) -> None:
        self._last = -1

    def mint(self, unix_ms: int, entropy: int) -> str:
        """As `mint_uuid7`, but never at or below what was minted before."""
        # By a random step, so that a forked process whose clock was set back goes another way.
        self._last = max(unix_ms << 74 | entropy, self._last + 1 + entropy % 2**60)
        return mint_uuid7(self._last >> 74, self._last & (2**74 - 1))


def uuid7_ms(text: str) -> int:
    """Milliseconds since the epoch that a UUIDv7 carries.

    >>> uuid7_ms(mint_uuid7(1_700_000_000_000, 1))
    1700000000000
    """
    return UUID(text).int >> 80


def as_node_id(name: str) -> NodeId:
    """`name` as a node id, or `UsageError` when it is no Python identifier."""
    if keyword.iskeyword(name):
        raise UsageError(f"{name!r} cannot name a node", hint="it is a word of Python's own")
    if not _IDENTIFIER.match(name):
        raise UsageError(
            f"{name!r} cannot name a node",
            hint="use the letters a to z, digits and underscores, not starting with a digit",
        )
    return NodeId(name)


def as_port_name(name: str) -> PortName:
    """`name` as a port name, or `UsageError`; handles like `2xx` are allowed for routers."""
    if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_\-]*\Z", name):
        raise UsageError(f"{name!r} cannot name a port", hint="use letters, digits, _ and -")
    return PortName(name)


def is_port_name(name: str) -> bool:
    """True for a name that a port may have.

    >>> is_port_name("2xx"), is_port_name("not ok")
    (True, False)
    """
    try:
        as_port_name(name)
    except UsageError:
        return False
    return True
