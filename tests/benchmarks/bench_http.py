"""A request of an `http` node over the same one by bare httpx, on the loopback, taken in turns.

Processor time of the asking process, so that the server, which is another one, does not count. Then
what a download of 500 MB to a file adds to the memory of its process at the peak.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import httpx

from flowbook.graph.spec import NodeSpec
from flowbook.nodes.http import HttpNode

ROUNDS = 15
REQUESTS = 100
SIZE = 500_000_000

SERVER = f"""
import asyncio

TYPE = b"Content-Type: application/json\\r\\n"
SMALL = b"HTTP/1.1 200 OK\\r\\n" + TYPE + b'Content-Length: 8\\r\\n\\r\\n{{"a": 1}}'
LARGE = b"HTTP/1.1 200 OK\\r\\nContent-Length: {SIZE}\\r\\n\\r\\n"

async def serve(reader, writer):
    try:
        while head := await reader.readuntil(b"\\r\\n\\r\\n"):
            large = b" /large " in head
            writer.write(LARGE if large else SMALL)
            for _ in range({SIZE} // 1_000_000 if large else 0):
                writer.write(bytes(1_000_000))
                await writer.drain()
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def main() -> list[dict[str, object]]:
    """A row for each way of asking, and one for the download."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        try:
            return asyncio.run(_measured(url))
        finally:
            server.kill()


async def _measured(url: str) -> list[dict[str, object]]:
    with tempfile.TemporaryDirectory() as folder:
        context = _context(Path(folder))
        node = _node(f"{url}/small")
        async with httpx.AsyncClient() as client:

            async def bare() -> None:
                (await client.get(f"{url}/small")).json()

            async def asked() -> None:
                await node.run(context, {})

            ways = {"bare httpx": bare, "http node": asked}
            taken: dict[str, list[float]] = {
                name: [await _microseconds(one)] for name, one in ways.items()
            }
            for _ in range(ROUNDS):
                for name, one in ways.items():
                    taken[name].append(await _microseconds(one))
        usual = {name: statistics.median(times) for name, times in taken.items()}
        rows: list[dict[str, object]] = [
            {"what": name, "µs": us, "over bare": us / usual["bare httpx"]}
            for name, us in usual.items()
        ]
        before = _peak()
        await _node(f"{url}/large", save_to="large.bin").run(context, {})
        return [*rows, {"what": "500 MB to a file", "MB more": _peak() - before}]


async def _microseconds(ask: Callable[[], Awaitable[None]]) -> float:
    began = time.process_time()
    for _ in range(REQUESTS):
        await ask()
    return (time.process_time() - began) / REQUESTS * 1e6


def _node(url: str, **config: object) -> HttpNode:
    return HttpNode(NodeSpec("asked", kind="http"), url=url, **config)


def _context(folder: Path) -> SimpleNamespace:
    services = SimpleNamespace(
        effects=True,
        keep=lambda key, make, close: make(),
        file=lambda path, writing=False: str(folder / path),
    )
    return SimpleNamespace(
        attempt=1,
        services=services,
        log=lambda text: None,
        progress=lambda *told: None,
    )


def _peak() -> float:
    """Megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
