"""Ask people before a flow goes on.

The node asks by waiting; whoever decides does so with `project.approve`, from another process, a
command line or over HTTP. Each decision is journalled with who, when and why, and there are as
many as `require` says before the node goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import traitlets
from traitlets import Enum, List, TraitError, Unicode, validate

from flowbook.graph.node import NodeContext
from flowbook.graph.suspension import Resumption, Suspend
from flowbook.ids import PortName
from flowbook.nodes import waiting_examples as examples
from flowbook.nodes.waiting import Waiting

SIGNAL = "approval:{}"
"""The signal an approval node waits for; its path goes in."""


class ApprovalNode(Waiting):
    """Waits until people have decided, and gives `{approved, by, at, comment, decisions}`.

    `require`: `any` (the first decision counts), `all` (each of `approvers` has to approve), or how
    many have to approve. It is rejected as soon as there cannot be enough approvals any more;
    where anybody may decide, by as many rejections as approvals are required. A second decision of
    the same person replaces the first. Where there are `approvers`, nobody else's counts.
    """

    kind: ClassVar[str] = "approval"
    begins: ClassVar[str] = "prompt: May it go on?"
    example: ClassVar[str] = examples.APPROVAL

    prompt = Unicode(help="What is asked.").tag(config=True)
    approvers = List(Unicode(), help="Who may decide; anybody when it is empty.").tag(config=True)
    require = traitlets.Any("any", help="any, all, or how many have to approve.").tag(config=True)
    on_timeout = Enum(
        ("reject", "approve", "fail"),
        default_value="reject",
        help="What is decided when nobody does in time.",
    ).tag(config=True)

    @validate("require")
    def _check_require(self, proposal: dict[str, Any]) -> Any:
        given = proposal["value"]
        whole = type(given) is int and given > 0
        if not whole and given not in ("any", "all"):
            raise TraitError(f"require {given!r} is none of any, all and a whole number above 0")
        return given

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The decision."""
        self._refuse_too_many()
        came = context.resumption
        if came is None:
            return self._ask(context, [], None)
        made = list(came.data["decisions"])
        if came.timed_out:
            approved = self.on_timeout == "approve"
            at, comment = came.at.isoformat(), "nobody decided in time"
            return _decision(made, approved=approved, by="timeout", at=at, comment=comment)
        given = _heard(came)
        if self.approvers and given["by"] not in self.approvers:
            context.log(f"{given['by'] or 'somebody'} is none of the approvers: not counted")
        else:
            made = [*(one for one in made if one["by"] != given["by"] or not one["by"]), given]
        verdict = self._decided(made)
        if verdict is None:
            return self._ask(context, made, came)
        return _decision(made, **{**made[-1], "approved": verdict})

    def _ask(self, context: NodeContext, made: list[Any], before: Resumption | None) -> Suspend:
        asked: dict[str, Any] = {"prompt": self.prompt, "approvers": list(self.approvers)}
        return Suspend(
            self.prompt or f"approval of {self.name}",
            signal=SIGNAL.format(context.path),
            timeout=self.timeout if before is None else before.deadline,
            on_timeout="fail" if self.on_timeout == "fail" else "continue",
            data={**asked, "require": self.require, "decisions": made},
        )

    def _decided(self, made: Sequence[Mapping[str, Any]]) -> bool | None:
        """What the decisions so far come to; None while that is open."""
        if not made:
            return None
        if self.require == "any":
            return bool(made[-1]["approved"])
        needed = self._needed()
        yes = sum(bool(one["approved"]) for one in made)
        if yes >= needed:
            return True
        left = len(self.approvers) - len(made) if self.approvers else needed
        no = len(made) - yes
        hopeless = yes + left < needed if self.approvers else no >= needed
        return False if hopeless else None

    def _needed(self) -> int:
        return max(1, len(self.approvers)) if self.require == "all" else int(self.require)

    def _refuse_too_many(self) -> None:
        if self.approvers and self.require not in ("any", "all"):
            many = len(set(self.approvers))
            if self.require > many:
                raise TraitError(f"{self.require} have to approve, and there are {many} approvers")


def _heard(came: Resumption) -> dict[str, Any]:
    payload = came.payload if isinstance(came.payload, Mapping) else {"approved": came.payload}
    return {
        "approved": payload.get("approved") is True,
        "by": str(payload.get("by") or ""),
        "at": came.at.isoformat(),
        "comment": str(payload.get("comment") or ""),
    }


def _decision(made: Sequence[Any], **last: Any) -> dict[str, Any]:
    return {**last, "decisions": list(made)}
