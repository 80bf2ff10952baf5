"""What a function of the language is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Function:
    """One function: how many arguments it takes (`least` to `most`) and which by keyword.

    `tables`: its first value may be a whole table, if it is a bare path; all else is plain data.
    `lazy`: it is no function of values but a choice among them, compiled by `calls`.
    """

    name: str
    help: str
    example: str
    call: Callable[..., Any]
    least: int = 1
    most: int = 1
    keywords: tuple[str, ...] = ()
    tables: bool = False
    lazy: bool = False
