"""What a module must offer to keep values of some library's types as files.

`parquet`, `arrays` and `pictures` are such modules. None imports its library before a value of that
library is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a table is; neither is known of what is none."""

    rows: int | None = None
    columns: tuple[str, ...] | None = None


class Codec(Protocol):
    """Keeps values of some types in files, and brings them back."""

    def kept_as(self, value: object, /) -> str | None:
        """The name of the type it comes back as; None for what is not kept here."""
        ...

    def write(self, value: Any, path: Path, /) -> Extent:
        """Write it to a new file; any exception is the reason why it cannot be kept."""
        ...

    def read(self, path: Path, kind: str, /) -> object:
        """The value in that file, as the type of that name."""
        ...
