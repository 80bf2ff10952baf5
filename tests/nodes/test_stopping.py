"""What a `stop` gives and says; that it ends the run is in `tests/run/test_ending.py`."""

from __future__ import annotations

import pytest
from traitlets import TraitError

from flowbook.nodes.stopping import StopNode


def test_it_passes_on_what_it_was_given_and_says_why(made, context):
    given = made.node(StopNode, "s", message="sold out").run(context, {"when": 3})
    assert (dict(given.ports), given.result) == ({"s": 3}, "sold out")


def test_without_a_message_it_has_nothing_to_say(made, context):
    given = made.node(StopNode, "s").run(context, {"a": 1, "b": 2})
    assert (dict(given.ports), given.result) == ({"s": {"a": 1, "b": 2}}, None)


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_the_run_ends_as_it_says(made, status):
    assert StopNode.ends(made.node(StopNode, "s").spec) == "succeeded"
    assert StopNode.ends(made.node(StopNode, "s", status=status).spec) == status


def test_no_other_end_is_known(made):
    with pytest.raises(TraitError):
        made.node(StopNode, "s", status="paused")
