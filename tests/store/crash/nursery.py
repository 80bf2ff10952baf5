"""The test's side of the zygote: doomed processes, and what they said before they died."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.store.crash.workload import stamped

from flowbook.events import NodeCompleted, decode


@dataclass
class Child:
    """One doomed process and everything it said; complete once it is dead."""

    pid: int
    number: int
    role: str
    go: int
    """Its standard input."""
    lines: list[str] = field(default_factory=list)
    follower: threading.Thread | None = None

    def follow(self, fd: int) -> None:
        with os.fdopen(fd, encoding="utf-8", errors="replace") as pipe:
            self.lines += (line.rstrip("\n") for line in pipe if line.endswith("\n"))

    def said(self, word: str) -> list[str]:
        """What it said that begins with `word`, without it."""
        return [line[len(word) + 1 :] for line in self.lines if line.split(" ")[0] == word]

    @property
    def acknowledged(self) -> set[tuple[int, int]]:
        """Its facts that were acknowledged, as (child, k)."""
        spans = (map(int, line.split()) for line in self.said("a"))
        known = {(self.number, k) for first, count in spans for k in range(first, first + count)}
        return known | {stamped(round(event.at * 1e6)) for event in self.values}

    @property
    def values(self) -> list[NodeCompleted]:
        """The acknowledged facts that refer to a kept value."""
        return [decode(line) for line in self.said("v")]

    def expect(self, word: str) -> str:
        """Wait until it said a line that begins with `word`; the rest of that line."""
        deadline = time.monotonic() + 30
        while not self.said(word):
            assert time.monotonic() < deadline, f"{self.role} never said {word!r}: {self.lines}"
            time.sleep(0.001)
        return self.said(word)[0]

    def begin(self) -> None:
        """Let it begin."""
        os.write(self.go, b"!")


class Nursery:
    """Starts doomed processes in a few milliseconds each, and kills them."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.crash.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        theirs.close()
        self._control.settimeout(60)
        self._alive: dict[int, Child] = {}
        self.born = 0

    def spawn(self, role: str, root: Path, seed: int) -> Child:
        self.born += 1
        given = {"root": str(root), "child": self.born, "seed": seed}
        theirs_in, go = os.pipe()
        said, theirs_out = os.pipe()
        packet = json.dumps({"role": role, "given": given}).encode()
        socket.send_fds(self._control, [packet], [theirs_in, theirs_out])
        os.close(theirs_in)
        os.close(theirs_out)
        child = Child(self._answer()["pid"], self.born, role, go)
        child.follower = threading.Thread(target=child.follow, args=(said,), daemon=True)
        child.follower.start()
        self._alive[child.pid] = child
        return child

    def kill(self, child: Child) -> int:
        return self._end(child, kill=True)

    def wait(self, child: Child) -> int:
        """Its exit code; negative for a signal."""
        return self._end(child, kill=False)

    def close(self) -> None:
        for child in list(self._alive.values()):
            self.kill(child)
        self._control.close()
        self._process.wait(30)

    def _end(self, child: Child, *, kill: bool) -> int:
        del self._alive[child.pid]
        self._control.send(json.dumps({"pid": child.pid, "kill": kill}).encode())
        code = self._answer()["code"]
        assert child.follower is not None
        child.follower.join(30)
        os.close(child.go)
        return code

    def _answer(self) -> dict:
        return json.loads(self._control.recv(65536))
