"""Where the nodes of a flow stand on its canvas, as far as somebody has placed them.

Places are in the metadata of cells. Of a flow that a kernel draws by itself they are in a file of
the project's folder, which counts where no cell has a place. They change no version, so a version
that is published keeps those of that moment beside its definition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from flowbook.graph.spec import FlowSpec, Position
from flowbook.ids import NodeId


def layout_file(folder: Path, flow: str) -> Path:
    """Where a kernel keeps the places of a flow that it draws; `folder` is the project's own."""
    return folder / "layouts" / f"{flow}.json"


def kept_places(file: Path) -> dict[NodeId, Position]:
    """The places in a file of them; none where there is no such file, or it is damaged.

    >>> kept_places(Path("nowhere.json"))
    {}
    """
    try:
        places = json.loads(file.read_text(encoding="utf-8"))
        return {NodeId(name): Position(float(x), float(y)) for name, (x, y) in places.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}  # a layout is a convenience: lost or damaged, the automatic one stands in


def given_places(folder: Path, spec: FlowSpec) -> dict[NodeId, Position]:
    """The places that nodes of the flow have been given."""
    own = {node.id: node.position for node in spec.nodes if node.position is not None}
    if own:
        return own
    kept = kept_places(layout_file(folder, spec.id))
    return {name: kept[name] for name in spec.by_id if name in kept}


def placed(spec: FlowSpec, places: Mapping[NodeId, Position]) -> FlowSpec:
    """The flow with its nodes at these places, and at no others.

    >>> from flowbook.graph.spec import NodeSpec
    >>> made = placed(FlowSpec("tour", (NodeSpec("a"),)), {NodeId("a"): Position(0.0, 9.0)})
    >>> made.nodes[0].position
    Position(x=0.0, y=9.0)
    """
    return replace(
        spec, nodes=tuple(replace(one, position=places.get(one.id)) for one in spec.nodes)
    )
