"""Tests of flows: what a run has to be like, runs that were seen, and a fixture for pytest.

`Flow.test` runs a flow with mocks and without effects outside. `expect` says what has to hold of a
node of it, and raises `AssertionError` with the first differences. `Seen` is a run apart from its
project: it stands for nodes that may not run in a test, and says what the others should give.

Refuses to know how a run is made: it looks at runs that there are.
"""

from flowbook.session.trials import TIMED_OUT, in_turn
from flowbook.testing.expect import Expectation, expect
from flowbook.testing.seen import Seen

__all__ = ["TIMED_OUT", "Expectation", "Seen", "expect", "in_turn"]
