"""The canvas in Chromium, as users get it, against plain React Flow in the same run.

React Flow is shown as its documentation shows it first: React, default nodes, nothing live. Flows
have one and a half times as many edges as nodes. `in view` is all of a flow at once; `zoomed` is
its beginning at half size. `open` is milliseconds until frames come evenly. `pan` and `zoom` move
the view without pause: frames a second (60 is the most), and milliseconds of processor that the
page's thread needs for one (under 16 there is time left). `updates` are changes of status, a
thousand a second for five seconds; `task` is the longest task of the page's thread meanwhile, by
the processor and by the clock, which a busy machine stretches (0: all were under 50). `run` is a
whole run of all nodes that arrives as one message, `edit` the whole flow again with one word
changed, both in milliseconds until frames come evenly.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
ARGS = ["--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
CASES = ((100, True), (1_000, True), (1_000, False), (5_000, False))
UPDATED = (1_000, True)
AGAIN = (5_000, False)
MOVE_MS = 2_500
UPDATE_MS = 5_000
RATE = 1_000
ZOOM = f"zoom({MOVE_MS})"
PAGES = ("canvas", "plain")
TASK = "ThreadControllerImpl::RunTask"

Measured = dict[str, float]


def main() -> list[dict[str, object]]:
    """The rows of the table."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        build = ["node", str(ROOT / "js" / "scripts" / "build-bench.mjs"), folder]
        subprocess.run(build, check=True, cwd=ROOT / "js")
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGS)
        try:
            return list(_rows(browser, Path(folder)))
        finally:
            browser.close()


def _rows(browser: Browser, folder: Path) -> Iterator[dict[str, object]]:
    for case in CASES:
        count, whole = case
        canvas, plain = (_measured(browser, folder, page, case) for page in PAGES)
        for name, ours in canvas.items():
            theirs = plain.get(name)
            yield {
                "flow": f"{count:,} nodes, {'in view' if whole else 'zoomed'}",
                "what": name,
                "canvas": ours,
                "React Flow": theirs,
                "ratio": ours / theirs if theirs else None,
            }


def _measured(browser: Browser, folder: Path, name: str, case: tuple[int, bool]) -> Measured:
    count, whole = case
    page = browser.new_page(viewport={"width": 1500, "height": 900})
    try:
        page.goto(f"{(folder / 'page.html').as_uri()}?page={name}")
        page.wait_for_function("() => window.bench !== undefined")
        found: Measured = {
            "open": page.evaluate(f"() => bench.open({count}, {str(whole).lower()})")
        }
        for what, call in (("pan", f"pan({MOVE_MS}, {60 if whole else 400})"), ("zoom", ZOOM)):
            told, busy = traced(browser, page, call)
            frames = told["fps"] * MOVE_MS / 1000
            found |= {f"{what}, fps": told["fps"], f"{what}, ms a frame": sum(busy) / frames}
        if case == UPDATED:
            told, busy = traced(browser, page, f"update({UPDATE_MS}, {RATE})")
            found |= {"updates, fps": told["fps"], "updates, task, processor": max(busy)}
            found["updates, task, clock"] = told["task"]
        if case == AGAIN and name == "canvas":
            found["run"], found["edit"] = page.evaluate("() => bench.again()")
        return found
    finally:
        page.close()


def traced(browser: Browser, page: Page, call: str) -> tuple[dict[str, float], list[float]]:
    """What the page measured, and milliseconds of processor of each task of its thread."""
    client = browser.new_browser_cdp_session()
    events: list[dict[str, Any]] = []
    over: list[object] = []
    client.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    client.on("Tracing.tracingComplete", lambda data: over.append(data))
    config = {"includedCategories": ["toplevel"], "excludedCategories": ["*"]}
    client.send("Tracing.start", {"transferMode": "ReportEvents", "traceConfig": config})
    told = page.evaluate(f"() => bench.{call}")
    client.send("Tracing.end")
    while not over:
        page.wait_for_timeout(20)
    client.detach()
    return told, _tasks(events)


def _tasks(events: list[dict[str, Any]]) -> list[float]:
    """Of the renderer that was busiest, which is that of the page."""
    threads = {
        (one["pid"], one["tid"]): list[float]()
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    for one in events:
        if one["name"] == TASK and (one["pid"], one["tid"]) in threads:
            threads[one["pid"], one["tid"]].append(one.get("tdur", 0) / 1000)
    return max(threads.values(), key=sum)
