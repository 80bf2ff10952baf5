"""A flow as one page that needs nothing: no kernel, no server, no network.

The canvas itself is in it, with the flow, the run that was shown and, where wanted, what its nodes
gave. Whoever opens the page can pan, zoom, search and look into nodes, and change nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import msgspec

from flowbook.errors import UsageError
from flowbook.widget.drawing import drawing, summary
from flowbook.widget.parts import text_of
from flowbook.widget.protocol import Details, Snapshot, write

_STATIC = Path(__file__).parent / "static"
_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>$css
html, body { margin: 0; height: 100%; }
.fb-place { --fb-height: 100vh; height: 100vh; }
@media print { .fb-place { display: none; } .fb-paper svg { width: 100%; height: auto; } }
@media screen { .fb-paper { display: none; } }
</style>
</head>
<body>
<div class="fb-place" id="canvas"></div>
<div class="fb-paper"><h1>$title</h1>$svg</div>
<noscript><h1>$title</h1>$svg</noscript>
<script type="application/json" id="told">$told</script>
<script type="module">
const told = JSON.parse(document.getElementById("told").textContent);
const code = Uint8Array.from(atob("$code"), (one) => one.charCodeAt(0));
const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
const { open } = await import(url);
URL.revokeObjectURL(url);
const listeners = [];
const tell = (message) => queueMicrotask(() => listeners.forEach((one) => one(message)));
const refuse = ({ view, rid }) => tell({
  type: "REFUSED", message: "This page is a copy of the flow: nothing can be changed or run here.",
  hint: "Open the notebook in JupyterLab.", problems: [], view: view ?? "", rid: rid ?? null,
});
open({
  still: true,
  send(message) {
    if (message.type === "HELLO") return tell(told.snapshot);
    if (message.type === "PART") {
      const { view, rid, name } = message;
      return tell({ type: "PART", view, rid, text: told.parts[name] });
    }
    if (message.type !== "INSPECT") return refuse(message);
    const found = told.details[message.node];
    if (found !== undefined) tell({ ...found, view: message.view });
  },
  opening: () => told.snapshot,
  onMessage: (callback) => listeners.push(callback),
  onLink: () => {},
}, document.getElementById("canvas"));
</script>
</body>
</html>
""")


def page(snapshot: Snapshot, closeups: Sequence[Details] = ()) -> str:
    """The text of the page; `closeups` is what it can say of single nodes.

    Raises `UsageError` when the canvas was not built into this installation.
    """
    code, css = (_STATIC / name for name in ("widget.js", "widget.css"))
    if not code.is_file():
        raise UsageError(
            "the canvas was not built into this installation",
            hint="npm --prefix js ci && npm --prefix js run build",
        )
    flow = snapshot.flow
    return _PAGE.substitute(
        title=escape(summary(flow)),
        css=css.read_text(encoding="utf-8").replace("</", "<\\/"),
        svg=drawing(flow, () if snapshot.run is None else snapshot.run.events),
        told=_json(
            {
                "snapshot": write(snapshot),
                "details": _by_node(snapshot, closeups),
                "parts": {"more": text_of("more")},
            }
        ),
        code=base64.b64encode(code.read_bytes()).decode("ascii"),
    )


def _by_node(snapshot: Snapshot, closeups: Sequence[Details]) -> dict[str, Any]:
    """For every node something, or the page would wait for it for ever."""
    silent = {str(node.name): write(Details("", node.name)) for node in snapshot.flow.nodes}
    return {**silent, **{str(one.node): write(one) for one in closeups}}


def _json(told: object) -> str:
    """JSON that no HTML parser takes for markup."""
    return msgspec.json.encode(told).decode().replace("<", "\\u003c")
