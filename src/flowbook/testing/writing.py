"""From a run that was seen to a test: the text of a module for pytest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from flowbook.testing.seen import Seen

_TEXT = '''"""What the flow {flow} gives, as in run {run}.

Where it is meant to give something else by now: pytest --flowbook-update
"""

from flowbook.testing import expect


def test_{name}_gives_what_it_gave(flowbook_flow, flowbook_seen):
    flow = flowbook_flow({notebook!r})
    run = flow.test(seen=flowbook_seen({folder!r}))
    seen = flowbook_seen({folder!r}, run)
{lines}
'''


def identifier(flow: str) -> str:
    """A flow's name as part of a Python name.

    >>> identifier("daily report")
    'daily_report'
    """
    return re.sub(r"\W+", "_", flow).strip("_").lower() or "flow"


def module_text(seen: Seen, notebook: Path, folder: Path, nodes: Sequence[str]) -> str:
    """A test that runs the flow of `notebook` with what was seen, and compares `nodes`.

    Both paths are as the test's folder sees them.
    """
    lines = "\n".join(f"    expect(run, {node!r}).matches(seen)" for node in nodes)
    return _TEXT.format(
        flow=seen.flow,
        run=seen.run,
        name=identifier(seen.flow),
        notebook=notebook.as_posix(),
        folder=folder.as_posix(),
        lines=lines or "    assert run.raise_for_status()",
    )
