"""A flow document in JupyterLab: the canvas as a view of a notebook, alone or beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

FACTORY = "Flow canvas"
FLOW = [
    "%load_ext flowbook",
    "%%flow raw\n[1, 2, 3]",
    "%%flow clean\n[one + 1 for one in raw]",
    "%%flow total(rows=clean)\nsum(rows)",
]
# The context of the open notebook, whichever view it has.
CONTEXT = """
[...jupyterapp.shell.widgets('main')].map(one => one.context).find(one => one?.path === PATH)
"""


@dataclass
class FlowPage:
    """A notebook that is open in one or both of its views."""

    page: Page
    url: str
    folder: Path
    name: str

    # ------------------------------------------------------------ opening

    def open_canvas(self, *, ready: bool = True) -> FlowPage:
        """Open it in JupyterLab with nothing but its canvas."""
        self.page.goto(f"{self.url}/lab?reset")
        self.page.wait_for_selector(".jp-Launcher")
        self.run_command("docmanager:open", {"path": self.name, "factory": FACTORY})
        self.page.wait_for_selector(".fb-lab")
        return self.drawn() if ready else self

    def open_notebook(self) -> FlowPage:
        """Open it in JupyterLab with nothing but its notebook."""
        self.page.goto(f"{self.url}/lab/tree/{self.name}?reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        return self

    def show_canvas(self) -> FlowPage:
        self.run_command("flowbook:show-canvas")
        return self.drawn()

    def show_notebook(self) -> FlowPage:
        self.run_command("flowbook:open-notebook")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        return self

    def drawn(self) -> FlowPage:
        self.page.wait_for_selector(".fb-lab .fb-root .react-flow__node", timeout=30_000)
        return self

    def run_command(self, command: str, args: dict[str, Any] | None = None) -> None:
        self.page.evaluate(f"void jupyterapp.commands.execute('{command}', {json.dumps(args)})")

    # ------------------------------------------------------------ the kernel

    def on_kernel_line(self) -> FlowPage:
        """Wait until the kernel answers for the flow."""
        self.page.wait_for_selector('.fb-lab[data-answering="kernel"]', timeout=60_000)
        return self

    @property
    def notice(self) -> Locator:
        return self.page.locator(".fb-lab-notice")

    def kernels(self) -> int:
        """How many kernels the server has."""
        found = self.page.request.get(f"{self.url}/api/kernels").json()
        return len(found)

    def kernel_idle(self) -> None:
        self.page.wait_for_function(
            f"() => {self._context}?.sessionContext.session?.kernel?.status === 'idle'",
            timeout=60_000,
        )

    # ------------------------------------------------------------ the document

    @property
    def _context(self) -> str:
        return f"({CONTEXT.strip().replace('PATH', json.dumps(self.name))})"

    def of_document(self, expression: str) -> Any:
        """A JavaScript expression over `context` and `cells`."""
        return self.page.evaluate(
            f"() => {{ const context = {self._context};"
            f" const cells = context.model.sharedModel.cells; return {expression} }}"
        )

    def wait_document(self, expression: str) -> None:
        self.page.wait_for_function(
            f"() => {{ const context = {self._context};"
            " if (!context) return false;"
            f" const cells = context.model.sharedModel.cells; return {expression} }}"
        )

    def texts(self) -> list[str]:
        found: list[str] = self.of_document("cells.map(cell => cell.getSource())")
        return found

    def saved(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.folder / self.name).read_text())
        return document

    # ------------------------------------------------------------ the canvas

    def node(self, name: str) -> Locator:
        return self.page.locator(f'.fb-lab .react-flow__node[data-id="{name}"]')

    def expect_selected(self, *names: str) -> None:
        self.page.wait_for_function(
            "names => JSON.stringify([...jupyterapp.shell.widgets('main')]"
            ".find(one => one.content?.handle)?.content.handle.selected) === JSON.stringify(names)",
            arg=list(names),
        )

    def action(self, name: str) -> Locator:
        """A button of the canvas, or of the toolbar above it that has it instead."""
        return self.page.locator(
            f'.fb-lab [data-action="{name}"],'
            f' .fb-lab-document [data-jp-item-name="{name}"] [data-command]'
        )

    def tool(self, name: str) -> Locator:
        """A button of the toolbar."""
        return self.page.locator(f'.fb-lab-document [data-jp-item-name="{name}"] [data-command]')

    def press(self, name: str) -> None:
        """Click on it once it may be: a click waits for plain buttons, not for JupyterLab's."""
        button = self.action(name)
        expect(button).not_to_have_attribute("aria-disabled", "true")
        button.click()

    def expect_status(self, name: str, status: str, timeout: float = 30_000) -> None:
        expect(self.node(name).locator(".fb-node")).to_have_attribute(
            "data-status", status, timeout=timeout
        )

    def expect_nodes(self, *names: str, timeout: float = 20_000) -> None:
        expect(self.page.locator(".fb-lab .react-flow__node")).to_have_count(
            len(names), timeout=timeout
        )
        for name in names:
            expect(self.node(name)).to_have_count(1)

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    # ------------------------------------------------------------ gestures

    @property
    def context(self) -> str:
        """The document's context, as JavaScript."""
        return self._context

    def drag(self, node: str, dx: float, dy: float) -> None:
        self.node(node).scroll_into_view_if_needed()
        box = self.node(node).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + 14
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx, y + dy, steps=8)
        self.page.mouse.up()

    def menu(self, menu: str, item: Any) -> None:
        self.page.locator(".lm-MenuBar-item", has_text=menu).first.click()
        self.page.locator(".lm-Menu-item", has_text=item).first.click()

    def save(self) -> None:
        self.page.evaluate(f"void {self._context}.save()")
        self.wait_document("!context.model.dirty")

    def type_at_end_of(self, index: int, text: str) -> None:
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def replace_cell(self, index: int, text: str) -> None:
        self.cell(index).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def close_notebook(self) -> None:
        self.page.evaluate(
            f"() => {{ const context = {self._context};"
            " [...jupyterapp.shell.widgets('main')]"
            ".find(one => one.context === context && one.content.activeCellIndex !== undefined)"
            ".close() }"
        )
        self.page.wait_for_selector(".jp-Notebook", state="detached")

    # ------------------------------------------------------------ cells and kernels

    def run_cell(self, index: int) -> None:
        """Run a cell; again if the request got lost, which happens right after a kernel starts."""
        self.kernel_idle()
        prompt = self.cell(index).locator(".jp-InputPrompt").first
        for _ in range(5):
            self.cell(index).locator(".cm-content").first.click()
            self.page.keyboard.press("Control+Enter")
            try:
                expect(prompt).not_to_have_text("[ ]:", timeout=3_000)
                return
            except AssertionError:
                continue
        raise AssertionError("the cell was not run")

    def execute(self, code: str, *, wait: bool = False) -> None:
        """Run code in the kernel of the document, past its cells; and wait until it has run."""
        asked = (
            f"{self._context}.sessionContext.session.kernel"
            f".requestExecute({{code: {json.dumps(code)}, store_history: false}})"
        )
        self.page.evaluate(f"{asked}.done.then(() => null)" if wait else f"void {asked}")

    def kernels_of_document(self) -> int:
        sessions = self.page.request.get(f"{self.url}/api/sessions").json()
        return sum(one["path"] == self.name for one in sessions)

    def write_without_kernel(self) -> None:
        """Take the kernel's name out of the file."""
        document = self.saved()
        document["metadata"] = {}
        (self.folder / self.name).write_text(json.dumps(document))

    def check_slider(self, index: int, value: int) -> None:
        """The slider that a cell shows and its value in the kernel follow each other."""
        readout = self.cell(index).locator(".widget-readout")
        expect(readout).to_have_text("3")
        self.execute(f"slider.value = {value}")
        expect(readout).to_have_text(str(value))
        self.cell(index).locator(".noUi-handle").focus()
        self.page.keyboard.press("ArrowRight")
        expect(readout).to_have_text(str(value + 1))
        self.run_cell(index + 1)
        expect(self.cell(index + 1).locator(".jp-OutputArea")).to_contain_text(str(value + 1))
