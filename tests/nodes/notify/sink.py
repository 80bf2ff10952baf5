"""A mail server that takes everything and remembers it: SMTP with AUTH, STARTTLS or TLS."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading


class Sink:
    """Runs in a thread of its own; `letters` are what it was sent."""

    def __init__(self, *, tls=None, starttls=None, password=None, refuse=()):
        self.tls, self.starttls, self.password, self.refuse = tls, starttls, password, refuse
        self.letters: list[tuple[str, list[str], str]] = []
        self.secure: list[bool] = []
        self._ready = threading.Event()

    def __enter__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def _serve(self):
        asyncio.set_event_loop(self.loop)
        made = asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self.tls)
        server = self.loop.run_until_complete(made)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self.loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    async def _talk(self, reader, writer):
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._session(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _session(self, reader, writer):
        sender, to = "", []

        def say(text):
            writer.write(text.encode() + b"\r\n")

        say("220 sink")
        while line := (await reader.readline()).decode().strip():
            word, _, rest = line.partition(" ")
            match word.upper():
                case "EHLO":
                    say("250-sink")
                    say("250-AUTH PLAIN")
                    say("250 STARTTLS" if self.starttls else "250 HELP")
                case "STARTTLS":
                    say("220 go")
                    await writer.drain()
                    await writer.start_tls(self.starttls)
                case "AUTH":
                    said = base64.b64decode(rest.split()[1]).split(b"\0")[2].decode()
                    say("235 ok" if said == self.password else "535 no")
                case "MAIL":
                    sender, to = rest, []
                    say("250 ok")
                case "RCPT":
                    refused = any(one in rest for one in self.refuse)
                    to += [] if refused else [rest]
                    say("550 nobody" if refused else "250 ok")
                case "DATA":
                    say("354 go on")
                    letter = (await reader.readuntil(b"\r\n.\r\n")).decode()
                    self.letters.append((sender, to, letter))
                    self.secure.append(writer.get_extra_info("sslcontext") is not None)
                    say("250 ok")
                case "QUIT":
                    say("221 bye")
                    return
                case _:
                    say("250 ok")
