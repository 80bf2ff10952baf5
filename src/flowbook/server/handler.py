"""What every answer of the server has in common: who asks, a thread to ask in, errors as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from http.client import responses
from typing import Any

import msgspec
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError

from flowbook.errors import FlowbookError, StoreBusy, UsageError
from flowbook.session.project import Project, project
from flowbook.store.audit import acting
from flowbook.store.history import History

_PAGE = 200


class Missing(UsageError):
    """What the address names does not exist."""


class Handler(APIHandler):
    """Base of every handler."""

    auth_resource = "flowbook"

    def project(self) -> Project:
        """The project of the folder this server serves."""
        return project(self.settings["server_root_dir"])

    def history(self) -> History:
        """Its history."""
        return self.project().history

    async def answer(
        self,
        ask: Callable[[], Any],
        *,
        misuse: int = 400,
        status: Callable[[Any], int] = lambda _found: 200,
    ) -> None:
        """Run `ask` in a thread and send its result as JSON, or the error with its hint."""
        user, address = self.current_user, self.request.remote_ip
        try:
            with acting(actor=user.username, source=f"server {address}"):
                found = await asyncio.to_thread(ask)
        except FlowbookError as error:
            self._refuse(_status(error, misuse), error.message, error.hint, type(error).__name__)
        else:
            self.set_status(status(found))
            self.set_header("Content-Type", "application/json")
            await self.finish(msgspec.json.encode(found, enc_hook=str))

    def write_error(self, status_code: int, **details: Any) -> None:
        """What Jupyter and tornado refuse, in the same form."""
        error = (details.get("exc_info") or (None, None))[1]
        message = responses.get(status_code, "error")
        if isinstance(error, HTTPError):
            told = error.log_message or message
            message = error.reason or (told % error.args if error.args else told)
        self._refuse(status_code, message, None, type(error).__name__)

    def _refuse(self, status: int, message: str, hint: str | None, kind: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": message, "hint": hint, "kind": kind.strip("_")}))

    # ------------------------------------------------------------ what was asked

    def number(self, name: str, default: int) -> int:
        """A whole-number argument between -1 and the largest page."""
        raw = self.get_argument(name, str(default))
        if not raw.lstrip("-").isdigit():
            raise HTTPError(400, "%s must be a whole number, not %r", name, raw)
        return max(-1, min(int(raw), _PAGE if name == "limit" else 2**53))

    def words(self, *names: str) -> dict[str, str]:
        """The arguments of these names that were given."""
        given = {name: self.get_argument(name, None) for name in names}
        return {name: value for name, value in given.items() if value}

    def moments(self, given: Mapping[str, Any] | None = None) -> dict[str, datetime]:
        """`since` and `until`, of the query or of a body."""
        words = self.words("since", "until") if given is None else given
        return {name: _moment(name, words[name]) for name in ("since", "until") if words.get(name)}

    def body(self, **kinds: type) -> dict[str, Any]:
        """The fields of a JSON body, each of its kind; None is as good as absent."""
        given = self.get_json_body() or {}
        if not isinstance(given, dict):
            raise HTTPError(400, "the body must be a JSON object")
        for name, value in given.items():
            if name not in kinds:
                raise HTTPError(400, "%s is no field; there are %s", name, ", ".join(kinds))
            if value is not None and not isinstance(value, kinds[name]):
                raise HTTPError(400, "%s must be a %s", name, kinds[name].__name__)
        return {name: value for name, value in given.items() if value is not None}


def run_of(history: History, run: str) -> dict[str, Any]:
    """A run as plain data; `Missing` when there is none."""
    try:
        return history.run(run).to_json()
    except UsageError as unknown:
        raise Missing(unknown.message, hint=unknown.hint) from None


def _status(error: FlowbookError, misuse: int) -> int:
    if isinstance(error, Missing):
        return 404
    if isinstance(error, StoreBusy):
        return 503
    return misuse if isinstance(error, UsageError) else 500


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise HTTPError(400, "%s must be a time in ISO 8601, not %r", name, text) from None
