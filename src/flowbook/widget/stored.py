"""What the store knows of a kept value, in the words of the wire: nothing is opened for it.

A value that another process made, or that this one has let go of, is shown by the preview laid
beside it when it was kept: a small file, however large the value is. What the flow keeps back today
is taken out of it, for it may have been kept before the flow said so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec.structs import replace

from flowbook.store import preview as kept
from flowbook.widget.views import (
    ArrayPreview,
    Column,
    ImagePreview,
    PortPreview,
    Preview,
    TablePreview,
    TextPreview,
    TreePreview,
)

if TYPE_CHECKING:
    from flowbook.events.values import ValueRef

Tell: TypeAlias = Callable[[Mapping[Any, Any]], Mapping[Any, Any]]
"""Values by name, without what the flow keeps back."""

_COUNTED = ("list", "tuple", "dict", "set", "frozenset")
_GONE = "it is no longer in the store; run the node, or replay the run, to have it again"


def stored_port(label: str, ref: ValueRef, known: kept.Preview | None) -> PortPreview:
    """One port whose value is in the store only; `known` is what the store says of it.

    >>> from flowbook.events.values import ValueFormat, ValueRef
    >>> seen = kept.Preview("list", ValueFormat.JSON, 5, kept.TreePreview([1, 2], total=2))
    >>> stored_port("days", ValueRef("ab", ValueFormat.JSON, "list"), seen).type
    'list of 2'
    """
    if known is None:
        return PortPreview(label, _named(ref.type, None), note=_GONE)
    name = _named(known.type, known.shown)
    shown = _as_sent(known.shown)
    if isinstance(shown, str):
        return PortPreview(label, name, note=shown)
    if isinstance(shown, TextPreview) and not (shown.cut and name == "str"):
        shown = replace(shown, total=None)  # of bytes, say, there is no more to be read
    return PortPreview(label, name, shown)


def told(port: str, shown: PortPreview, tell: Tell) -> PortPreview:
    """The same as it may be told."""
    preview = shown.preview
    if preview is None:
        return shown
    if tell({port: ""})[port] != "":  # the name alone says that it is not to be seen
        return replace(shown, preview=TextPreview(str(tell({port: ""})[port])))
    match preview:
        case TablePreview():
            return replace(shown, preview=_told_table(preview, tell))
        case ArrayPreview():
            values = tell({port: list(preview.values)})[port]
            if values != list(preview.values):
                preview = ArrayPreview(preview.dtype, preview.shape, _cells(values, preview.values))
            return replace(shown, preview=preview)
        case TreePreview():
            return replace(shown, preview=replace(preview, value=tell({port: preview.value})[port]))
        case TextPreview():
            text = str(tell({port: preview.text})[port])
            return replace(shown, preview=replace(preview, text=text))
        case _:
            return shown


def _told_table(table: TablePreview, tell: Tell) -> TablePreview:
    columns = []
    for j, column in enumerate(table.columns):
        cells = [row[j] for row in table.rows]
        columns.append(_cells(tell({column.name: cells})[column.name], cells))
    rows = tuple(zip(*columns, strict=True)) if columns else table.rows
    hidden = any(tell({column.name: ""})[column.name] != "" for column in table.columns)
    return replace(table, rows=rows, series=None if hidden else table.series)


def _cells(told: Any, cells: Sequence[kept.Cell]) -> tuple[kept.Cell, ...]:
    """What was told of `cells`: each of them, or one word for all."""
    return tuple(told) if isinstance(told, list) else (str(told),) * len(cells)


def array_view(array: kept.ArrayPreview) -> ArrayPreview:
    """An array as it is sent."""
    return ArrayPreview(
        array.dtype,
        array.shape,
        array.values,
        array.nulls,
        array.min,
        array.max,
        array.mean,
        array.summarized,
        array.median,
        array.bars,
        array.sampled,
    )


def table_view(table: kept.TablePreview) -> TablePreview:
    """A table as it is sent; of a series with what is in it."""
    columns = tuple(Column(one.name, one.dtype) for one in table.columns)
    last = table.columns[-1] if table.columns else None
    series = None
    if last is not None and (last.bars or last.median is not None):
        series = ArrayPreview(
            last.dtype,
            (table.total,),
            (),
            last.nulls,
            last.min,
            last.max,
            last.mean,
            table.summarized,
            last.median,
            last.bars,
            last.sampled,
        )
    return TablePreview(columns, table.rows, table.total, table.width, series)


def _as_sent(shown: kept.Shown) -> Preview | str:
    """The preview as it is sent, or a note why there is none."""
    match shown:
        case kept.TablePreview():
            return table_view(shown)
        case kept.ArrayPreview():
            return array_view(shown)
        case kept.ImagePreview():
            return _picture(shown)
        case kept.TreePreview():
            return TreePreview(shown.value, shown.cut)
        case kept.TextPreview():
            return TextPreview(shown.text, shown.cut, shown.total)
        case kept.Unseen():
            return shown.reason


def _picture(image: kept.ImagePreview) -> ImagePreview | str:
    size = f"{image.width} by {image.height} pixels"
    if not image.content:
        return f"a picture of {size}; install Pillow to see it small"
    alt = f"Picture of {size}"
    return ImagePreview(image.mime, image.content, alt, image.width, image.height)


def _named(kind: str, shown: kept.Shown | None) -> str:
    """The type as a reader knows it, as `flowbook.widget.preview.type_name` says it."""
    name = kind.rpartition(".")[2]
    total = getattr(shown, "total", None)
    if name in _COUNTED and total is not None:
        return f"{name} of {total}"
    return "nothing" if name == "NoneType" else name
