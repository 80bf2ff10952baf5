"""Steps on a Dask cluster: one Dask task is one attempt, and nothing else is left to Dask.

The cluster is the one `FLOWBOOK_DASK` names, or workers on this machine that start with the first
such node and end with the engine. Retries and readiness stay ours: tasks are submitted without
retries and never taken for pure. A worker that is lost fails the attempt; Dask may have started
it again by then, so effects on a shared cluster can happen twice and should use the context's
idempotency key.

Stopping asks the node. A worker of ours that does not obey is killed, for it makes one attempt
at a time; a worker of somebody else's cluster is left alone, and what it returns is dropped.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from time import perf_counter
from typing import Any
from uuid import uuid4

from flowbook.errors import UsageError
from flowbook.run.places import dask_worker
from flowbook.run.places.executors import Attempt, Crew, Ending, Raised, Stopped
from flowbook.run.places.processes import RemoteTicket

ADDRESS = "FLOWBOOK_DASK"
"""The environment variable with the scheduler's address."""

_SHARED = 64
_LARGE = 1_000_000
_CONNECT = 10.0
_TELLING = 5.0
"""How long an engine that is closed waits until the cluster has heard what it was told."""


class DaskExecutor:
    """Attempts on a cluster, which is found or started with the first of them."""

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop = loop
        self._lock = threading.Lock()
        self._cluster: Any = None
        self._client: Any = None
        self._closed = False
        self._tickets: dict[str, _DaskTicket] = {}
        self.topic = f"flowbook-{uuid4().hex}"
        address = os.environ.get(ADDRESS)
        self.crew = Crew("flowbook-dask", _SHARED if address else _local_workers())
        self._control = Crew("flowbook-dask-control", 2)
        self._orders = 0
        self._told = threading.Condition()

    def launch(self, attempt: Attempt) -> _DaskTicket:
        return _DaskTicket(self._loop, attempt, self)

    @property
    def own(self) -> bool:
        """True when the workers are ours and may be killed."""
        return self._cluster is not None

    def close(self) -> None:
        self.crew.close()
        with self._told:  # who was not told to stop would go on for ever in somebody's cluster
            self._told.wait_for(lambda: self._orders == 0, _TELLING)
        self._control.close()
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
            cluster, self._cluster = self._cluster, None
        for one in (client, cluster):
            if one is not None:
                with suppress(TimeoutError, OSError):
                    one.close(timeout=5)

    def client(self) -> Any:
        """The client, connected; blocking. Raises `UsageError` when that cannot be."""
        with self._lock:
            if self._closed:
                raise UsageError("the engine is closed")
            if self._client is None:
                self._client = self._connect()
                self._client.subscribe_topic(self.topic, self._heard)
            return self._client

    def submit(self, ticket: _DaskTicket, payload: bytes) -> Any:
        """The future of that attempt; blocking."""
        client = self.client()
        self._tickets[ticket.key] = ticket
        where = client.scatter(payload, hash=False) if len(payload) > _LARGE else payload
        return client.submit(
            dask_worker.attempt,
            where,
            ticket.key,
            self.topic,
            key=ticket.key,
            retries=0,
            pure=False,
        )

    def forget(self, ticket: _DaskTicket) -> None:
        """Nobody listens to that attempt any more."""
        self._tickets.pop(ticket.key, None)

    def order(self, what: Callable[[str], None], key: str, worker: str) -> None:
        """Have the worker that makes that attempt do `what`; returns at once."""
        client = self._client

        if client is not None:
            # the worker may be gone, and `kill` ends the conversation
            self._send(lambda: client.run(what, key, workers=[worker]))

    def drop(self, future: Any) -> None:
        """Have the cluster forget the attempt; what runs already runs on."""
        self._send(future.cancel)  # a cluster that cannot be told has nothing to forget

    def _send(self, order: Callable[[], object]) -> None:
        """Tell the cluster something, whether it can be told or not; returns at once."""
        with self._told:
            self._orders += 1

        def send() -> bool:
            with suppress(Exception):
                order()
            with self._told:
                self._orders -= 1
                self._told.notify_all()
            return False

        self._control.submit(send)

    def end_unwanted(self, key: str, worker: str) -> None:
        """An attempt was dropped before we heard that it began: stop it there."""
        self.order(dask_worker.kill if self.own else dask_worker.stop, key, worker)

    def _heard(self, event: tuple[float, tuple[str, bytes]]) -> None:
        key, body = event[1]
        ticket = self._tickets.get(key)
        if ticket is None:
            self._heard_late(key, body)
            return
        try:
            ticket.hear(body)
        except Exception as error:  # noqa: BLE001 - the kernel's own stdout may be broken
            ticket.end_soon(Raised(error, ticket.ms()))

    def _heard_late(self, key: str, body: bytes) -> None:
        with suppress(Exception):  # what else it says may not load here, and nobody listens
            kind, *rest = pickle.loads(body)  # noqa: S301 - our own worker
            if kind == "began":
                self.end_unwanted(key, rest[0])

    def _connect(self) -> Any:
        try:
            from distributed import Client
        except ImportError as error:
            raise UsageError(
                "a node on Dask needs the library distributed",
                hint='pip install "flowbook[dask]"',
            ) from error
        address = os.environ.get(ADDRESS)
        if not address:
            self._cluster = local_cluster(_local_workers())
        try:
            return Client(address or self._cluster, set_as_default=False, timeout=_CONNECT)
        except (OSError, TimeoutError, ValueError) as error:
            raise UsageError(
                f"no Dask scheduler answers at {address or 'this machine'}: {error}",
                hint=f"correct {ADDRESS}, or unset it to use workers on this machine",
            ) from error


def local_cluster(workers: int) -> Any:
    """Worker processes on this machine, each making one attempt at a time.

    A worker that dies fails what it was doing, at once.
    """
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        scheduler_kwargs={"allowed_failures": 0, "dashboard": False},
        preload=[dask_worker.__name__],
        silence_logs="ERROR",
    )


def _local_workers() -> int:
    return max(2, os.cpu_count() or 2)


class _DaskTicket(RemoteTicket):
    __slots__ = ("_executor", "_future", "key", "worker")

    def __init__(self, loop: AbstractEventLoop, attempt: Attempt, executor: DaskExecutor) -> None:
        super().__init__(loop, attempt)
        self._executor = executor
        self._future: Any = None
        self.key = f"{attempt.context.node}-{uuid4().hex}"
        self.worker = ""
        executor.crew.submit(self._serve)

    def _serve(self) -> bool:
        if not self.ended:
            try:
                self.end_soon(self._call())
            finally:
                self._executor.forget(self)
        return False

    def _call(self) -> Ending:
        try:
            payload = self.pack(dask_worker.DaskContext, print, self.key)
            self._executor.client()
            if self.ended:
                return Stopped(0.0)
            ending = self.hear(self._submit(payload).result())
        except (CancelledError, asyncio.CancelledError):
            return self._gone()
        except Exception as error:  # noqa: BLE001 - whatever Dask raises is how the attempt ended
            if type(error).__name__ == "KilledWorker":
                return self._gone()
            return Raised(error, self.ms())
        return ending or self._gone()

    def _submit(self, payload: bytes) -> Any:
        self._future = self._executor.submit(self, payload)
        if self.ended:
            self._drop()
        return self._future

    def _gone(self) -> Ending:
        if self.attempt.context.stopping:
            return Stopped(self.ms())
        where = f" {self.worker}" if self.worker else ""
        node = self.attempt.context.node
        text = f"the Dask worker{where} that ran node {node!r} died, or the cluster dropped it"
        return Raised(ChildProcessError(text), self.ms())

    def relay(self, kind: str, *rest: Any) -> None:
        if kind == "began":
            self._begin(*rest)
        elif kind == "heeded":
            self.attempt.context.heeded = True
        elif not self.ended:
            RemoteTicket.relay(self, kind, *rest)

    def _begin(self, worker: str) -> None:
        if self.began:  # Dask runs it again: the first worker is lost, and retries are ours
            self.end_soon(self._gone())
            self.worker = worker
            self._order(dask_worker.stop)
            self._drop()
            return
        self.worker = worker
        self.began = perf_counter()
        if self.ended:
            self._executor.end_unwanted(self.key, worker)
        elif self.attempt.context.stopping:
            self._order(dask_worker.stop)

    def tell(self) -> None:
        if self.began:
            self._order(dask_worker.stop)
        else:
            self._drop()
            self.end(Stopped(0.0))

    def abandon(self) -> None:
        if self._executor.own:
            self._order(dask_worker.kill)
        self._drop()

    def _order(self, what: Callable[[str], None]) -> None:
        self._executor.order(what, self.key, self.worker)

    def _drop(self) -> None:
        if self._future is not None:
            self._executor.drop(self._future)
