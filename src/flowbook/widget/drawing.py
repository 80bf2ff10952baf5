"""A flow as one small static SVG: what a saved notebook shows where no kernel is.

GitHub, nbviewer and exported pages show this picture in place of the live canvas. Colours are
plain and work on white and on dark paper. Pure.
"""

from __future__ import annotations

from html import escape

from flowbook.widget.protocol import EdgeView, FlowView, NodeView

WIDTH, HEIGHT = 184.0, 84.0
"""Size of a node on the canvas, in canvas units; the browser draws the same."""
_MARGIN = 24.0
_MOST_NODES = 150


def drawing(flow: FlowView) -> str:
    """The SVG text; of very large flows only the first nodes, and it says so.

    >>> drawing(FlowView("tour"))[:4]
    '<svg'
    """
    nodes = flow.nodes[:_MOST_NODES]
    shown = {node.name: node for node in nodes}
    left = min((node.x for node in nodes), default=0.0) - _MARGIN
    top = min((node.y for node in nodes), default=0.0) - _MARGIN
    width = max((node.x for node in nodes), default=0.0) + WIDTH + _MARGIN - left
    height = max((node.y for node in nodes), default=0.0) + HEIGHT + _MARGIN - top
    edges = [
        _edge(shown[edge.source], shown[edge.target], edge)
        for edge in flow.edges
        if edge.source in shown and edge.target in shown
    ]
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
            f'viewBox="{left:g} {top:g} {width:g} {height:g}" width="{min(width, 960.0):g}" '
            f'font-family="system-ui, sans-serif">',
            f"<title>{escape(summary(flow))}</title>",
            *edges,
            *map(_node, nodes),
            "</svg>",
        )
    )


def summary(flow: FlowView) -> str:
    """The flow in one line of text.

    >>> summary(FlowView("tour"))
    'flow tour: 0 nodes, 0 edges'
    """
    text = f"flow {flow.flow}: {len(flow.nodes)} nodes, {len(flow.edges)} edges"
    left_out = len(flow.nodes) - _MOST_NODES
    return f"{text} ({left_out} not drawn)" if left_out > 0 else text


def _edge(source: NodeView, target: NodeView, edge: EdgeView) -> str:
    x1, y1 = source.x + WIDTH, source.y + HEIGHT / 2
    x2, y2 = target.x, target.y + HEIGHT / 2
    bend = max(40.0, abs(x2 - x1) / 2)
    label = ""
    if len(source.outputs) > 1:
        label = (
            f'<text x="{x1 + 6:g}" y="{y1 - 6:g}" font-size="11" fill="#8a8f98">'
            f"{escape(edge.output)}</text>"
        )
    return (
        f'<path d="M{x1:g},{y1:g} C{x1 + bend:g},{y1:g} {x2 - bend:g},{y2:g} {x2:g},{y2:g}" '
        f'fill="none" stroke="#8a8f98" stroke-width="1.5"/>{label}'
    )


def _node(node: NodeView) -> str:
    return (
        f'<g><rect x="{node.x:g}" y="{node.y:g}" width="{WIDTH:g}" height="{HEIGHT:g}" rx="8" '
        f'fill="#fff" stroke="#8a8f98"/>'
        f'<text x="{node.x + 16:g}" y="{node.y + 36:g}" font-size="15" font-weight="600" '
        f'fill="#1f2328">{escape(node.name)}</text>'
        f'<text x="{node.x + 16:g}" y="{node.y + 58:g}" font-size="12" fill="#59636e">'
        f"{escape(node.kind)}</text></g>"
    )
