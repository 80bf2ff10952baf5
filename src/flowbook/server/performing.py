"""Re-run, replay and restore: by a process of its own, for the server runs nothing of a flow.

The process works in the notebook's folder, outlives the server if it has to, and is an ordinary
process of the project: others pause and cancel its run, and recover it when it dies.
"""

from __future__ import annotations

import selectors
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import IO, Any, Final, Literal

import msgspec

from flowbook.errors import FlowbookError, UsageError
from flowbook.server.place import Place
from flowbook.server.routes import Asked, Route
from flowbook.server.shapes import Begun
from flowbook.session.ordered import EditedTable, Order, foreseen
from flowbook.session.replay_plan import ReplayPlan
from flowbook.store.audit import who

SECONDS: Final = 90.0
"""How long a run may take to begin: to start Python, and to load what its notebook needs."""
_LAST_WORDS: Final = 2000
_NO_NOTEBOOK: Final = (
    "a flow written in Python is replayed with flow.replay(); a notebook is found by its name, "
    "somewhere in the server's folder"
)


class ReplayAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From where and with what; the words of `Flow.replay`, and nothing for all of it anew.

    `from` is a node, or several; `at` an event. `params`, and by `node` or `node.port` `inputs` and
    `outputs`, are given by hand; `tables` are those of the run with cells changed. `failed`: what
    failed, item by item. `version`: `as_run`, or one of the flow's. With `check` nothing is
    started: the answer says what would be taken and run.
    """

    from_: str | list[str] | None = msgspec.field(name="from", default=None)
    at: int | None = None
    params: dict[str, Any] | None = None
    inputs: dict[str, Any] | None = None
    outputs: dict[str, Any] | None = None
    tables: tuple[EditedTable, ...] = ()
    failed: bool = False
    trust: bool = False
    version: str | int | None = None
    calls: Literal["as_run", "latest"] | None = None
    check: bool = False

    @property
    def words(self) -> dict[str, Any]:
        """What is said of it."""
        named = ("at", "params", "inputs", "outputs", "version", "calls")
        told = {name: getattr(self, name) for name in named if getattr(self, name) is not None}
        yes = {name: True for name in ("failed", "trust") if getattr(self, name)}
        begin = {"from_": self.from_} if self.from_ else {}
        return {**told, **yes, **begin}


class RestoreAsked(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From which checkpoint, by its event; the last one without."""

    checkpoint: int | None = None


class CouldNotStart(FlowbookError):
    """The process that was to perform a run ended before it had begun."""


def rerun(place: Place, run: str) -> dict[str, Any]:
    """Run the flow of a run again, as it is now, with the parameters of that run."""
    return {"run": started(_order(place, run))}


def replay(place: Place, run: str, asked: ReplayAsked) -> dict[str, Any]:
    """Replay a run, or say what that would do."""
    order = _order(place, run, words=asked.words, tables=asked.tables)
    if asked.check:
        return foreseen(place.project, order).to_json()
    return {"run": started(order)}


def restore(place: Place, run: str, asked: RestoreAsked) -> dict[str, Any]:
    """Take a run up from a checkpoint, as a new one."""
    words = {} if asked.checkpoint is None else {"at": asked.checkpoint}
    return {"run": started(_order(place, run, words=words, restore=True))}


def started(order: Order, seconds: float = SECONDS) -> str:
    """Have a process perform the order; the id of its run, once that is there.

    Raises `UsageError` for what cannot be replayed so, and `CouldNotStart` with the last words of a
    process that ended, or took too long.
    """
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            [sys.executable, "-m", "flowbook.server.performer"],
            cwd=Path(order.notebook).parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            start_new_session=True,
        )
        threading.Thread(target=process.wait, name="flowbook-performer", daemon=True).start()
        told = _answer(process, order, seconds)
        if told is None:
            process.kill()
            process.wait()
            raise CouldNotStart(
                f"the process that was to replay run {order.run} did not begin: {_last(words)}",
                hint="run the notebook to see what is wrong: flowbook run",
            )
    if "run" in told:
        return str(told["run"])
    raise UsageError(told["refused"]["message"], hint=told["refused"]["hint"])


def _answer(
    process: subprocess.Popen[bytes], order: Order, seconds: float
) -> dict[str, Any] | None:
    """The line that the process says; None when it says none in time."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes
    try:
        with process.stdin as asked:
            asked.write(msgspec.json.encode(order))
    except BrokenPipeError:
        return None
    with process.stdout as heard:
        if not _says_something(heard, seconds):
            return None
        line = heard.readline()
    told: dict[str, Any] | None = msgspec.json.decode(line) if line else None
    return told


def _says_something(heard: IO[bytes], seconds: float) -> bool:
    """True once there is something to be read, or its end; False when there is nothing in time.

    `select.select` refuses files of numbers above 1023, which a server of many kernels has.
    """
    with selectors.DefaultSelector() as waiting:
        waiting.register(heard, selectors.EVENT_READ)
        return bool(waiting.select(seconds))


def _last(words: IO[bytes]) -> str:
    """The end of what a process said."""
    words.seek(0)
    text = words.read().decode(errors="replace").strip()
    return text[-_LAST_WORDS:] or "it said nothing"


def _order(place: Place, run: str, **more: Any) -> Order:
    flow = place.run(run).flow
    path = place.notebooks.holding(flow)
    if path is None:
        raise UsageError(
            f"there is no notebook, or more than one, with flow {flow!r}", hint=_NO_NOTEBOOK
        )
    actor, source = who()
    return Order(
        project=str(place.project.path),
        notebook=str(place.root / path),
        run=run,
        actor=actor,
        source=source or "",
        **more,
    )


def _how(found: dict[str, Any]) -> int:
    return 202 if set(found) == {"run"} else 200


_BEGINS: Final[dict[str, Any]] = {"misuse": 409, "success": 202}

ROUTES: Final = (
    Route(
        "POST",
        "runs/{run}/rerun",
        rerun,
        "Run the flow again with the parameters of a run, in a process of its own.",
        Begun,
        **_BEGINS,
    ),
    Route(
        "POST",
        "runs/{run}/replay",
        replay,
        "Replay a run in a process of its own, or with `check` say what that would do.",
        {202: Begun, 200: ReplayPlan},
        takes=ReplayAsked,
        misuse=409,
        status=_how,
    ),
    Route(
        "POST",
        "runs/{run}/restore",
        restore,
        "Take a run up from a checkpoint, in a new run and a process of its own.",
        Begun,
        takes=RestoreAsked,
        **_BEGINS,
    ),
)
