"""`Canvas`: the flow canvas as an anywidget, in a cell or anywhere anywidget runs.

The widget is a projection: it holds no state of its own, only the way to a `Publisher`. Its one
trait is a *snapshot trait*: never assigned, serialised afresh whenever a page asks for the
widget's state, so that a reload finds everything as it is now and nothing is echoed on change.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from flowbook.widget.drawing import drawing, summary
from flowbook.widget.host import CanvasHost
from flowbook.widget.picture import picture
from flowbook.widget.publisher import Publisher
from flowbook.widget.views import FlowView

_STATIC = Path(__file__).parent / "static"
_NOT_BUILT = """\
export default { render({ el }) {
  el.textContent = "The canvas was not built. Run: npm --prefix js ci && npm --prefix js run build"
} }
"""


def _asset(name: str, otherwise: str) -> Path | str:
    path = _STATIC / name
    return path if path.is_file() else otherwise


class Canvas(anywidget.AnyWidget):
    """One canvas on one host; display it, or ask for several views of it.

    Build it with `open_canvas`. Call `close()` (any widget's) to stop following the flow.
    """

    _esm = _asset("widget.js", _NOT_BUILT)
    _css = _asset("widget.css", "")
    snapshot = traitlets.Any(None).tag(
        sync=True, to_json=lambda _, canvas: canvas.publisher.snapshot()
    )

    def __init__(self, host: CanvasHost) -> None:
        self._host = host
        self.publisher = Publisher(host, self._post)
        super().__init__()
        self.on_msg(self._heard)
        _keep_answers_off_the_busy_shell(self)

    def close(self) -> None:
        """Stop following the flow and close every view."""
        self.publisher.close()
        super().close()

    def _post(self, message: dict[str, Any]) -> None:
        if getattr(self, "comm", None) is not None:  # not open yet, or closed: nobody listens
            self.send(message)

    def _heard(self, _: object, content: object, __: object) -> None:
        self.publisher.receive(content)  # maybe on a subshell thread: only posts

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The live view, and beside it a picture for readers without a kernel."""
        shown, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        flow, run = self._flow(), self._host.current_run()
        picture = drawing(flow, () if run is None else run.events())
        return {**shown, "text/plain": summary(flow), "image/svg+xml": picture}, metadata

    def _flow(self) -> FlowView:
        host = self._host
        return picture(host.spec(), host.problems(), host.positions(), registry=host.registry)


def open_canvas(host: CanvasHost) -> Canvas:
    """A canvas on `host`, ready to be displayed."""
    return Canvas(host)


def _keep_answers_off_the_busy_shell(canvas: Canvas) -> None:
    """Keep Cancel alive while a cell runs.

    ipykernel 7.4 routes a comm message to the shell that last sent on that comm. A busy cell that
    causes progress is then the shell that Cancel waits for. Without a route, comm messages stay
    on the subshell the front end chose.
    """
    if hasattr(canvas.comm, "_reply_subshell_for"):
        canvas.comm._reply_subshell_for = None  # noqa: SLF001 - there is no public switch
