"""`GET /flowbook/view/<path>`: the flow of a notebook and its last run, to be looked at by a link.

Whoever may open the server may open the link. Nothing is executed, and nothing can be changed.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError, authenticated

from flowbook.errors import FlowbookError
from flowbook.ids import RunId
from flowbook.session.project import project
from flowbook.session.stills import latest_run, taken_away


class ViewHandler(JupyterHandler):
    """One page; `?run=` shows another run than the last, `?outputs=1` what its nodes gave."""

    auth_resource = "flowbook"

    @authenticated
    @authorized
    async def get(self, path: str) -> None:
        run = self.get_argument("run", None)
        outputs = self.get_argument("outputs", "") not in ("", "0", "false")
        try:
            text = await asyncio.to_thread(self._page, path, run, outputs)
        except FlowbookError as refused:
            raise HTTPError(404, "%s", refused.message, reason=refused.message) from None
        self.set_header("Content-Type", "text/html; charset=utf-8")
        # Its own script and nothing from anywhere; it is no place to run as the user's own page.
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; "
            "img-src data: blob:; font-src data:; frame-ancestors 'self'; sandbox allow-scripts",
        )
        await self.finish(text)

    def _page(self, path: str, run: str | None, outputs: bool) -> str:
        root = Path(self.settings["server_root_dir"]).expanduser().resolve()
        place = (root / path.lstrip("/")).resolve()
        if not place.is_relative_to(root) or not place.is_file():
            raise HTTPError(404, "there is no notebook %s", path)
        home = project(root)
        flow = home.load(place).flow
        shown = RunId(run) if run else latest_run(home, str(flow.name))
        return taken_away(home, flow, "html", run=shown, outputs=outputs)
