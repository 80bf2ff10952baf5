"""strace as a test tool: which system calls a thread makes, and what if one of them goes wrong."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.store.crash.nursery import Child, Nursery

CALLS = (
    "write", "pwrite64", "fdatasync", "fsync", "openat", "mkdir", "ftruncate",
    "rename", "unlink",
)  # fmt: skip
"""The calls by which a store changes what is on the disk."""

_LINE = re.compile(r"(\w+)\((.*)\)\s+= (.*)")


@dataclass(frozen=True)
class Call:
    """The `number`th call of its name, from 1, that a thread made."""

    name: str
    number: int
    arguments: str
    result: str

    @property
    def changes(self) -> bool:
        """True when it changes what a later process finds on the disk."""
        if self.name == "openat":
            return "O_CREAT" in self.arguments
        return "<pipe:" not in self.arguments

    @property
    def path(self) -> str:
        """The file it is about; of a rename, the new name."""
        if self.name in ("openat", "mkdir", "rename", "unlink"):
            return self.arguments.split('"')[-2 if self.name == "rename" else 1]
        return self.arguments.partition("<")[2].partition(">")[0]

    def __str__(self) -> str:
        return f"{self.name} number {self.number}: {self.arguments}"


@cache
def missing() -> str | None:
    """Why there is no tracing here; None where there is."""
    if not sys.platform.startswith("linux") or shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(
        ["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False
    )
    return f"no process may be traced here: {tried.stderr.strip()}" if tried.returncode else None


class Trace:
    """strace on one thread of a child, or on all of them with `thread` None."""

    def __init__(self, child: Child, thread: int | None, log: Path, *options: str) -> None:
        self._log = log
        who = ["-f", "-p", str(child.pid)] if thread is None else ["-p", str(thread)]
        self._process = subprocess.Popen(
            ["strace", "-y", "-s", "0", "-o", str(log), *options, *who],
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        attached = self._process.stderr.readline()
        assert "attached" in attached, attached

    def calls(self) -> list[Call]:
        """What was called, once the child is dead. Only of one thread."""
        self.end()
        counts: dict[str, int] = {}
        found = []
        for line in self._log.read_text().splitlines():
            if call := _LINE.match(line):
                counts[call[1]] = counts.get(call[1], 0) + 1
                found.append(Call(call[1], counts[call[1]], call[2], call[3]))
        return found

    def finished(self) -> list[Call]:
        """The calls of all threads, in the order in which they returned; not numbered."""
        self.end()
        begun: dict[str, str] = {}
        found = []
        for line in self._log.read_text().splitlines():
            thread, _, text = line.partition(" ")
            text = text.strip()
            if text.endswith("<unfinished ...>"):
                begun[thread] = text.removesuffix("<unfinished ...>")
                continue
            if resumed := re.match(r"<\.\.\. \w+ resumed>", text):
                text = begun.pop(thread) + text[resumed.end() :]
            if call := _LINE.match(text):
                found.append(Call(call[1], 0, call[2], call[3]))
        return found

    def end(self) -> None:
        """Wait for the end of the traced."""
        self._process.wait(60)
        assert self._process.stderr is not None
        self._process.stderr.close()


def threads(child: Child) -> dict[str, int]:
    """The two threads of a `scripted` child."""
    main, journal = map(int, child.expect("ready").split())
    return {"main": main, "journal": journal}


def watched(
    nursery: Nursery, root: Path, thread: str, *options: str
) -> tuple[Child, list[Call], int]:
    """A whole life of a `scripted` child, one of its threads traced; what that called; its end."""
    child = nursery.spawn("scripted", root, seed=7)
    root.parent.mkdir(parents=True, exist_ok=True)
    trace = Trace(child, threads(child)[thread], root.parent / "log", *options)
    child.begin()
    code = nursery.wait(child)
    return child, trace.calls(), code
