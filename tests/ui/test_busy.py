"""Run and Cancel on the canvas are answered while a cell of the same kernel is busy."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import expect

BUSY = {
    "sleep": "while goes_on(): time.sleep(0.5)",
    "progress": "while goes_on():\n    canvas.send({'type': 'noise'})\n    time.sleep(0.05)",
    "await": "import asyncio\nwhile goes_on(): await asyncio.sleep(0.5)",
    "loop": "while goes_on(): pass",
}
FLOW = """\
import time
import flowbook
flow = flowbook.Flow("patient")

@flow.node
def waits(seconds: float = 60.0):
    context = flowbook.context()
    while not context.cancelled():
        time.sleep(0.02)

until = time.monotonic() + 60

def goes_on():
    try:
        return not flow.last_run().status.over
    except flowbook.UsageError:
        return time.monotonic() < until
"""


@pytest.fixture
def busy_page(lab, notebook_page, request):
    """A notebook with a canvas, and behind it a cell that is busy until a run is over."""
    name = request.param
    url = lab.notebook(f"busy-{name}.ipynb", [FLOW, "canvas = flow.canvas()\ncanvas", BUSY[name]])
    notebook_page.open(url)
    notebook_page.run_all(2)
    notebook_page.page.wait_for_selector(".fb-root .react-flow__node")
    notebook_page.run_cell(2, wait=False)
    return notebook_page


@pytest.mark.parametrize("busy_page", BUSY, indirect=True)
def test_run_and_cancel_do_not_wait_for_a_busy_cell(busy_page):
    page = busy_page.page
    prompt = page.locator(".jp-Notebook .jp-Cell").nth(2).locator(".jp-InputPrompt").first
    expect(prompt).to_have_text("[*]:")
    begun = time.monotonic()
    busy_page.action("run").click()
    busy_page.expect_status("waits", "running", timeout=5_000)
    expect(prompt).to_have_text("[*]:")
    print(f"run answered after {time.monotonic() - begun:.2f} s")
    begun = time.monotonic()
    busy_page.action("cancel").click()
    busy_page.expect_status("waits", "cancelled", timeout=5_000)
    print(f"cancel answered after {time.monotonic() - begun:.2f} s")
    expect(prompt).not_to_have_text("[*]:")
