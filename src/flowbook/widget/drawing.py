"""A flow as one small static SVG: what a saved notebook shows where no kernel is.

GitHub, nbviewer and exported pages show this picture in place of the live canvas, and it is drawn
as that is: wires in their corridors, containers around their members, notes, and of a run how each
node stood, by sign, word and colour. It brings its own light and dark. Pure.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from flowbook.events import Event
from flowbook.events.values import ValueRef
from flowbook.graph.nested_layout import LANE
from flowbook.graph.nesting import block_of
from flowbook.ids import NodeId, PortName
from flowbook.widget.boxes import Box, boxes
from flowbook.widget.ink import TONES, both, fill, sheet, stroke
from flowbook.widget.stood import IDLE, SIGNS, Stood, stood
from flowbook.widget.views import FlowView, NodeView
from flowbook.widget.wires import Wire, wiring

_MARGIN: Final = 24.0
_MOST_NODES: Final = 150
_MOST_WIDTH: Final = 960.0
_NAME: Final = 17
"""Letters of a name that fit on a card, of the line below it, and of a line of a note."""
_SUB: Final = 24
_NOTE_LINE: Final = 31
_NOTE_LINES: Final = 6
_MOST_LABELS: Final = 6
_FADED: Final = ("not-taken", "not-needed", "not-asked", "blocked", "cancelled")


def drawing(flow: FlowView, events: Iterable[Event] = ()) -> str:
    """The SVG text; of very large flows only the first nodes, and it says so.

    `events`: of the run that is shown.

    >>> drawing(FlowView("tour"))[:4]
    '<svg'
    """
    shown = boxes(flow.nodes[:_MOST_NODES])
    ran = stood(events)
    all_of = shown.values()
    wired = wiring(flow, shown)
    spans = [one.span for one in wired.wires]
    left = min([*(box.x for box in all_of), *(span[0] for span in spans)], default=0.0) - _MARGIN
    top = min((box.y for box in all_of), default=0.0) - _MARGIN
    ends = [*(box.x + box.width for box in all_of), *(span[1] for span in spans)]
    width = max(ends, default=0.0) + _MARGIN - left
    height = max((box.y + box.height for box in all_of), default=0.0) + _MARGIN - top
    told: set[tuple[NodeId, PortName]] = set()
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="group" '
            f'aria-label="{escape(summary(flow))}" '
            f'viewBox="{left:g} {top:g} {width:g} {height:g}" width="{min(width, _MOST_WIDTH):g}" '
            f'font-family="system-ui, sans-serif">',
            f"<title>{escape(summary(flow))}</title>{sheet()}",
            f'<rect {fill("paper")} x="{left:g}" y="{top:g}" width="{width:g}" '
            f'height="{height:g}" rx="8"/>',
            *(_container(box, ran.get(box.node.name)) for box in all_of if box.opened),
            *_lanes(all_of),
            *(_wire(one, flow, ran, told) for one in wired.wires),
            *(
                _note(box) if box.node.kind == "note" else _node(box, ran.get(box.node.name))
                for box in all_of
                if not box.opened
            ),
            *_ends(wired.dots, shown),
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


# ---------------------------------------------------------------- wires


def _wire(
    wire: Wire, flow: FlowView, ran: Mapping[NodeId, Stood], told: set[tuple[NodeId, PortName]]
) -> str:
    """One wire; the first of each output says how much went along it, and is then `told`."""
    source = next(one for one in flow.nodes if one.name == wire.edge.source)
    found = ran.get(wire.edge.source, IDLE)
    status, label = "idle", ""
    if found.gave is not None:
        ref = found.gave.get(wire.edge.output)
        status = "live" if ref is not None else "dead"
        label = _rows(ref) or _branch(source, found, status)
    elif found.standing == "not-taken":
        status = "dead"
    way = f"{wire.edge.source}.{wire.edge.output} → {wire.edge.target}.{wire.edge.input}"
    look = {
        "idle": f'{stroke("line")} stroke-width="1.6"',
        "live": f'{stroke("good")} stroke-width="2.2"',
        "dead": f'{stroke("line")} stroke-width="1.6" stroke-dasharray="3 5"',
    }[status]
    text = ""
    port = (wire.edge.source, wire.edge.output)
    if label and port not in told:
        x, y = wire.label
        text = (
            f'<text {both("soft", "paper")} x="{x:g}" y="{y - 5:g}" font-size="10" '
            f'text-anchor="middle" stroke-width="4" paint-order="stroke">{escape(label)}</text>'
        )
    told.add(port)
    title = escape(f"{way}, {label}" if label else way)
    return (
        f'<g data-status="{status}"><title>{title}</title><path {look} d="{wire.path}"/>{text}</g>'
    )


def _branch(node: NodeView, found: Stood, status: str) -> str:
    """Whether a way out of a node that chose was taken; '' for one that did not choose."""
    return ("taken" if status == "live" else "not taken") if _took(node, found) else ""


def _took(node: NodeView, found: Stood) -> str:
    """`Took hot, wet`: what a node chose that chooses; '' for any other."""
    if found.gave is None or len(node.outputs) < 2:
        return ""
    taken = [_called(node, port) for port in node.outputs if port in found.gave]
    if len(taken) == len(node.outputs) and node.kind != "router":
        return ""
    return f"Took {', '.join(taken)}" if taken else "Took none"


def _called(node: NodeView, port: PortName) -> str:
    view = node.ports.get(port)
    return (view.label if view is not None else "") or str(port)


def _rows(ref: ValueRef | None) -> str:
    rows = None if ref is None else ref.rows
    return "" if rows is None else f"{rows:,} {'row' if rows == 1 else 'rows'}"


def _ends(dots: Iterable[tuple[float, float]], shown: Mapping[NodeId, Box]) -> list[str]:
    """A dot for each port, and the names of outputs where there is more than one."""
    names = [
        f'<text {fill("soft")} x="{box.x + box.width - 9:g}" '
        f'y="{box.y + box.height * (i + 1) / (len(outputs) + 1) + 4:g}" font-size="11" '
        f'text-anchor="end">{escape(_short(_called(box.node, port), 10))}</text>'
        for box in shown.values()
        if 1 < len(outputs := box.node.outputs) <= _MOST_LABELS and box.node.kind != "note"
        for i, port in enumerate(outputs)
    ]
    circles = [f'<circle {fill("faint")} cx="{x:g}" cy="{y:g}" r="3.5"/>' for x, y in dots]
    return [*names, *circles]


# ---------------------------------------------------------------- nodes


def _node(box: Box, ran: Stood | None) -> str:
    node, found = box.node, ran or IDLE
    tone = TONES.get(found.standing, "line")
    dashed = ' stroke-dasharray="5 4"' if found.standing in _FADED else ""
    ink = "faint" if found.standing in _FADED else "ink"
    rows = _rows(next(iter(found.gave.values()), None)) if found.gave else ""
    sub = f"{rows} · {node.kind}" if rows and len(node.outputs) == 1 else node.kind
    width = "2.5" if found.standing == "failed" else "1.5"
    parts = [
        _titled(node, ran),
        f'<rect {both("raised", tone)} {_frame(box)} rx="10" stroke-width="{width}"{dashed}/>',
        _text(box, 30, 15, ink, _short(str(node.name), _NAME), bold=True),
        _text(box, 47, 12, "soft", _short(sub, _SUB)),
    ]
    if ran is not None:
        parts.append(_foot(box, node, ran))
    return f'<g role="img" data-status="{found.standing}">{"".join(parts)}</g>'


def _foot(box: Box, node: NodeView, ran: Stood) -> str:
    """How it stood: sign and words, and how long it took where there is room for that."""
    tone = TONES.get(ran.standing, "faint")
    words = _took(node, ran) or ran.text
    y = box.y + box.height - 28
    sign = (
        f'<path {stroke(tone)} stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" '
        f'transform="translate({box.x + 14:g} {y:g})" d="{SIGNS[ran.standing]}"/>'
    )
    text = (
        f'<text {fill("soft")} x="{box.x + 36:g}" y="{y + 12.5:g}" font-size="12.5">'
        f"{escape(_short(words, 15))}</text>"
    )
    took = "" if ran.ms is None or len(node.outputs) > 1 else _duration(ran.ms)
    ms = (
        f'<text {fill("soft")} x="{box.x + box.width - 14:g}" y="{y + 12.5:g}" font-size="12.5" '
        f'text-anchor="end">{escape(took)}</text>'
    )
    return sign + text + (ms if took else "")


def _container(box: Box, ran: Stood | None) -> str:
    node, found = box.node, ran or IDLE
    tone = TONES.get(found.standing, "line")
    title = _short(f"{node.name} · {node.kind}", max(12, int(box.width / 9)))
    parts = [
        _titled(node, ran),
        f'<rect {both("sunken", tone)} {_frame(box)} rx="12" stroke-width="1.5"/>',
        _text(box, 23, 14, "ink", title, bold=True),
    ]
    if ran is not None:
        words = escape(ran.text)
        parts.append(
            f'<path {stroke(TONES.get(ran.standing, "faint"))} stroke-width="2.2" '
            f'stroke-linecap="round" stroke-linejoin="round" '
            f'transform="translate({box.x + box.width - 28:g} {box.y + 10:g})" '
            f'd="{SIGNS[ran.standing]}"><title>{words}</title></path>'
        )
    return f'<g role="img" data-status="{found.standing}" data-container="">{"".join(parts)}</g>'


def _lanes(all_of: Iterable[Box]) -> list[str]:
    """The names of blocks, above the first of their nodes."""
    tops: dict[tuple[NodeId, str], Box] = {}
    for box in all_of:
        block = block_of(box.node.options.get("in", ""))
        if box.node.inside is not None and block:
            key = (box.node.inside, block)
            tops[key] = min(tops.get(key, box), box, key=lambda one: one.y)
    return [_text(box, 16 - LANE, 11, "soft", block) for (_, block), box in tops.items()]


def _note(box: Box) -> str:
    settings = {one.name: one.text for one in box.node.settings}
    lines = [
        (part, line.startswith("#"))
        for line in settings.get("text", "").splitlines()
        for part in textwrap.wrap(_plain(line), _NOTE_LINE)
    ]
    if len(lines) > _NOTE_LINES:
        lines[_NOTE_LINES - 1 :] = [("…", False)]
    text = "".join(
        _text(box, 36 + 15 * i, 12, "ink", line, bold=heading)
        for i, (line, heading) in enumerate(lines)
    )
    name = _text(box, 19, 11, "soft", _short(str(box.node.name), _SUB), bold=True)
    title = f"<title>{escape(f'{box.node.name}, note')}</title>"
    frame = f'<rect {both("note", "warn")} {_frame(box)} rx="4"/>'
    return f'<g role="img">{title}{frame}{name}{text}</g>'


def _plain(line: str) -> str:
    """A line of Markdown without its marks."""
    without = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", line)
    without = re.sub(r"[*_`]{1,3}(\S(?:.*?\S)?)[*_`]{1,3}", r"\1", without)
    return re.sub(r"^\s*[-*+] ", "• ", without.lstrip("# "))


def _titled(node: NodeView, ran: Stood | None) -> str:
    """What a screen reader says of it."""
    words = [str(node.name), node.kind]
    if ran is not None:
        words += [ran.text.lower() if not ran.turns else ran.text, _took(node, ran).lower()]
        words.append("" if ran.ms is None else _duration(ran.ms))
    return f"<title>{escape(', '.join(one for one in words if one))}</title>"


def _frame(box: Box) -> str:
    return f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'


def _text(
    box: Box,
    below: float,
    size: float,
    tone: str,
    text: str,
    *,
    bold: bool = False,
) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text {fill(tone)} x="{box.x + 14:g}" y="{box.y + below:g}" font-size="{size:g}"'
        f"{weight}>{escape(text)}</text>"
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _duration(ms: float) -> str:
    if ms < 1:
        return "<1 ms"
    if ms < 1000:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    return f"{minutes} m {int(seconds % 60):02d} s" if minutes < 60 else f"{minutes // 60} h"
