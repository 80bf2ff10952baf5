"""Who has to approve, what it comes to, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from traitlets import TraitError

from flowbook.graph.suspension import Resumption, Suspend
from flowbook.nodes.approval import ApprovalNode

AT = datetime(2027, 1, 31, 12, tzinfo=UTC)


def decide(node, context, *decisions):
    """What the node says to each decision in turn; the last answer."""
    context.resumption = None
    wish = node.run(context, {})
    for who in decisions:
        assert isinstance(wish, Suspend), f"decided before {who}"
        name, approved = who.rstrip("!"), not who.endswith("!")
        payload = {"approved": approved, "by": name, "comment": f"says {name}"}
        context.resumption = Resumption("signal", payload, wish.data, at=AT, deadline=AT)
        wish = node.run(context, {})
    return wish


def test_it_asks_with_all_there_is_to_know(made, context):
    node = made.node(ApprovalNode, prompt="Ship?", approvers=["Ada"], timeout="24h")
    wish = decide(node, context)
    assert (wish.reason, wish.signal) == ("Ship?", "approval:node")
    assert wish.timeout == timedelta(days=1)
    assert wish.data == {
        "prompt": "Ship?", "approvers": ["Ada"], "require": "any", "decisions": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("require", "approvers", "decisions", "approved"),
    [
        ("any", ["Ada", "Bob"], ["Bob"], True),
        ("any", ["Ada", "Bob"], ["Bob!"], False),
        ("any", [], ["Eve"], True),
        ("all", ["Ada", "Bob"], ["Ada", "Bob"], True),
        ("all", ["Ada", "Bob"], ["Ada!"], False),
        ("all", ["Ada", "Bob"], ["Ada", "Bob!"], False),
        ("all", [], ["Eve"], True),
        (2, ["Ada", "Bob", "Cy"], ["Ada!", "Bob", "Cy"], True),
        (2, ["Ada", "Bob", "Cy"], ["Ada!", "Bob!"], False),
        (2, ["Ada", "Bob", "Cy"], ["Eve", "Ada", "Bob"], True),
        (2, [], ["Ada", "Bob!", "Cy"], True),
        (2, [], ["Ada!", "Bob", "Cy!"], False),
    ],
)
def test_as_many_as_are_required_decide(made, context, require, approvers, decisions, approved):
    node = made.node(ApprovalNode, approvers=approvers, require=require)
    given = decide(node, context, *decisions)
    assert given["approved"] is approved
    last = decisions[-1].rstrip("!")
    assert (given["by"], given["comment"]) == (last, f"says {last}")
    assert given["at"] == AT.isoformat()
    counted = [one for one in decisions if not approvers or one.rstrip("!") in approvers]
    assert [one["by"] for one in given["decisions"]] == [one.rstrip("!") for one in counted]


def test_one_person_counts_once_with_the_last_word(made, context):
    node = made.node(ApprovalNode, approvers=["Ada", "Bob"], require="all")
    assert isinstance(decide(node, context, "Ada", "Ada"), Suspend)
    node = made.node(ApprovalNode, approvers=["Ada", "Bob", "Cy"], require=2)
    assert isinstance(decide(node, context, "Ada", "Ada!", "Bob"), Suspend)


def test_a_stranger_is_not_counted_and_that_is_said(made, context):
    node = made.node(ApprovalNode, approvers=["Ada"])
    wish = decide(node, context, "Eve")
    assert isinstance(wish, Suspend)
    assert wish.data["decisions"] == []
    assert context.logged == ["Eve is none of the approvers: not counted"]


def test_further_decisions_have_no_more_time_than_the_first(made, context):
    node = made.node(ApprovalNode, approvers=["Ada", "Bob"], require="all", timeout="1h")
    assert decide(node, context, "Ada").timeout == AT


@pytest.mark.parametrize(("on_timeout", "approved"), [("reject", False), ("approve", True)])
def test_when_nobody_decides_in_time_that_is_decided(made, context, on_timeout, approved):
    node = made.node(ApprovalNode, on_timeout=on_timeout, timeout=1)
    wish = decide(node, context)
    assert wish.on_timeout == "continue"
    context.resumption = Resumption("timeout", data=wish.data, at=AT)
    given = node.run(context, {})
    assert (given["approved"], given["by"], given["decisions"]) == (approved, "timeout", [])
    assert given["comment"] == "nobody decided in time"


def test_it_may_fail_instead(made, context):
    assert (
        decide(made.node(ApprovalNode, on_timeout="fail", timeout=1), context).on_timeout == "fail"
    )


@pytest.mark.parametrize("payload", [True, {"approved": True}, {"approved": True, "by": None}])
def test_a_bare_yes_is_a_decision(made, context, payload):
    context.resumption = Resumption("signal", payload, {"decisions": []}, at=AT)
    assert made.node(ApprovalNode).run(context, {})["approved"] is True


@pytest.mark.parametrize("payload", [None, "yes", 1, {}, {"approved": "yes"}, [True]])
def test_what_is_no_clear_yes_is_a_no(made, context, payload):
    context.resumption = Resumption("signal", payload, {"decisions": []}, at=AT)
    assert made.node(ApprovalNode).run(context, {})["approved"] is False


@pytest.mark.parametrize("require", ["most", 0, -1, 1.5, True, None])
def test_what_cannot_be_required_is_refused(made, require):
    with pytest.raises(TraitError, match="none of any, all"):
        made.node(ApprovalNode, require=require)


def test_more_approvals_than_approvers_are_refused(made, context):
    node = made.node(ApprovalNode, approvers=["Ada", "Bob"], require=3)
    with pytest.raises(TraitError, match="3 have to approve, and there are 2"):
        decide(node, context)
