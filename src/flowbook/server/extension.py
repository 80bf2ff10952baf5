"""The Jupyter server extension: history over HTTP, so that it can be read with no kernel.

`GET flowbook/api/v1/runs`, `runs/{run}`, `runs/{run}/events`, all JSON, all behind Jupyter's own
login. The query runs in a thread: a store that is being folded never blocks the server's loop.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from flowbook.errors import FlowbookError, StoreBusy, UsageError
from flowbook.session.project import Project, project

_PAGE = 200


class _Handler(APIHandler):
    def project(self) -> Project:
        """The project of the folder this server serves."""
        return project(self.settings["server_root_dir"])

    async def answer(self, ask: Callable[[], Any]) -> None:
        """Run `ask` in a thread and send its result as JSON, or the error with its hint."""
        try:
            found = await asyncio.to_thread(ask)
        except StoreBusy as busy:
            self._refuse(503, busy)
        except UsageError as misuse:
            self._refuse(400, misuse)
        else:
            self.set_header("Content-Type", "application/json")
            await self.finish(msgspec.json.encode(found, enc_hook=str))

    def _refuse(self, status: int, error: FlowbookError) -> None:
        self.set_status(status)
        self.finish(json.dumps({"message": error.message, "hint": error.hint}))

    def number(self, name: str, default: int) -> int:
        """A whole-number argument between -1 and the largest page."""
        raw = self.get_argument(name, str(default))
        if not raw.lstrip("-").isdigit():
            raise HTTPError(400, f"{name} must be a whole number, not {raw!r}")
        return max(-1, min(int(raw), _PAGE if name == "limit" else 2**53))


class RunsHandler(_Handler):
    """`GET runs?flow=&status=&trigger=&limit=20&cursor=`."""

    @authenticated
    async def get(self) -> None:
        flow, status = self.get_argument("flow", None), self.get_argument("status", None)
        trigger, cursor = self.get_argument("trigger", None), self.get_argument("cursor", None)
        limit = max(1, self.number("limit", 20))

        def ask() -> object:
            history = self.project().history
            page = history.runs(
                flow=flow, status=status, trigger=trigger, limit=limit, cursor=cursor
            )
            return page.to_json()

        await self.answer(ask)


class RunHandler(_Handler):
    """`GET runs/{run}`: the run and its nodes."""

    @authenticated
    async def get(self, run: str) -> None:
        def ask() -> dict[str, Any]:
            history = self.project().history
            return {
                "run": history.run(run).to_json(),
                "nodes": [node.to_json() for node in history.node_runs(run)],
            }

        await self.answer(ask)


class EventsHandler(_Handler):
    """`GET runs/{run}/events?after=-1&limit=100`."""

    @authenticated
    async def get(self, run: str) -> None:
        after, limit = self.number("after", -1), self.number("limit", 100)

        def ask() -> dict[str, Any]:
            events = self.project().history.events(run, after=after, limit=limit)
            return {"events": events, "next": events[-1].seq if len(events) == limit else None}

        await self.answer(ask)


def _load_jupyter_server_extension(app: Any) -> None:
    def route(*parts: str) -> str:
        return url_path_join(app.web_app.settings["base_url"], "flowbook", "api", "v1", *parts)

    run = "([0-9a-f-]{36})"
    app.web_app.add_handlers(
        ".*$",
        [
            (route("runs"), RunsHandler),
            (route("runs", run), RunHandler),
            (route("runs", run, "events"), EventsHandler),
        ],
    )
