"""A node that tells people, or another system, that something happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

import traitlets
from traitlets import Dict, Enum, List, Unicode, validate

from flowbook.errors import NotGranted, UsageError
from flowbook.graph.node import Node, NodeContext
from flowbook.ids import PortName
from flowbook.nodes.durations import duration
from flowbook.nodes.notify.channels import channel
from flowbook.nodes.notify.delivery import Delivery
from flowbook.nodes.notify.mail import SECURITY
from flowbook.nodes.notify.payloads import LEVELS, Notice, stamp


class NotifyNode(Node):
    """Sends a message by a webhook, to Slack, to Discord or by e-mail, and gives what became of it.

    The address is a secret: it stands in no log and no error. A message that did not get through
    fails the attempt, and `retries` is the node's option; all attempts carry the same
    Idempotency-Key.
    """

    kind: ClassVar[str] = "notify"
    begins: ClassVar[str] = "message: It is done."
    family: ClassVar[str] = "services"
    external: ClassVar[bool] = True
    opaque: ClassVar[str] = "it tells somebody something"
    example: ClassVar[str] = """\
%%flow python inbox
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

class Inbox(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Inbox)
Thread(target=lambda: (server.handle_request(), server.server_close())).start()
inbox = f"http://127.0.0.1:{server.server_port}"

%%flow notify told(inbox)
url: "{{ inbox }}"
event: report_ready
message: The report is ready.
fields: {pages: 12}
"""

    channel = Unicode(
        "webhook",
        help="How it is sent: webhook, slack, discord, email, or a channel another package brings.",
    ).tag(config=True, examples=["slack", "email"])
    url = Unicode("", help="Address of the webhook; keep it as a secret rather than here.").tag(
        config=True, secret=True, examples=["{{ $secret.slack }}"]
    )
    secret = Unicode(
        "", help="Name of the secret that has the address, or the password of the mail server."
    ).tag(config=True)
    event = Unicode("notification", help="What happened, in a word such as run_failed.").tag(
        config=True
    )
    message = traitlets.Any("", help="What is said; of a run_failed, the error.").tag(config=True)
    fields = Dict(help="Facts that stand below the message, by name.").tag(config=True)
    level = Enum(
        ("", *LEVELS), default_value="", help="How grave it is; it gives the message its colour."
    ).tag(config=True)
    title = Unicode("", help="The name the message gives the flow; its own if left out.").tag(
        config=True
    )
    timeout = traitlets.Any(10.0, help="Give up an attempt after this long: 10s.").tag(config=True)
    server = Unicode("", help="Mail server, as host or host:port.").tag(config=True)
    security = Enum(
        SECURITY, default_value="starttls", help="How the mail server is spoken to."
    ).tag(config=True)
    user = Unicode("", help="User of the mail server; its password is the secret.").tag(config=True)
    sender = Unicode("", help="Who an e-mail is from.").tag(config=True)
    to = List(Unicode(), help="Who an e-mail is for.").tag(config=True)
    subject = Unicode("", help="Subject of an e-mail; what is said if left out.").tag(config=True)

    def __init__(self, spec: Any, **traits: Any) -> None:
        """A single address `to` may be given as text."""
        if isinstance(traits.get("to"), str):
            traits["to"] = [traits["to"]]
        super().__init__(spec, **traits)

    @validate("timeout")
    def _check_timeout(self, proposal: dict[str, Any]) -> float:
        return duration("timeout", proposal["value"])

    async def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> dict[str, Any]:
        """`{channel, event, …}` with what the channel knows; raises when it was not delivered."""
        if not context.services.effects:
            raise NotGranted(
                f"notify {self.name!r} tells nobody in a test run",
                grant="effects",
                what=f"send to {self.channel}",
            )
        by = channel(self.channel)
        notice = self._notice(context)
        delivery = Delivery(
            self._address(context), context.idempotency_key, self.timeout, self._settings()
        )
        known = await by.send(notice, delivery)
        context.log(f"told {self.channel}: {notice.text}")
        return {"channel": self.channel, "event": self.event, **known}

    def _address(self, context: NodeContext) -> str:
        if self.url and self.secret:
            raise UsageError(
                f"notify {self.name!r} has url and secret", hint="take one of them out"
            )
        return context.services.secret(self.secret) if self.secret else self.url

    def _notice(self, context: NodeContext) -> Notice:
        said = "" if self.message is None else str(self.message)
        failed = self.event == "run_failed"
        return Notice(
            event=self.event,
            flow=context.flow,
            title=self.title or context.flow,
            run_id=context.run_id,
            timestamp=stamp(dt.datetime.now(dt.UTC)),
            error=said if failed else "",
            message="" if failed else said,
            fields=self.fields,
            level=self.level,
        )

    def _settings(self) -> dict[str, Any]:
        names = ("server", "security", "user", "sender", "subject")
        return {name: getattr(self, name) for name in names} | {"to": list(self.to)}
