"""Containers, killed at the effect of that number: `nested.py FOLDER FLOW EFFECT [recover]`.

Every node inside writes where it is into a ledger. Says how many effects there were, if it came
through.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.session.project import Project


class Ledger:
    """One line for each effect; kills this process at the effect of that number."""

    def __init__(self, folder, fatal=0):
        self.path, self.left, self.seen = Path(folder) / "ledger", fatal, 0
        self.lock = threading.Lock()

    def write(self, where):
        with self.lock:
            self.seen += 1
            if self.seen == self.left:
                os.kill(os.getpid(), signal.SIGKILL)
        ledger = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(ledger, f"{where}\n".encode())
        os.close(ledger)

    def lines(self):
        return self.path.read_text().split() if self.path.exists() else []


def many(host, ledger):
    """A map of a hundred items, two nodes each; one item in ten fails."""
    flow = Flow("many", host=host)

    @flow.node
    def items():
        ledger.write("items")
        return list(range(100))

    with flow.map("each", items) as each:

        @flow.node
        def fetched(item):
            ledger.write(f"each[{item}].fetched")
            return item * 2

        @flow.node
        def stored(fetched, item):
            ledger.write(f"each[{item}].stored")
            if item % 10 == 7:
                raise ValueError(item)
            return fetched + 1

    @flow.node
    def total(values=each.each_values, summary=each.each_summary):
        return sum(values), summary["failed"]

    return flow


def mixed(host, ledger):
    """Every kind of container, one inside of the other."""
    flow = Flow("mixed", host=host)
    with flow.foreach("walk", [1, 2, 3]):
        with flow.while_("grow", "last < 4", initial=0):

            @flow.node
            def more(last, item, index):
                ledger.write(f"more{item}.{index}")
                return last + item

        with flow.try_("guard") as guard:

            @flow.node
            def checked(grow, item):
                ledger.write(f"checked{item}")
                if item == 2:
                    raise ValueError("two")
                return grow

            with guard.catch:

                @flow.node
                def mended(error, item):
                    ledger.write(f"mended{item}")
                    return error["message"]

            with guard.finally_:

                @flow.node
                def swept(item):
                    ledger.write(f"swept{item}")

        with flow.group("box"), flow.repeat("again", 2):

            @flow.node
            def twice(guard, index, last):
                ledger.write(f"twice{index}")
                return [last, guard]

    return flow


def lasting(host, ledger):
    """A map that two items are enough for, and the others go on behind it."""
    flow = Flow("lasting", host=host)

    @flow.node
    def items():
        ledger.write("items")
        return [4, 1, 2, 3]

    with flow.map("each", items, max_concurrent=1, enough=2, rest="leave"):

        @flow.node
        def fetched(item):
            ledger.write(f"fetched{item}")
            return item * 2

        @flow.node
        def stored(fetched):
            ledger.write(f"stored{fetched}")
            return fetched

    @flow.node
    def total(each_values):
        ledger.write("total")
        return sum(each_values[:2])

    return flow


HOLD = threading.Event()


def timed(host, ledger):
    """A container that has a second, with a node that takes as long as it is held."""
    flow = Flow("timed", host=host)
    with flow.group("box", timeout=1.0):

        @flow.node
        def held():
            ledger.write("held")
            HOLD.wait(60)

    return flow


def arriving(host, ledger):
    """The same for three branches, one after the other."""
    flow = Flow("arriving", host=host)

    @flow.node
    def first():
        ledger.write("first")
        return 1

    @flow.node
    def second(first):
        ledger.write("second")
        return first + 1

    @flow.node
    def third(second):
        ledger.write("third")
        return second + 1

    with flow.each_of("heard", third, second, first):

        @flow.node
        def noted(item):
            ledger.write(f"noted{item}")
            return item * 10

    @flow.node
    def total(heard):
        ledger.write("total")
        return heard

    return flow


FLOWS = {
    "arriving": arriving,
    "many": many,
    "mixed": mixed,
    "lasting": lasting,
    "timed": timed,
}


def main(folder, name, fatal, recover):
    project = Project(Path(folder))
    ledger = Ledger(folder, int(fatal))
    flow = FLOWS[name](project, ledger)
    if recover:
        flow.recover().wait()
    else:
        flow.run()
    ledger.left = 0
    print(ledger.seen, flush=True)
    project.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], "recover" in sys.argv[4:])
