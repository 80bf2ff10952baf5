"""The Jupyter server extension: history over HTTP, so that it can be read with no kernel.

Everything under `flowbook/api/v1`, all JSON, all behind Jupyter's own login, its authorizer and,
for what changes something, its XSRF check. The audit says which user of the server it was, and from
which address.

```
GET    runs?flow=&status=&trigger=&since=&until=&pinned=&text=&limit=20&cursor=
POST   runs/delete           {flow, status, trigger, since, until, pinned, text, reason, dry_run}
GET    runs/{run}            the run and its nodes
DELETE runs/{run}?reason=
GET    runs/{run}/nodes      GET runs/{run}/values      GET runs/{run}/events?after=-1&limit=100
POST   runs/{run}/pin        {pinned, reason}
POST   runs/{run}/cancel     {reason}
POST   runs/{run}/pause      POST runs/{run}/resume
POST   runs/{run}/signals/{name}    {payload}
POST   runs/{run}/approvals/{node}  {approved, comment}
GET    waiting?run=          the nodes that wait for something
GET    audit?run=&flow=&action=&actor=&since=&until=&text=&limit=100&cursor=
GET    store/status          GET store/sizes
POST   parse                 {cells | path}               the flow they hold, and its problems
POST   edit                  {cells | path, edit, seen}   the edit as patches of cells
```

Times are ISO 8601. A refusal is `{"message", "hint", "kind"}`. 202: the process that performs the
run was asked, and will do it in a moment. The store is asked in a thread: one that is being folded
never blocks the server's loop.
"""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from flowbook.server.handler import Handler, run_of
from flowbook.server.notebooks import EditHandler, ParseHandler
from flowbook.server.reopening import reopen
from flowbook.server.waiting import ApprovalHandler, SignalHandler, WaitingHandler
from flowbook.session.control import Request
from flowbook.session.start import STORE_FOLDER
from flowbook.store.deletion import Deletion
from flowbook.store.history import History
from flowbook.store.signals import Control

_VALUES = 'FROM "values" WHERE run_id = $run ORDER BY ts, node, port'
_NARROWING = ("flow", "status", "trigger", "text")


class RunsHandler(Handler):
    """`GET runs`: a page of them, latest first."""

    @authenticated
    @authorized
    async def get(self) -> None:
        asked: dict[str, Any] = {**self.words(*_NARROWING, "cursor"), **self.moments()}
        if pinned := self.words("pinned"):
            asked["pinned"] = _truth(pinned["pinned"])
        limit = max(1, self.number("limit", 20))
        await self.answer(lambda: self.history().runs(**asked, limit=limit).to_json())


class DeletionHandler(Handler):
    """`POST runs/delete`: all runs that match; only counted unless `dry_run` is false."""

    @authenticated
    @authorized
    async def post(self) -> None:
        kinds = dict.fromkeys((*_NARROWING, "since", "until", "reason"), str)
        asked = self.body(**kinds, pinned=bool, dry_run=bool)
        asked |= self.moments(asked)

        def ask() -> Deletion:
            opened, dry_run = self.project(), asked.pop("dry_run", True)
            if not (opened.path / STORE_FOLDER).is_dir():
                return Deletion(0, (), dry_run=dry_run)
            return opened.history.delete_where(**asked, dry_run=dry_run)

        await self.answer(ask)


class RunHandler(Handler):
    """`GET runs/{run}`: the run and its nodes; `DELETE runs/{run}`: for good."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        def ask() -> dict[str, Any]:
            history = self.history()
            return {"run": run_of(history, run), "nodes": _nodes(history, run)}

        await self.answer(ask)

    @authenticated
    @authorized
    async def delete(self, run: str) -> None:
        reason = self.words("reason").get("reason")

        def ask() -> Deletion:
            history = self.history()
            run_of(history, run)
            return history.delete(run, reason=reason)

        await self.answer(ask, misuse=409)  # it goes on, waits, or is pinned


class NodesHandler(Handler):
    """`GET runs/{run}/nodes`."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        def ask() -> dict[str, Any]:
            history = self.history()
            run_of(history, run)
            return {"nodes": _nodes(history, run)}

        await self.answer(ask)


class ValuesHandler(Handler):
    """`GET runs/{run}/values`: what its nodes gave, described; not the values themselves."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        def ask() -> dict[str, Any]:
            history = self.history()
            run_of(history, run)
            columns, rows = history.table(_VALUES, {"run": run})
            return {"values": [_value(dict(zip(columns, row, strict=True))) for row in rows]}

        await self.answer(ask)


class EventsHandler(Handler):
    """`GET runs/{run}/events?after=-1&limit=100`."""

    @authenticated
    @authorized
    async def get(self, run: str) -> None:
        after, limit = self.number("after", -1), max(1, self.number("limit", 100))

        def ask() -> dict[str, Any]:
            history = self.history()
            run_of(history, run)
            events = history.events(run, after=after, limit=limit)
            return {"events": events, "next": events[-1].seq if len(events) == limit else None}

        await self.answer(ask)


class PinHandler(Handler):
    """`POST runs/{run}/pin`: let it survive every retention, or no longer."""

    @authenticated
    @authorized
    async def post(self, run: str) -> None:
        asked = self.body(pinned=bool, reason=str)

        def ask() -> dict[str, Any]:
            history = self.history()
            run_of(history, run)
            change = history.pin if asked.get("pinned", True) else history.unpin
            change(run, reason=asked.get("reason"))
            return {"run": run_of(history, run)}

        await self.answer(ask)


class ControlHandler(Handler):
    """`POST runs/{run}/cancel`, `pause` and `resume`: ask the process that performs it."""

    @authenticated
    @authorized
    async def post(self, run: str, control: str) -> None:
        asked = self.body(reason=str) if control == Control.CANCEL else self.body()

        def ask() -> dict[str, Any]:
            opened = self.project()
            run_of(opened.history, run)
            request: Request = getattr(opened, control)(run, **asked)
            return request.to_json()

        await self.answer(ask, misuse=409, status=lambda found: 200 if found["here"] else 202)


class AuditHandler(Handler):
    """`GET audit`: a page of entries, newest first."""

    @authenticated
    @authorized
    async def get(self) -> None:
        words = self.words("run", "flow", "action", "actor", "text", "cursor")
        asked: dict[str, Any] = {**words, **self.moments()}
        limit = max(1, self.number("limit", 100))
        await self.answer(lambda: self.project().store.audit.search(**asked, limit=limit).to_json())


class StatusHandler(Handler):
    """`GET store/status`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(lambda: self.project().store.status().to_json())


class SizesHandler(Handler):
    """`GET store/sizes`: how much room each flow takes up."""

    @authenticated
    @authorized
    async def get(self) -> None:
        await self.answer(lambda: {"flows": self.project().store.sizes()})


def _nodes(history: History, run: str) -> list[dict[str, Any]]:
    return [node.to_json() for node in history.node_runs(run)]


def _value(row: dict[str, Any]) -> dict[str, Any]:
    at = row["ts"].replace(tzinfo=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**row, "ts": at, "columns": json.loads(row["columns"] or "null")}


def _truth(text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    if known is None:
        raise HTTPError(400, "pinned must be true or false, not %r", text)
    return known


def _load_jupyter_server_extension(app: Any) -> None:
    def route(*parts: str) -> str:
        return url_path_join(app.web_app.settings["base_url"], "flowbook", "api", "v1", *parts)

    run = "([0-9a-f-]{36})"
    app.web_app.add_handlers(
        ".*$",
        [
            (route("runs"), RunsHandler),
            (route("runs", "delete"), DeletionHandler),
            (route("runs", run), RunHandler),
            (route("runs", run, "nodes"), NodesHandler),
            (route("runs", run, "values"), ValuesHandler),
            (route("runs", run, "events"), EventsHandler),
            (route("runs", run, "pin"), PinHandler),
            (route("runs", run, f"({'|'.join(Control)})"), ControlHandler),
            (route("runs", run, "signals", "([^/]+)"), SignalHandler),
            (route("runs", run, "approvals", "([^/]+)"), ApprovalHandler),
            (route("waiting"), WaitingHandler),
            (route("audit"), AuditHandler),
            (route("store", "status"), StatusHandler),
            (route("store", "sizes"), SizesHandler),
            (route("parse"), ParseHandler),
            (route("edit"), EditHandler),
        ],
    )
    reopen(app.web_app.settings["server_root_dir"], app.log)
