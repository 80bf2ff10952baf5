"""What a node of a stored run gave, as text: read from previews, without opening a value."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from flowbook.cli.output import echo_table
from flowbook.events.values import ValueRef
from flowbook.session.project import Project
from flowbook.store.preview import (
    ArrayPreview,
    ImagePreview,
    Preview,
    Shown,
    TablePreview,
    TextPreview,
    TreePreview,
    Unseen,
)

_GONE = Unseen("it is no longer in the store")


def previews(project: Project, run_id: str, node: str) -> dict[str, Preview]:
    """What the node gave in that run, by port; `UnknownNode` when the run has no such node."""
    outputs = project.state(run_id)[node].outputs
    return {str(port): _preview(project, ref) for port, ref in outputs.items()}


def _preview(project: Project, ref: ValueRef) -> Preview:
    found = project.store.vault.preview(ref)
    return Preview(ref.type, ref.format, ref.size, _GONE) if found is None else found


def echo_previews(node: str, found: dict[str, Preview]) -> None:
    """Each port for a person."""
    if not found:
        click.echo(f"{node} has given nothing")
    for port, preview in found.items():
        click.echo(f"{port}: {preview.type}, {preview.format.value}, {preview.size:,} bytes")
        _echo(preview.shown)


def _echo(shown: Shown) -> None:
    match shown:
        case TablePreview():
            echo_table([one.name for one in shown.columns], shown.rows, shown.total)
            if shown.width > len(shown.columns):
                click.echo(f"the first {len(shown.columns)} of {shown.width:,} columns")
        case ArrayPreview():
            _echo_array(shown)
        case ImagePreview():
            click.echo(f"a picture of {shown.width} by {shown.height} pixels")
        case TreePreview():
            click.echo(msgspec.json.format(msgspec.json.encode(shown.value), indent=2).decode())
            _echo_cut(shown.cut)
        case TextPreview():
            click.echo(shown.text)
            _echo_cut(shown.cut)
        case Unseen():
            click.echo(shown.reason)


def _echo_array(array: ArrayPreview) -> None:
    figures: dict[str, Any] = {
        "shape": " by ".join(map(str, array.shape)) or "one value",
        "dtype": array.dtype,
        "min": array.min,
        "max": array.max,
        "mean": array.mean,
        "missing": array.nulls,
    }
    known = {name: value for name, value in figures.items() if value is not None}
    click.echo(", ".join(f"{name} {value}" for name, value in known.items()))
    click.echo(" ".join("–" if one is None else str(one) for one in array.values))  # noqa: RUF001 - the dash of empty cells everywhere


def _echo_cut(cut: bool) -> None:
    if cut:
        click.echo("(only a part is shown)")
