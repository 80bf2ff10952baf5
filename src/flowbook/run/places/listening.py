"""Who hears the code that runs here: the node it belongs to, in a context variable."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeAlias

Hear: TypeAlias = Callable[[str, str], str | None]
"""Called with the stream's name and the text; what is to be shown instead, if anything is."""

listening: ContextVar[Hear | None] = ContextVar("flowbook_listening", default=None)
