"""Where the nodes of a job stand on the canvas, told to its kernel.

That is in the metadata of cells, of which a kernel sees only the text. Whoever runs the job by our
engine tells it in the environment; a kernel that was told nothing lays the flow out by itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from flowbook.cells.notebook import cell_from_json
from flowbook.errors import UsageError
from flowbook.graph.spec import FlowSpec, Position
from flowbook.ids import NodeId

NAME: Final = "FLOWBOOK_PLACES"
_MOST: Final = 100_000
"""Characters of it. Linux starts no process with a longer variable than 128 KiB; no drawing shows
so many nodes either."""


def told(job: Mapping[str, Any]) -> dict[str, str]:
    """What is said in the environment of the kernel of a job, an exported notebook as data.

    >>> own = {"flowbook": {"position": [0.0, 96.0]}}
    >>> told({"cells": [{"id": "a1", "metadata": own}, {"id": "b2", "metadata": {}}]})
    {'FLOWBOOK_PLACES': '{"a1": [0.0, 96.0]}'}
    """
    found = {}
    for number, document in enumerate(job.get("cells", ())):
        cell = cell_from_json(document, number)
        if cell.position is not None:
            found[str(cell.id)] = [cell.position.x, cell.position.y]
    text = json.dumps(found)
    return {NAME: text if len(text) <= _MOST else "{}"}


def told_of(job: Path) -> dict[str, str]:
    """The same of a file, which may be no notebook."""
    try:
        return told(json.loads(job.read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError, TypeError, UsageError):
        return told({})  # whoever runs the notebook says what is wrong with it


def heard(environment: Mapping[str, str], spec: FlowSpec) -> dict[NodeId, Position]:
    """The places of the nodes of `spec`, as far as the environment tells them.

    >>> from flowbook.export.notebook import cell_id
    >>> from flowbook.graph.spec import NodeSpec
    >>> said = {NAME: json.dumps({cell_id("node clean"): [0, 96]})}
    >>> heard(said, FlowSpec("tour", (NodeSpec("raw"), NodeSpec("clean"))))
    {'clean': Position(x=0.0, y=96.0)}
    """
    from flowbook.export.notebook import cell_id  # a job tells places before it loads that

    try:
        places = json.loads(environment.get(NAME, "{}"))
        at = {cell: Position(float(x), float(y)) for cell, (x, y) in places.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
    cells = {node.id: cell_id(f"node {node.id}") for node in spec.nodes}
    known = {name: at[cell] for name, cell in cells.items() if cell in at}
    return {name: one for name, one in known.items() if math.isfinite(one.x + one.y)}
