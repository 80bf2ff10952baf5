"""Named quantities as text: `gpu=1, http=4`, `cpu=2, mem=4GB`.

Node options say with them what a node takes, flow options how much of it there is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Quantities: TypeAlias = tuple[tuple[str, float], ...]

_BYTES: Mapping[str, int] = {
    unit: base**power
    for base, units in ((1000, ("KB", "MB", "GB", "TB")), (1024, ("KiB", "MiB", "GiB", "TiB")))
    for power, unit in enumerate(units, 1)
}
_MEMORY = "mem"
_HINT = "write names and amounts such as gpu=1, mem=4GB"


def parse_quantities(value: object) -> Quantities:
    """Names with their amounts, from text or from a mapping; `mem` is in bytes.

    Raises `ValueError` saying what would be accepted.

    >>> parse_quantities("cpu=2, mem=4GB")
    (('cpu', 2), ('mem', 4000000000))
    >>> parse_quantities({"gpu": 0.5})
    (('gpu', 0.5),)
    """
    given: list[Any]
    if isinstance(value, Mapping):
        given = list(value.items())
    elif isinstance(value, list | tuple):
        given = [one if isinstance(one, list | tuple) else str(one).split("=") for one in value]
        if any(len(one) != len(("name", "amount")) for one in given):
            raise ValueError(_HINT)
    else:
        parts = [part for part in re.split(r"[,\s]+", str(value)) if part]
        given = [part.partition("=")[::2] for part in parts]
    amounts = {_name(name): _amount(amount) for name, amount in given}
    if len(amounts) < len(given):
        raise ValueError("say how much of each name once")
    return tuple(amounts.items())


def parse_bytes(value: object) -> int:
    """A size from a number or from text; `ValueError` says what would be accepted.

    >>> parse_bytes("1.5GB"), parse_bytes("512MiB")
    (1500000000, 536870912)
    """
    try:
        return int(_amount(value))
    except ValueError:
        raise ValueError("write a size such as 500MB or 2GiB") from None


def print_bytes(size: float) -> str:
    """Text that `parse_bytes` reads back.

    >>> print_bytes(1_500_000_000)
    '1500MB'
    """
    return _shown(_MEMORY, size)


def parse_counts(value: object) -> Quantities:
    """The same for whole numbers from 1 on.

    >>> parse_counts("gpu=1, http=4")
    (('gpu', 1), ('http', 4))
    """
    counts = parse_quantities(value)
    if any(amount < 1 or amount != int(amount) for _, amount in counts):
        raise ValueError("write names and whole numbers from 1 on, such as gpu=1, http=4")
    return counts


def parse_count(value: object) -> int:
    """A whole number, from none on."""
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,4}", str(value).strip()):
        raise ValueError("write a whole number from 0 to 9999")
    return int(str(value))


def parse_most(value: object) -> int | None:
    """How many at most, from 1 on; None for any number.

    >>> parse_most("4"), parse_most("none")
    (4, None)
    """
    if value is None or str(value).strip().lower() == "none":
        return None
    match = re.fullmatch(r"[1-9]\d{0,5}", str(value).strip())
    if match is None:
        raise ValueError("write a whole number from 1 on, or none")
    return int(match[0])


def print_most(value: int | None) -> str:
    """Text that `parse_most` reads back."""
    return "none" if value is None else str(value)


def print_quantities(quantities: Quantities) -> str:
    """Text that `parse_quantities` reads back.

    >>> print_quantities((("cpu", 2), ("mem", 4_000_000_000)))
    'cpu=2,mem=4GB'
    """
    return ",".join(f"{name}={_shown(name, amount)}" for name, amount in quantities)


def _shown(name: str, amount: float) -> str:
    units = sorted(_BYTES.items(), key=lambda one: -one[1]) if name == _MEMORY else ()
    for unit, size in units:
        if amount >= size and amount % size == 0:
            return f"{int(amount // size)}{unit}"
    return str(amount)


def _name(name: object) -> str:
    if not re.fullmatch(r"[^\W\d][\w.-]*", str(name)):
        raise ValueError(_HINT)
    return str(name)


def _amount(value: object) -> float:
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,9})?)([KMGT]i?B)?", str(value).strip())
    if match is None or isinstance(value, bool):
        raise ValueError(_HINT)
    amount = float(match[1]) * (_BYTES[match[2]] if match[2] else 1)
    if amount <= 0:
        raise ValueError("an amount is more than nothing")
    return int(amount) if amount == int(amount) else amount
