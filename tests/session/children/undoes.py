"""Run a flow that fails, and be killed on the way: `undoes.py FOLDER NODE`.

It is killed in the middle of the node of that name, the first time the node runs.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from flowbook.graph.flow import Flow
from flowbook.session.project import Project

FOLDER = Path()
DOOM = ""


def effect(name):
    """One line of the ledger, and then perhaps the end of this process."""
    ledger = os.open(FOLDER / "ledger", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(ledger, f"{name}\n".encode())
    os.close(ledger)
    if name == DOOM:
        os.kill(os.getpid(), signal.SIGKILL)


def effects(folder):
    """What had an effect, in order."""
    return (folder / "ledger").read_text().split()


def flow_of(host):
    flow = Flow("order", host=host)

    @flow.node(role="setup")
    def connect():
        effect("connect")
        return "line"

    @flow.node(compensate="release")
    def reserve(item="book"):
        effect("reserve")
        return {"reserved": item}

    @flow.node(compensate="refund")
    def charge(reserve, amount=10):
        effect("charge")
        return {"paid": amount}

    @flow.node
    def ship(charge):
        effect("ship")
        raise ConnectionError("no courier")

    @flow.node
    def refund(charge, amount):
        effect("refund")
        return charge["paid"], amount

    @flow.node
    def release(reserve, item):
        effect("release")
        return reserve["reserved"], item

    @flow.node(role="teardown")
    def close(connect, status, error, ship):
        effect("close")
        return connect, status, error["node"], error["type"], ship

    @flow.node(role="teardown")
    def report(status):
        effect("report")
        return status

    return flow


def main(folder, doom):
    global FOLDER, DOOM
    FOLDER, DOOM = Path(folder), doom
    flow_of(Project(FOLDER)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
