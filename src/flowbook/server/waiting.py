"""What waits, and what is said to it, over HTTP."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado.web import HTTPError, authenticated

from flowbook.server.handler import Handler, run_of


class SignalHandler(Handler):
    """`POST runs/{run}/signals/{name}`: it is kept until a node of the run takes it."""

    @authenticated
    @authorized
    async def post(self, run: str, name: str) -> None:
        payload = self.body(payload=object).get("payload")

        def ask() -> dict[str, Any]:
            run_of(self.history(), run)
            return {"run": run, "signal": name, "id": self.project().signal(run, name, payload)}

        await self.answer(ask, misuse=409, status=lambda _sent: 202)


class ApprovalHandler(Handler):
    """`POST runs/{run}/approvals/{node}`: the server's user decides."""

    @authenticated
    @authorized
    async def post(self, run: str, node: str) -> None:
        asked = self.body(approved=bool, comment=str)
        if "approved" not in asked:
            raise HTTPError(400, "approved must be true or false")

        def ask() -> dict[str, Any]:
            run_of(self.history(), run)
            sent = self.project().approve(run, node, **asked)
            return {"run": run, "node": node, "approved": asked["approved"], "id": sent}

        await self.answer(ask, misuse=409, status=lambda _sent: 202)


class WaitingHandler(Handler):
    """`GET waiting?run=`."""

    @authenticated
    @authorized
    async def get(self) -> None:
        run = self.words("run").get("run")
        await self.answer(lambda: {"waiting": [w.to_json() for w in self.project().waiting(run)]})
