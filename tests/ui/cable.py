"""The way between a browser and a server, which can be cut.

`Cable` is a TCP proxy of one's own: a cut connection is reset, as when a network goes, and new ones
are refused until it is mended. It says nothing to either side beforehand, and knows no HTTP.
`Sieve` sits in the browser, and loses one message of one's choice.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

from playwright.sync_api import Page, WebSocketRoute

CHUNK = 1 << 16
PATIENCE = 30
RESET = struct.pack("ii", 1, 0)


class Cable:
    """Carries every connection to `target`, a port of this machine, while it is not cut."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the browser finds the server."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self) -> None:
        """Reset what is open, and refuse what comes."""
        with self._lock:
            self._cut = True
            gone, self._open = self._open, set()
        for one in gone:
            _reset(one)

    def mend(self) -> None:
        """Carry new connections again; the old ones stay gone."""
        with self._lock:
            self._cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        far = socket.create_connection(("127.0.0.1", self._target))
        with self._lock:
            cut = self._cut
            if not cut:
                self._open |= {near, far}
        if cut:
            _reset(near)
            _reset(far)
            return
        threading.Thread(target=self._pump, args=(far, near), daemon=True).start()
        self._pump(near, far)

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the other side has gone, or the cable was cut
            while data := source.recv(CHUNK):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
            return
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        one.shutdown(socket.SHUT_RDWR)
    one.close()


@contextlib.contextmanager
def cable_to(target: int) -> Iterator[Cable]:
    """A cable while the block runs."""
    cable = Cable(target)
    try:
        yield cable
    finally:
        cable.close()


class Sieve:
    """Between a page and its kernels: loses messages that hold certain words, up or down."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sockets: list[WebSocketRoute] = []
        self.lost: list[str] = []
        """Where messages were lost, which is the name of a connection."""
        self.words: dict[str, bytes | None] = {"up": None, "down": None}
        page.route_web_socket(re.compile("/api/kernels/.*/channels"), self._open)

    def lose(self, direction: str, words: str) -> None:
        """Lose the next message of that direction with these words, and all that follow it."""
        self.words[direction] = words.encode()

    def cut(self) -> None:
        """Close what is open, as a network does; what comes is carried again."""
        self.words = {"up": None, "down": None}
        gone, self.sockets = self.sockets, []
        for one in gone:
            one.close(code=4001, reason="the network has gone")
        until(self.page, lambda: any(one.url in self.lost for one in self.sockets))

    def _open(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        self.sockets.append(route)
        lost: set[str] = set()

        def carry(direction: str, sink: WebSocketRoute) -> Callable[[str | bytes], None]:
            def take(message: str | bytes) -> None:
                raw = message if isinstance(message, bytes) else message.encode()
                words = self.words[direction]
                if direction in lost or (words is not None and words in raw):
                    lost.add(direction)
                    self.lost.append(route.url)
                else:
                    sink.send(message)

            return take

        route.on_message(carry("up", server))
        server.on_message(carry("down", route))


def until(page: Page, condition: Callable[[], object]) -> None:
    """Wait for something of ours, while the page goes on."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        page.evaluate("new Promise(requestAnimationFrame)")
