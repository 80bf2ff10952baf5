"""Starts and kills processes that have everything imported: `zygote.py FD`.

Importing costs more than a doomed process lives. This one imports, opens nothing and has no
thread, so a fork of it is a new process in every respect that matters to a store. Orders come on
the socket FD, one a packet; it waits for whom it kills, so an id is never another process's.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

import duckdb  # noqa: F401  # imported for its forks
import pyarrow  # noqa: F401  # likewise
from tests.store.crash.roles import ROLES, complain

import flowbook.store.store  # noqa: F401  # likewise


def spawn(control: socket.socket, fds: list[int], order: dict) -> dict:
    pid = os.fork()
    if pid:
        for fd in fds:
            os.close(fd)
        return {"pid": pid}
    try:
        control.close()
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
            os.close(fd)
        ROLES[order["role"]](**order["given"])
    except BaseException:
        complain()
    finally:
        os._exit(0)


def end(order: dict) -> dict:
    """Kill if told to, and wait for the end."""
    if order["kill"]:
        os.kill(order["pid"], signal.SIGKILL)
    _pid, status = os.waitpid(order["pid"], 0)
    return {"code": os.waitstatus_to_exitcode(status)}


def serve(control: socket.socket) -> None:
    while True:
        packet, fds, _flags, _address = socket.recv_fds(control, 65536, 2)
        if not packet:
            return
        order = json.loads(packet)
        answer = spawn(control, fds, order) if "role" in order else end(order)
        control.send(json.dumps(answer).encode())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
