"""The canvas of a run, frozen into an executed notebook: for whoever reads the report.

What shows notebooks agrees on little. JupyterLab shows no SVG of a notebook that it does not trust,
and takes drawings that stand in HTML out of it; pictures that stand in HTML it leaves, as
nbconvert does. So the HTML holds the drawing as a picture, which can run nothing, and the
drawing itself stands beside it for readers that prefer that. Pure.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape
from typing import Protocol

from flowbook.events import Event
from flowbook.graph.nested_layout import arrange
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Position
from flowbook.ids import NodeId
from flowbook.widget.drawing import drawing, summary
from flowbook.widget.picture import picture
from flowbook.widget.views import FlowView


class Told(Protocol):
    """What is read of a run."""

    def events(self) -> list[Event]: ...


def frozen(flow: FlowView, run: Told, table: str = "") -> dict[str, str]:
    """The MIME bundle of the flow as the run left it: HTML, SVG and text.

    `table`: HTML that stands below the picture.

    >>> class Empty:
    ...     def events(self):
    ...         return []
    >>> sorted(frozen(FlowView("tour"), Empty()))
    ['image/svg+xml', 'text/html', 'text/plain']
    """
    svg, text = drawing(flow, run.events()), summary(flow)
    data = base64.b64encode(svg.encode()).decode("ascii")
    picture = f'<img alt="{escape(text)}" src="data:image/svg+xml;base64,{data}">'
    return {
        "text/plain": text,
        "text/html": f'<div class="flowbook-frozen">{picture}{table}</div>',
        "image/svg+xml": svg,
    }


def as_left(
    run: Told,
    spec: FlowSpec,
    places: Mapping[NodeId, Position],
    registry: Registry | None = None,
    table: str = "",
) -> dict[str, str]:
    """The MIME bundle of a flow as the run left it, from its definition.

    A node stands at its one of `places`, else where the automatic layout puts it.
    """
    known = all(node.id in places for node in spec.nodes)
    positions = places if known else {**arrange(spec), **places}
    return frozen(picture(spec, (), positions, registry=registry), run, table)
