"""What is said to a run: stop, hold, go on, a signal, a decision."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from flowbook.server.place import Place
from flowbook.server.routes import Asked, Route
from flowbook.server.runs import Reason
from flowbook.server.shapes import AskedRun, Decided, Sent, Waits
from flowbook.store.signals import Control


class Payload(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the signal brings, plain JSON."""

    payload: Any = None


class Decision(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is decided, and why."""

    approved: bool
    comment: str = ""


class OfRun(Asked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which run; of all without."""

    run: str | None = None


def cancel(place: Place, run: str, asked: Reason) -> dict[str, Any]:
    """Ask a run to stop."""
    place.run(run)
    return place.project.cancel(run, reason=asked.reason).to_json()


def hold(control: Control, place: Place, run: str) -> dict[str, Any]:
    """Ask a run to start nothing more for now, or to go on."""
    place.run(run)
    ask = place.project.pause if control is Control.PAUSE else place.project.resume
    return ask(run).to_json()


def signal(place: Place, run: str, name: str, asked: Payload) -> dict[str, Any]:
    """Leave a signal for a run."""
    place.run(run)
    return {"run": run, "signal": name, "id": place.project.signal(run, name, asked.payload)}


def decide(place: Place, run: str, node: str, asked: Decision) -> dict[str, Any]:
    """Tell an approval node what the user of the server decides."""
    place.run(run)
    how: dict[str, Any] = {"approved": asked.approved, "comment": asked.comment}
    sent = place.project.approve(run, node, **how)
    return {"run": run, "node": node, "approved": asked.approved, "id": sent}


def waiting(place: Place, asked: OfRun) -> dict[str, Any]:
    """The nodes that wait for something."""
    return {"waiting": [one.to_json() for one in place.project.waiting(asked.run)]}


def heard(found: dict[str, Any]) -> int:
    """200 when it has happened, 202 when the process that performs the run was asked."""
    return 200 if found["here"] else 202


_ASKING: Final[dict[str, Any]] = {"misuse": 409, "status": heard}
_LEFT: Final[dict[str, Any]] = {"misuse": 409, "success": 202}

ROUTES: Final = (
    Route(
        "POST",
        "runs/{run}/cancel",
        cancel,
        "Ask the process that performs a run to stop it.",
        {202: AskedRun, 200: AskedRun},
        takes=Reason,
        **_ASKING,
    ),
    Route(
        "POST",
        "runs/{run}/pause",
        partial(hold, Control.PAUSE),
        "Ask it to start nothing more for now.",
        {202: AskedRun, 200: AskedRun},
        **_ASKING,
    ),
    Route(
        "POST",
        "runs/{run}/resume",
        partial(hold, Control.RESUME),
        "Ask it to go on.",
        {202: AskedRun, 200: AskedRun},
        **_ASKING,
    ),
    Route(
        "POST",
        "runs/{run}/signals/{name}",
        signal,
        "Leave a signal, which is kept until a node of the run takes it.",
        Sent,
        takes=Payload,
        **_LEFT,
    ),
    Route(
        "POST",
        "runs/{run}/approvals/{node}",
        decide,
        "Decide for a node that waits for an approval, as the user of the server.",
        Decided,
        takes=Decision,
        **_LEFT,
    ),
    Route("GET", "waiting", waiting, "The nodes that wait for something.", Waits, takes=OfRun),
)
