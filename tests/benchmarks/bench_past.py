"""Going through the time of a recorded run: its slider, dragged to and fro, in Chromium.

Each frame shows another moment. `open` is milliseconds from the events to frames that come evenly,
`fps` frames a second while it is dragged (60 is the most), `ms a frame` the milliseconds of
processor that the page's thread needs for one (under 16 there is time left), and `task` its longest
task, by the processor and by the clock, which a busy machine stretches (0: all were under 50).
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bench_canvas import traced
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
ARGS = ["--no-sandbox", "--disable-gpu"]
CASES = ((100, 10), (1_000, 10), (1_000, 100))
DRAG_MS = 4_000


def main() -> list[dict[str, object]]:
    """The rows of the table."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        build = ["node", str(ROOT / "js" / "scripts" / "build-bench.mjs"), folder]
        subprocess.run(build, check=True, cwd=ROOT / "js")
        handler = functools.partial(_Quiet, directory=folder)
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            try:
                url = f"http://127.0.0.1:{server.server_port}/page.html?page=recorded"
                return [_measured(browser, url, *case) for case in CASES]
            finally:
                browser.close()
                server.shutdown()


def _measured(browser: Browser, url: str, nodes: int, each: int) -> dict[str, object]:
    page = browser.new_page(viewport={"width": 1500, "height": 900})
    try:
        page.goto(url)
        page.wait_for_function("() => window.bench !== undefined")
        opened = page.evaluate(f"() => bench.open({nodes}, {each})")
        told, busy = traced(browser, page, f"scrub({DRAG_MS})")
        frames = told["fps"] * DRAG_MS / 1000
        return {
            "run": f"{nodes:,} nodes, {page.evaluate('() => bench.count()'):,} events",
            "open": opened,
            "fps": told["fps"],
            "ms a frame": sum(busy) / frames,
            "task, processor": max(busy),
            "task, clock": told["task"],
        }
    finally:
        page.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: requests are no part of a table."""


if __name__ == "__main__":
    for row in main():
        print(row)
