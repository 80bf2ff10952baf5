"""What events carry: values by their content, errors and costs as data."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from flowbook.ids import CellId


class ValueFormat(StrEnum):
    """How a value is kept."""

    JSON = "json"
    PARQUET = "parquet"
    TEXT = "text"
    BYTES = "bytes"
    NPY = "npy"
    IMAGE = "image"
    PICKLE = "pickle"
    """Kept and read only by a flow that allows it, for reading one runs code."""
    NONE = "none"
    """Not kept: the value lives in memory only, and `ValueRef.reason` says why."""


class ValueRef(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A value by its content: `hash` is sha256 hex of the stored bytes, '' when not kept.

    Values of at most 4 KiB of JSON travel `inline`; larger ones are objects in the store.
    `type` is the Python type to bring back (`pandas.DataFrame`), `rows` its length if a table.
    `parts` are the hashes of further objects that plain data with tables in it needs. A `redacted`
    value had some of its fields replaced before it was kept; of a `pictured` one, it or something
    in it is kept as a picture only.
    """

    hash: str
    format: ValueFormat
    type: str
    size: int = 0
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    inline: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    reason: str | None = None
    parts: tuple[str, ...] = ()
    redacted: bool = False
    pictured: bool = False

    @property
    def exact(self) -> bool:
        """True when the value itself is kept: it can come back, and equal hashes are equal values.

        >>> ValueRef("ab12", ValueFormat.JSON, "dict", redacted=True).exact
        False
        """
        return not (self.format is ValueFormat.NONE or self.redacted or self.pictured)


class ErrorInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node's exception as data: enough to show it where it happened.

    `inputs`: what the failed attempt was given, in a few words for each input.
    """

    type: str
    message: str
    traceback: str = ""
    cell: CellId | None = None
    line: int | None = None
    hint: str | None = None
    inputs: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The exception's own name, without the module it is defined in."""
        return self.type.rpartition(".")[2]


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one call of a metered service cost; `cost` in US dollars, where it is known.

    `is_estimate`: the provider did not say, and the tokens were counted here.
    """

    provider: str
    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cost: float | None = None
    is_estimate: bool = False
