"""The server's own scheduler: a thread that starts what is due in the project it serves.

It runs nothing of a flow, for every run has a process of its own. Any number of servers and of
`flowbook scheduler` may look after one project. The setting `scheduler` of a project says whether
servers do; it is asked again at every look, so that it holds at once.
"""

from __future__ import annotations

import atexit
import threading
from logging import Logger
from pathlib import Path
from typing import Any, Final

from flowbook.errors import FlowbookError
from flowbook.session.folder import STORE_FOLDER
from flowbook.session.project import Project, project
from flowbook.session.scheduler import Scheduler

LOOK_SECONDS: Final = 10.0
"""So often it is looked whether there is anything to look after."""
_running: dict[Path, Serving] = {}
_starting = threading.Lock()


class Serving:
    """The thread of one process for one folder."""

    def __init__(self, root: str, log: Logger) -> None:
        self._root, self._log = root, log
        self._stopping = threading.Event()
        self.active = False
        """True while it looks after what is due."""
        self._scheduler: Scheduler | None = None
        self._thread = threading.Thread(target=self._work, name="flowbook-scheduler", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Start nothing any more; returns when that is so."""
        self._stopping.set()
        if self._scheduler is not None:
            self._scheduler.stop()  # in the midst of a look, too
        self._thread.join()

    def _work(self) -> None:
        while not self._stopping.is_set():
            seconds = LOOK_SECONDS
            try:
                home = project(self._root)
                self.active = _is_wanted(home)
                if self.active and home.store.agenda.schedules():
                    seconds = self._looked(home)
            except (FlowbookError, OSError) as error:
                self._log.warning("flowbook: schedules cannot be looked after: %s", error)
            except Exception:  # noqa: BLE001 - our bug must not end, unheard, what others count on
                self._log.exception("flowbook: schedules cannot be looked after")
            self._stopping.wait(seconds)
        self.active = False

    def _looked(self, home: Project) -> float:
        """See to what is due; for how many seconds nothing is, as far as that is known."""
        if self._scheduler is None:
            self._scheduler = Scheduler(home, say=self._say)
        if self._stopping.is_set():  # before there was a scheduler that could be told
            return LOOK_SECONDS
        return self._scheduler.rest(self._scheduler.look())

    def _say(self, what: dict[str, Any]) -> None:
        self._log.info("flowbook: schedule %(schedule)s: %(verdict)s %(detail)s", what)


def serve(root: str, log: Logger) -> Serving:
    """Look after the schedules of the served folder from now on: one thread in this process."""
    path = Path(root).expanduser().resolve()
    with _starting:
        found = _running.get(path)
        if found is None:
            found = _running[path] = Serving(str(path), log)
            atexit.register(found.stop)  # before the store is closed that it may be looking at
        return found


def is_running(home: Project) -> bool:
    """True when this process looks after what is due in a project."""
    return any(one.active and project(root) is home for root, one in list(_running.items()))


def _is_wanted(home: Project) -> bool:
    return (home.path / STORE_FOLDER).is_dir() and bool(home.store.settings.get("scheduler"))
