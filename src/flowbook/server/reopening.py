"""What the server sees to when it starts: runs of notebooks that were lost, with nobody there.

The server itself runs nothing of a flow: what may go on by itself does so in a process of its own,
`flowbook recover`, which outlives the server if it has to. Starting never waits for it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from logging import Logger

from flowbook.errors import FlowbookError
from flowbook.session.folder import STORE_FOLDER
from flowbook.session.project import project
from flowbook.session.reopening import due_by_itself


def reopen(root: str, log: Logger) -> threading.Thread | None:
    """Look in a thread for what may go on, and see it out; None when nothing was ever run there."""
    opened = project(root)
    if not (opened.path / STORE_FOLDER).is_dir():
        return None

    def look() -> None:
        try:
            rows = due_by_itself(opened)
        except FlowbookError as error:
            log.warning("flowbook: lost runs cannot be looked for: %s", error)
            return
        if rows:
            names = ", ".join(f"{row.id} of {row.flow!r}" for row in rows)
            log.info("flowbook: these runs may go on: %s; `flowbook history` shows them", names)
            subprocess.run(  # noqa: S603 - our own command, and a folder
                [sys.executable, "-m", "flowbook.cli", "recover", "--project", str(opened.path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                check=False,  # what it refuses it has said on our standard error
            )

    thread = threading.Thread(target=look, name="flowbook-reopening", daemon=True)
    thread.start()
    return thread
