"""The run history in JupyterLab over 100,000 runs, end to end, against a page of it in Python.

Milliseconds until what was asked for is painted: the panel from its command on, the next page from
reaching the end of the list on, another filter from its choice on, and a run of another process
from its acknowledgement on. `history.runs(limit=20)` is what any of them has to do at least, in
this process and without a server. `FLOWBOOK_BENCH_RUNS` makes the history shorter or longer.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from store_load import percentile

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.ui.conftest import CHROMIUM_ARGS, Lab, serving
from tests.ui.history import events_of, made

from flowbook.events import RunStatus
from flowbook.store.store import Store

RUNS = int(os.environ.get("FLOWBOOK_BENCH_RUNS", "100_000"))
TIMES = 20
PAINTED = """
const painted = async (done) => {
  for (let n = 0; n < 3000 && !done(); n++) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
};
const panel = () => document.querySelector(".fb-runs:not(.fb-schedules)");
const rows = () => document.querySelectorAll(".fb-runs-row");
"""
OPEN = f"""async () => {{ {PAINTED}
  const began = performance.now();
  void jupyterapp.commands.execute("flowbook:runs");
  await painted(() => rows().length > 0);
  return performance.now() - began;
}}"""
MORE = f"""async () => {{ {PAINTED}
  const scroller = panel().querySelector(".fb-runs-scroller");
  await painted(() => panel().dataset.phase === "ready");
  const before = scroller.scrollHeight, began = performance.now();
  scroller.scrollTop = before;
  await painted(() => scroller.scrollHeight > before);
  return performance.now() - began;
}}"""
FILTER = f"""async (status) => {{ {PAINTED}
  const chosen = [...panel().querySelectorAll("select")][0];
  const began = performance.now();
  chosen.value = status;
  chosen.dispatchEvent(new Event("change", {{ bubbles: true }}));
  await painted(() => rows().length > 0 && panel().dataset.phase === "ready"
    && [...rows()].every((row) => row.dataset.status === status));
  return performance.now() - began;
}}"""
NEWS = f"""async (run) => {{ {PAINTED}
  await painted(() => panel().querySelector(`[data-run="${{run}}"]`));
  return Date.now();
}}"""


def main() -> list[dict[str, object]]:
    """The rows of the table."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        (Path(folder) / "project").mkdir()
        made(Path(folder) / "project", RUNS)
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGS)
        try:
            with serving(Path(folder)) as lab:
                return list(_rows(browser.new_page(viewport={"width": 1500, "height": 900}), lab))
        finally:
            browser.close()


def _rows(page: Page, lab: Lab) -> Iterator[dict[str, object]]:
    with closing(Store.open(lab.folder / ".flowbook")) as store:
        bare = _times(lambda: _timed(lambda: store.history.runs(limit=20)))
        page.goto(f"{lab.url}/lab?reset")
        page.wait_for_selector(".jp-Launcher")
        measured = {"open": [page.evaluate(OPEN)]}
        page.wait_for_selector('.fb-runs:not(.fb-schedules) .fb-runs-live[data-live="on"]')
        measured["a run of another process"] = _times(lambda: _news(page, store))
        measured["next page"] = _times(lambda: page.evaluate(MORE))
        page.locator('[data-action="filter"]').click()
        choices = iter(["failed", "cancelled", "succeeded"] * TIMES)
        measured["another filter"] = _times(lambda: page.evaluate(FILTER, next(choices)))
    python = percentile([one / 1e3 for one in bare], 50)
    for what, found in measured.items():
        median = percentile([one / 1e3 for one in found], 50)
        yield {
            "what": what,
            "median, ms": median,
            "95th percentile, ms": percentile([one / 1e3 for one in found], 95),
            "history.runs(limit=20), ms": python,
            "ratio": median / python,
        }


def _times(measure: Callable[[], float]) -> list[float]:
    """Milliseconds of so many tries, after one that warms up."""
    measure()
    return [measure() for _ in range(TIMES)]


def _timed(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return (time.perf_counter() - began) * 1e3


def _news(page: Page, store: Store) -> float:
    """Milliseconds from the acknowledgement of a run to its row."""
    run, events = events_of("news", RunStatus.SUCCEEDED)
    store.sink.append(events).result()
    acknowledged = time.time()
    return float(page.evaluate(NEWS, run)) - acknowledged * 1e3
