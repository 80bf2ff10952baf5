"""What drivers raise, told as one error: what the database said, and whether to try again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from flowbook.errors import DatabaseFailed

_AGAIN: Final = (
    # Postgres: serialization, deadlock, no room, shutting down, no lock.
    "40001", "40P01", "53300", "55P03", "57P01", "57P02", "57P03",
    # MySQL and MariaDB: lock wait, deadlock, too many connections, shutting down, gone, lost.
    1205, 1213, 1040, 1053, 1927, 2002, 2003, 2006, 2013, 4031,
)  # fmt: skip
_LOST: Final = re.compile(
    "connection refused|connection failed|server closed|lost connection|gone away|terminating"
    "|database is locked|database table is locked|timeout expired|timed out|could not receive"
    "|the database system is (?:starting|shutting)|connection is lost|broken pipe|reset by peer",
    re.IGNORECASE,
)
_REFUSED: Final = ("28P01", "28000", "3D000", 1044, 1045, 1049, 1698)
"""Wrong password, no such database: another attempt asks the same."""


def failed(error: Exception, where: str, hidden: Iterable[str] = ()) -> DatabaseFailed:
    """The error for one of a driver or of SQLAlchemy; what is `hidden` is taken out of it."""
    original = getattr(error, "orig", None) or error
    code = _code(original)
    said = _said(original)
    for secret in hidden:
        if secret:
            said = said.replace(secret, "***")
    lost = bool(getattr(error, "connection_invalidated", False)) or bool(_LOST.search(said))
    again = code in _AGAIN or (lost and code not in _REFUSED and not _is_refusal(said))
    return DatabaseFailed(
        f"{where}: {said}",
        hint=_hint(code, said),
        database=where,
        code=str(code or ""),
        retryable=again,
    )


def line_of(error: Exception, sql: str) -> int | None:
    """The line of a statement, from 0, that an error points at; None when it does not say."""
    original: Any = getattr(error, "orig", None) or error
    position = getattr(getattr(original, "diag", None), "statement_position", None)
    if position:
        return sql.count("\n", 0, int(position) - 1)
    said = _said(original)
    found = re.search(r"at line (\d+)\s*$", said)
    if found:
        return min(int(found[1]) - 1, sql.count("\n"))
    for name in re.findall(r"[\"'`]([^\"'`]+)[\"'`]|(?:column|table): (\S+)", said):
        word = (name[0] or name[1]).rpartition(".")[2]
        for number, line in enumerate(sql.splitlines()):
            if word and word in line:
                return number
    return None


def _code(error: Any) -> Any:
    state = getattr(error, "sqlstate", None)
    if state:
        return state
    arguments: tuple[Any, ...] = getattr(error, "args", ())
    first = arguments[0] if arguments else None
    return first if isinstance(first, int) else None


def _said(error: Any) -> str:
    diag = getattr(error, "diag", None)
    primary = getattr(diag, "message_primary", None)
    if primary:
        detail = getattr(diag, "message_detail", None)
        return f"{primary} ({detail})" if detail else str(primary)
    arguments: tuple[Any, ...] = getattr(error, "args", ())
    if len(arguments) > 1 and isinstance(arguments[0], int):
        return str(arguments[1])
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2])


def _is_refusal(said: str) -> bool:
    return bool(re.search("password authentication failed|does not exist|Access denied", said))


def _hint(code: Any, said: str) -> str | None:
    if code in _REFUSED or _is_refusal(said):
        return "see to the user, its password and the name of the database"
    if "read-only" in said or "READ ONLY" in said or "readonly" in said:
        return "say changes: true to let the statement change data"
    if code in ("40001", "40P01", 1213):
        return "two transactions were in each other's way: give the node retries"
    return None
