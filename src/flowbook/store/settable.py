"""What can be set in a project, what each setting takes, and what holds until somebody says so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from flowbook.errors import UsageError
from flowbook.store.keeping import FOREVER, PRESETS, Keep
from flowbook.store.slots import NO_LIMITS, parse_limits

Value: TypeAlias = str | bool
"""What a setting has."""

NONE = "none"
"""A list without a word."""
GRANTS = ("database", "shell")
"""What a project may grant to its nodes, by the names that nodes ask with."""

MAIL_SECURITY = ("starttls", "ssl", "none")


class Recover(StrEnum):
    """What becomes of runs whose process died, when their project is opened again.

    Those that can go on without a doubt do; or they are only told of; or neither.
    """

    AUTO = "auto"
    ASK = "ask"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set. `parse` gives the value as it is kept, or raises `UsageError`."""

    says: str
    default: Value
    parse: Callable[[object], Value]
    per_flow: bool = False


def _kept(value: object) -> str:
    return str(Keep.parse(value))


def _kept_for(value: object) -> str:
    keep = Keep.parse(value)
    if keep.last is not None:
        raise UsageError(f"{value!r} counts runs, and this is about time", hint="write 90d")
    return str(keep)


def _bytes(value: object) -> str:
    found = re.fullmatch(r"(\d{1,6})\s*(kb|mb|gb|)", str(value).strip().lower())
    if found is None:
        raise UsageError(f"{value!r} is no size", hint="write 256MB, 2GB, or 0 for none")
    return f"{int(found[1])}{found[2].upper()}"


def bytes_of(size: str) -> int:
    """How many bytes a size setting is.

    >>> bytes_of("256MB"), bytes_of("0")
    (268435456, 0)
    """
    digits = size.rstrip("KMGB")
    return int(digits) * {"": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30}[size[len(digits) :]]


def _switch(value: object) -> bool:
    words = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
    found = words.get(str(value).strip().lower())
    if found is None:
        raise UsageError(f"{value!r} is neither true nor false", hint="write true or false")
    return found


def _words(value: object) -> str:
    words = words_of(str(value))
    if any(not word.isprintable() for word in words):
        raise UsageError(f"{value!r} is no list of words", hint="separate them by commas")
    return ",".join(dict.fromkeys(words)) or NONE


def words_of(text: str) -> tuple[str, ...]:
    """The words of a setting that is a list.

    >>> words_of("shell, database"), words_of("none")
    (('shell', 'database'), ())
    """
    words = (word.strip() for word in text.split(","))
    return tuple(word for word in words if word and word != NONE)


def _grants(value: object) -> str:
    words = _words(value)
    unknown = sorted({*words_of(words)} - {*GRANTS})
    if unknown:
        raise UsageError(f"there is no grant {unknown[0]!r}", hint=f"there are {', '.join(GRANTS)}")
    return words


def _names(value: object) -> str:
    words = _words(value)
    odd = [word for word in words_of(words) if not re.fullmatch(r"[A-Za-z_]\w*", word)]
    if odd:
        raise UsageError(
            f"{odd[0]!r} is no name of a variable of the environment",
            hint="write the names, separated by commas, such as HOME,LANG",
        )
    return words


def _word(value: object) -> str:
    word = str(value).strip()
    if not word or not word.isprintable() or len(word) > 200:
        raise UsageError(f"{value!r} is no single word", hint="none takes it back")
    return word


def _mail_security(value: object) -> str:
    word = str(value).strip().lower()
    if word not in MAIL_SECURITY:
        words = ", ".join(MAIL_SECURITY)
        raise UsageError(f"mail_security cannot be {value!r}", hint=f"write one of {words}")
    return word


def _recover(value: object) -> str:
    word = str(value).strip().lower()
    if word not in list(Recover):
        words = ", ".join(Recover)
        raise UsageError(f"recover cannot be {value!r}", hint=f"write one of {words}")
    return word


SETTINGS: Mapping[str, Setting] = {
    "retention": Setting(
        f"how long runs are kept: {', '.join(PRESETS)}, any number of days, or last:50",
        FOREVER,
        _kept,
        per_flow=True,
    ),
    "audit_retention": Setting(
        f"how long audit entries are kept: {', '.join(PRESETS)} or any number of days",
        FOREVER,
        _kept_for,
    ),
    "archive": Setting(
        "keep journal files that are folded instead of removing them", False, _switch
    ),
    "cache_memory": Setting(
        "how much of what the cache gives each process holds in memory: 256MB, 2GB, 0 for nothing",
        "256MB",
        _bytes,
    ),
    "limits": Setting(
        "how many at once in all processes of the project: gpu=1,api=4 nodes with that tag, runs=8",
        NO_LIMITS,
        parse_limits,
    ),
    "grants": Setting(
        f"what nodes may do that changes the world: {', '.join(GRANTS)}, separated by commas",
        NONE,
        _grants,
        per_flow=True,
    ),
    "allow_paths": Setting(
        "folders beside the project's own in which nodes may read and write, separated by commas",
        NONE,
        _words,
        per_flow=True,
    ),
    "allow_urls": Setting(
        "where else nodes may read and write: s3://bucket/, https://example.org/ or a protocol",
        NONE,
        _words,
        per_flow=True,
    ),
    "env": Setting(
        "names of the environment that nodes may read, separated by commas",
        NONE,
        _names,
        per_flow=True,
    ),
    "secret_places": Setting(
        "where secrets are looked for, in this order: environment, keyring, file, or the name of "
        "an installed place; none: everywhere",
        NONE,
        _words,
    ),
    "mail_server": Setting(
        "host, or host:port, of the server that sends e-mails of rules; none: no e-mails are sent",
        NONE,
        _word,
    ),
    "mail_security": Setting(
        f"how that server is spoken to: {', '.join(MAIL_SECURITY)}",
        "starttls",
        _mail_security,
    ),
    "mail_sender": Setting("who those e-mails are from: reports@example.org", NONE, _word),
    "mail_user": Setting("user of that server", NONE, _word),
    "mail_secret": Setting("name of the secret that has the password of that user", NONE, _word),
    "recover": Setting(
        "what becomes of lost runs when the project is opened: auto, they go on if no node with "
        "effects was under way; ask, they are told of; off",
        str(Recover.AUTO),
        _recover,
        per_flow=True,
    ),
    "scheduler": Setting(
        "whether Jupyter servers start what is scheduled, as flowbook scheduler does", True, _switch
    ),
}
"""Every setting, by name."""
