"""The Jupyter server extension: history over HTTP, so that it can be read with no kernel.

Everything under `flowbook/api/v1`, all JSON, all behind Jupyter's own login, its authorizer and,
for what changes something, its XSRF check. The audit says which user of the server it was, and from
which address. Which routes there are is in `flowbook.server.table`, and in the reference.

Times are ISO 8601. A refusal is `{"message", "hint", "kind"}`. 202: the process that performs the
run was asked, and will do it in a moment. The store is asked in a thread: one that is being folded
never blocks the server's loop.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from jupyter_server.utils import url_path_join

from flowbook.server.handler import Nowhere, handlers
from flowbook.server.live import Followers, LiveHandler
from flowbook.server.notifying import tell
from flowbook.server.reopening import reopen
from flowbook.server.scheduling import serve
from flowbook.server.table import API, ROUTES
from flowbook.server.viewer import ViewHandler
from flowbook.session.project import project

_SETTLED_SECONDS: Final = 2.0
"""So long after its start a server has other things to do."""


def _load_jupyter_server_extension(app: Any) -> None:
    base = app.web_app.settings["base_url"]
    app.web_app.add_handlers(
        ".*$",
        [
            *((url_path_join(base, API, path), found) for path, found in handlers(ROUTES)),
            (url_path_join(base, API, "live"), LiveHandler, {"followers": Followers()}),
            (url_path_join(base, API, ".*"), Nowhere),
            (url_path_join(base, "flowbook", "view", "(.+)"), ViewHandler),
        ],
    )
    root = app.web_app.settings["server_root_dir"]
    tell(root)
    reopen(root, app.log)
    serve(root, app.log)
    _warm(root)


def _warm(root: str) -> None:
    """Load the node types once pages have been served, so that the first canvas need not wait."""
    timer = threading.Timer(_SETTLED_SECONDS, lambda: project(root).registry)
    timer.daemon = True
    timer.start()
