"""`live`: a WebSocket that tells what changes, in whatever process.

```
GET live?since=<position>
hears   {"position": n, "runs": [<as GET runs tells them>], "gone": [<ids of deleted runs>]}
        {…, "notices": [<as GET notifications/deliveries tells what the channel lab is told>]}
        {"events": {<run>: [<events>]}}
says    {"watch": [{"run": <id>, "after": <seq>}], "unwatch": [<ids>]}
```

The first message comes at once: with what has changed since the position that was named, or,
without one, with where things stand. Whoever comes again with the last position, and watches a run
from the last event he has, misses nothing and is told nothing twice. `"reset": true`: so much has
changed that it is not told; ask `GET runs` anew. A message that cannot be read is answered by
`{"refused": …}`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated, Any, Final

import msgspec
from jupyter_core.utils import ensure_async
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from flowbook.errors import FlowbookError
from flowbook.server.following import Follower, Listener, News
from flowbook.server.place import place_of
from flowbook.server.routes import RUN, Refusal

MOST_WATCHED: Final = 32
"""Runs of which one listener is told the events."""


class Watch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run of which events are wanted, from the one behind number `after`."""

    run: Annotated[str, msgspec.Meta(pattern=f"^{RUN}$")]
    after: Annotated[int, msgspec.Meta(ge=-1, le=2**31 - 1)] = -1


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client says."""

    watch: tuple[Watch, ...] = ()
    unwatch: tuple[str, ...] = ()


class LiveHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One client that follows."""

    auth_resource = "flowbook"

    def initialize(self, followers: Followers) -> None:
        """Follow through these."""
        self._followers = followers
        self._listener: Listener | None = None
        self._speaking: asyncio.Task[None] | None = None

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade, for those who may read."""
        user = self.current_user
        if not await ensure_async(
            self.authorizer.is_authorized(self, user, "read", self.auth_resource)
        ):
            raise HTTPError(403)
        self._since = self._position()
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to tell."""
        super().open(*args, **kwargs)
        self._speaking = asyncio.create_task(self._speak())

    def on_message(self, message: str | bytes) -> None:
        """Watch runs, or no longer."""
        listener = self._listener
        if listener is None:
            return self._refuse("it has not begun yet", "wait for the first message")
        try:
            said = msgspec.json.decode(message, type=Said)
        except (msgspec.DecodeError, UnicodeError) as refused:
            return self._refuse(f"this cannot be read: {refused}", 'send {"watch": [{"run": …}]}')
        for run in said.unwatch:
            listener.watched.pop(run, None)
            listener.events.pop(run, None)
        for one in said.watch:
            if one.run not in listener.watched and len(listener.watched) >= MOST_WATCHED:
                return self._refuse(
                    f"no more than {MOST_WATCHED} runs are watched at once", "unwatch some"
                )
            self._followers.here(self.settings).watch(listener, one.run, one.after)
        return None

    def on_close(self) -> None:
        """Tell no more."""
        if self._listener is not None:
            self._followers.here(self.settings).leave(self._listener)
        if self._speaking is not None:
            self._speaking.cancel()
        super().on_close()

    def _position(self) -> int | None:
        text = self.get_argument("since", "")
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 16:
            raise HTTPError(400, "since must be a position, not %r", text)
        return int(text)

    def _refuse(self, message: str, hint: str) -> None:
        with suppress(WebSocketClosedError):
            refused = Refusal(message, hint, "UsageError")
            self.write_message(msgspec.json.encode({"refused": refused}).decode())

    async def _speak(self) -> None:
        follower = self._followers.here(self.settings)
        with suppress(WebSocketClosedError):
            try:
                listener, news = await follower.join(self._since)
            except FlowbookError as error:
                self._refuse(error.message, error.hint or "try again later")
                self.close(1011, "the history cannot be read")
                return
            self._listener = listener
            if self.ws_connection is None:
                follower.leave(listener)  # it was closed meanwhile
                return
            await self._tell(news)
            while True:
                await listener.news.wait()
                listener.news.clear()
                news = follower.news(listener)
                if news.runs or news.gone or news.reset or news.notices:
                    await self._tell(news)
                events = follower.taken(listener)
                if events:
                    told = ",".join(f'"{run}":[{",".join(some)}]' for run, some in events.items())
                    await self.write_message(f'{{"events":{{{told}}}}}')

    async def _tell(self, news: News) -> None:
        told: dict[str, Any] = {
            "position": news.position,
            "runs": news.runs,
            "gone": news.gone,
        }
        if news.reset:
            told["reset"] = True
        if news.notices:
            told["notices"] = news.notices
        await self.write_message(msgspec.json.encode(told, enc_hook=str).decode())


class Followers:
    """The follower of a server: another one when its folder has become another project's."""

    def __init__(self) -> None:
        self._follower: Follower | None = None
        self._place: object = None

    def here(self, settings: Any) -> Follower:
        """That of the place that the server serves."""
        place = place_of(settings)
        if self._follower is None or self._place is not place:
            if self._follower is not None:
                self._follower.close()
            self._follower, self._place = Follower(place), place
        return self._follower
