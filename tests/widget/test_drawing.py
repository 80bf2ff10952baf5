from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree import ElementTree

from tests.widget.stage import spec

from flowbook.events import NodeCompleted, NodeFailed, NodeSkipped, NodeStarted, SkipReason
from flowbook.events.values import ErrorInfo, ValueFormat, ValueRef
from flowbook.graph.layout import layout
from flowbook.graph.spec import Position
from flowbook.ids import EventSeq, NodeId, PortName, RunId
from flowbook.widget.drawing import drawing, summary
from flowbook.widget.ink import TONES
from flowbook.widget.picture import picture
from flowbook.widget.stood import SIGNS, WORDS, stood
from flowbook.widget.views import EdgeView, FlowView, InputView, NodeView, PortView, SettingView

SVG = "{http://www.w3.org/2000/svg}"
GOLDEN = Path(__file__).parents[1] / "golden" / "drawing.svg"
MARKS = Path(__file__).parents[2] / "js" / "src" / "view" / "marks.ts"
ROWS = {
    "orders": ("http", "", "orders"),
    "sorted": ("router", "orders", "big small"),
    "ship": ("python", "sorted.big", "ship"),
    "thank": ("python", "sorted.small", "thank"),
    "total": ("sql", "orders ship", "total"),
}


def flow() -> FlowView:
    edges = [
        EdgeView(
            NodeId(source.partition(".")[0]),
            PortName(source.partition(".")[2] or source),
            NodeId(name),
            PortName(source.partition(".")[2] or source),
        )
        for name, (_, inputs, _) in ROWS.items()
        for source in inputs.split()
    ]
    places = layout([NodeId(name) for name in ROWS], [(one.source, one.target) for one in edges])
    nodes = [
        NodeView(
            NodeId(name),
            kind,
            places[NodeId(name)].x,
            places[NodeId(name)].y,
            tuple(InputView(one.input, "") for one in edges if one.target == name),
            tuple(PortName(one) for one in outputs.split()),
            ports={PortName("big"): PortView("big orders")} if name == "sorted" else {},
        )
        for name, (kind, _, outputs) in ROWS.items()
    ]
    note = NodeView(
        NodeId("why"),
        "note",
        0,
        300,
        settings=(SettingView("text", "literal", "# Why\nMoney & time"),),
    )
    return FlowView("shop", (*nodes, note), tuple(edges))


def events():
    """A run: all went well but the branch that was not taken, and the last node."""
    seq = iter(range(100))

    def told(kind, node, **fields):
        about = {"run": RunId("r"), "seq": EventSeq(next(seq)), "at": 1.0, "node": NodeId(node)}
        return kind(**about, **fields)

    ref = ValueRef("ab", ValueFormat.PARQUET, "pandas.DataFrame", rows=1461)
    return [
        told(NodeCompleted, "orders", attempt=1, ms=612.0, outputs={PortName("orders"): ref}),
        told(NodeCompleted, "sorted", attempt=1, ms=0.4, outputs={PortName("big"): ref}),
        told(NodeSkipped, "thank", reason=SkipReason.BRANCH_NOT_TAKEN),
        told(NodeCompleted, "ship", attempt=1, ms=1240.0, outputs={PortName("ship"): ref}),
        told(NodeStarted, "total", attempt=1),
        told(NodeFailed, "total", attempt=1, ms=3.0, error=ErrorInfo("KeyError", "'rain'")),
    ]


def drawn(view: FlowView, told=()) -> ElementTree.Element:
    return ElementTree.fromstring(drawing(view, told))


def titles(root: ElementTree.Element) -> list[str]:
    return [one.text or "" for one in root.iter(f"{SVG}title")]


def test_the_drawing_is_well_formed_and_shows_every_node_and_edge():
    places = {NodeId("clean"): Position(270, 0)}
    root = drawn(picture(spec(), (), places))
    assert titles(root) == [
        "flow tour: 2 nodes, 1 edges",
        "fetch.rows → clean.rows",
        "clean, python",
        "fetch, http",
    ]


def test_it_is_drawn_as_it_was():
    text = drawing(flow(), events()).replace("><", ">\n<")
    if os.environ.get("RENEW_GOLDEN"):
        GOLDEN.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == GOLDEN.read_text(encoding="utf-8"), "look at it, then RENEW_GOLDEN=1"


def test_of_a_run_it_says_by_sign_word_and_colour_how_each_node_stood():
    root = drawn(flow(), events())
    cards = {
        title.partition(",")[0]: (one, title)
        for one in root.findall(f"{SVG}g")
        if "→" not in (title := one.findtext(f"{SVG}title") or "")
    }
    assert cards["orders"][1] == "orders, http, succeeded, 612 ms"
    assert cards["sorted"][1] == "sorted, router, succeeded, took big orders, <1 ms"
    assert cards["thank"][1] == "thank, python, not taken"
    assert cards["total"][1] == "total, sql, failed, 3 ms"
    for name, standing in (("orders", "succeeded"), ("thank", "not-taken"), ("total", "failed")):
        card = cards[name][0]
        assert card.get("data-status") == standing
        (sign,) = card.findall(f"{SVG}path")
        assert sign.get("d") == SIGNS[standing]
        assert f"fbd-s-{TONES.get(standing, 'faint')}" in (sign.get("class") or "")
        assert WORDS[standing] in [one.text for one in card.iter(f"{SVG}text")]


def test_the_way_it_took_is_thicker_and_what_it_left_is_dashed_and_said():
    root = drawn(flow(), events())
    wires = {one.findtext(f"{SVG}title"): one for one in root.findall(f"{SVG}g")}
    taken = wires["sorted.big → ship.big, 1,461 rows"]
    left = wires["sorted.small → thank.small, not taken"]
    (way,), (other,) = taken.findall(f"{SVG}path"), left.findall(f"{SVG}path")
    assert float(way.get("stroke-width", 0)) > float(other.get("stroke-width", 0))
    assert way.get("stroke-dasharray") is None
    assert other.get("stroke-dasharray")


def test_a_wire_that_crosses_a_column_goes_through_its_corridor():
    root = drawn(flow())
    ways = {
        one.findtext(f"{SVG}title"): one.find(f"{SVG}path").get("d")
        for one in root.findall(f"{SVG}g")
        if one.find(f"{SVG}path") is not None
    }
    assert "L" in ways["orders.orders → total.orders"]
    assert "L" not in ways["orders.orders → sorted.orders"]
    nodes = [one for one in flow().nodes if one.name in ("sorted", "ship")]
    heights = [
        float(y) for y in re.findall(r"L[\d.]+,([\d.-]+)", ways["orders.orders → total.orders"])
    ]
    assert all(not one.y <= y <= one.y + 84 for one in nodes for y in heights)


def test_it_brings_light_and_dark_and_no_class_that_a_page_could_have():
    text = drawing(flow(), events())
    assert "@media (prefers-color-scheme: dark)" in text
    names = {name for found in re.findall(r'class="([^"]*)"', text) for name in found.split()}
    assert names
    assert all(name.startswith("fbd-") for name in names)
    assert all(f".{name}{{" in text for name in names)


def test_its_signs_are_those_of_the_live_canvas():
    marks = MARKS.read_text(encoding="utf-8")
    ring = SIGNS["idle"]
    assert f'"{ring}"' in marks
    for sign in SIGNS.values():
        assert sign == ring or sign.removeprefix(ring) in marks


def test_text_of_the_flow_cannot_break_out():
    view = FlowView("<script>", (NodeView("a", "<b>&", 0, 0),))
    assert "<script>" not in drawing(view)
    ElementTree.fromstring(drawing(view))


def test_a_very_large_flow_says_what_is_left_out():
    view = FlowView("big", tuple(NodeView(f"n{i}", "python", 0, i) for i in range(200)))
    assert drawing(view).count('<g role="img"') == 150
    assert summary(view).endswith("(50 not drawn)")


def test_a_container_is_a_box_around_its_members_and_names_its_blocks():
    each = NodeView("each", "try", 100, 0, contains=True)
    inner = NodeView("clean", "python", 900, 900, options={"in": "each"}, inside="each")
    other = NodeView("other", "python", 900, 1100, options={"in": "each.catch"}, inside="each")
    root = drawn(FlowView("f", (each, inner, other)))
    _, frame, card, _ = (one.attrib for one in root.iter(f"{SVG}rect"))
    assert (frame["x"], frame["width"], frame["height"]) == ("100", "224", "360")
    assert (card["x"], card["y"]) == ("120", "56")
    assert "catch" in [one.text for one in root.iter(f"{SVG}text")]


def test_wires_to_what_is_in_a_closed_container_end_at_it():
    members = tuple(
        NodeView(f"m{i}", "python", 0, 0, outputs=("out",), inside="each") for i in range(41)
    )
    each = NodeView("each", "map", 0, 0, contains=True)
    after = NodeView("after", "python", 400, 0, inputs=(InputView("out", ""),))
    edges = (EdgeView("m1", "out", "after", "out"), EdgeView("m1", "out", "m2", "out"))
    root = drawn(FlowView("f", (each, after, *members), edges))
    (wire,) = (one for one in root.findall(f"{SVG}g") if one.get("role") is None)
    assert wire.find(f"{SVG}path").get("d", "").startswith("M184,42C")


def test_a_note_is_its_name_and_its_text_and_a_long_one_is_cut():
    text = "\n".join(f"line {i}" for i in range(30))
    note = NodeView("why", "note", 0, 0, settings=(SettingView("text", "literal", text),))
    shown = [one.text for one in drawn(FlowView("f", (note,))).iter(f"{SVG}text")]
    assert shown == ["why", *(f"line {i}" for i in range(5)), "…"]


def test_a_note_is_read_without_the_marks_of_markdown():
    text = "# Weather\n**three** *stations*: `fetch`\n- see [the source](https://example.org)"
    note = NodeView("why", "note", 0, 0, settings=(SettingView("text", "literal", text),))
    shown = [one.text for one in drawn(FlowView("f", (note,))).iter(f"{SVG}text")]
    assert shown == ["why", "Weather", "three stations: fetch", "• see the source"]


def test_how_much_went_along_is_said_once_for_each_output():
    root = drawn(flow(), events())
    shown = [one.text for one in root.findall(f"{SVG}g/{SVG}text")]
    assert shown.count("1,461 rows") == 3  # of orders, of what was sorted, of what was shipped


def test_a_node_that_ran_in_many_turns_is_counted():
    def ended(kind, turn, **more):
        about = {"run": RunId("r"), "seq": EventSeq(turn), "at": 1.0, "node": NodeId("clean")}
        return kind(**about, scope=f"each[{turn}]", attempt=1, ms=1.0, **more)

    told = [ended(NodeCompleted, i) for i in range(3)]
    told.append(ended(NodeFailed, 3, error=ErrorInfo("KeyError", "x")))
    found = stood(told)[NodeId("clean")]
    assert found.standing == "failed"
    assert found.text == "✓3 ✗1"


def test_a_wire_that_goes_back_is_in_the_picture():
    far, near = NodeId("far"), NodeId("near")
    nodes = (
        NodeView(far, "python", 300, 0, outputs=(PortName("far"),)),
        NodeView(near, "python", 0, 200, (InputView(PortName("far"), ""),)),
    )
    svg = drawing(FlowView("tour", nodes, (EdgeView(far, PortName("far"), near, PortName("far")),)))
    left, _top, width, _height = map(float, re.search(r'viewBox="([^"]+)"', svg)[1].split())
    x0, x1, x2, x3 = (
        float(one.partition(",")[0])
        for one in re.search(r' d="M([^"C]+)C([^" ]+) ([^" ]+) ([^" ]+)"', svg).groups()
    )
    steps = [n / 50 for n in range(51)]
    curve = [
        x0 * (1 - t) ** 3 + 3 * x1 * t * (1 - t) ** 2 + 3 * x2 * t * t * (1 - t) + x3 * t**3
        for t in steps
    ]
    assert min(curve) < 0
    assert max(curve) > 300 + 184
    assert left < min(curve) - 10
    assert left + width > max(curve) + 10
