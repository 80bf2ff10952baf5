"""papermill's engine, with what a scheduled job needs: our interpreter, our lines, our brake.

papermill alone starts whatever kernel a user's `python3` kernelspec names, forgets why it was
stopped, and leaves a busy kernel to its fate at SIGTERM. Here the kernel is this interpreter's,
each printed line is handed on as it comes, and pulling the brake interrupts the running cell, so
that the flow ends its run as cancelled and the notebook is saved where it stopped. Between two
cells there is nothing to interrupt, and the kernel is asked to cancel the run; one that does not
let go is killed after a grace. `flowbook job run` gives the engine a `Watch`;
`papermill --engine flowbook` has none, and its signals pull the brake all the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from flowbook.export import places
from flowbook.export.kernel import QUIET, OwnKernelManager
from flowbook.export.stopping import Brake, trapped

ENGINE = "flowbook"
_CANCEL = "from flowbook.magics.stepping import stop\nstop(get_ipython())"


@dataclass(frozen=True, slots=True)
class Watch:
    """What one job adds to papermill: extra environment, where lines go, and the brake.

    `kernel`: one that has been started for it; its job ends it.
    """

    env: dict[str, str]
    on_line: Callable[[str], None]
    brake: Brake
    kernel: OwnKernelManager | None = None


class JobClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill is not typed
    """Runs the cells of one job."""

    def __init__(self, nb_man: Any, watch: Watch, **settings: Any) -> None:
        super().__init__(nb_man, km=watch.kernel, kernel_manager_class=OwnKernelManager, **settings)
        self._watch = watch
        self._rest = ""

    def execute_cell(self, cell: Any, index: int, **settings: Any) -> Any:
        """Run one cell, unless the brake was pulled since the last."""
        brake = self._watch.brake
        brake.pid = _pid(self.km)
        if brake.why is not None:
            self._cancel()
            raise CellExecutionError("", "Stopped", brake.why.meaning)
        try:
            return super().execute_cell(cell, index, **settings)
        except CellExecutionError:
            if self._watch.brake.why is not None:
                self._cancel()
            raise
        finally:
            self._flush()

    def _cancel(self) -> None:
        """Cancel the run that no cell waits for: to interrupt a kernel at rest does nothing."""
        with suppress(TimeoutError, RuntimeError, Empty):  # it is killed when its grace is over
            run_sync(self.kc.execute_interactive)(
                _CANCEL,
                silent=True,
                store_history=False,
                allow_stdin=False,
                timeout=self._watch.brake.grace,
                output_hook=lambda _message: None,
            )

    def process_message(self, *args: Any, **settings: Any) -> Any:
        """Hand on what a cell prints, line by line, as it comes."""
        output = super().process_message(*args, **settings)
        if output is not None and output.output_type == "stream":
            *lines, self._rest = (self._rest + _last_text(args, output)).split("\n")
            for line in lines:
                self._watch.on_line(line)
        return output

    def _flush(self) -> None:
        if self._rest:
            self._watch.on_line(self._rest)
            self._rest = ""


class JobEngine(NBClientEngine):  # type: ignore[misc]  # papermill is not typed
    """The engine papermill is asked for by the name `flowbook`."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, watch: Watch | None = None, **settings: Any
    ) -> Any:
        """Run the notebook papermill manages; its settings of no use to a job are left out."""
        if watch is None:
            return cls._by_itself(nb_man, kernel_name, settings)
        client = JobClient(
            nb_man,
            watch,
            kernel_name=kernel_name,
            startup_timeout=settings.get("start_timeout") or 60,
            timeout=settings.get("execution_timeout"),
            extra_arguments=[*QUIET],
        )
        try:
            return client.execute(env={**os.environ, **watch.env}, cleanup_kc=True)
        finally:
            watch.brake.release()

    @classmethod
    def _by_itself(cls, nb_man: Any, kernel_name: str, settings: dict[str, Any]) -> Any:
        """Run it for papermill's own command, which logs what is printed if it is asked to."""
        about = nb_man.nb.metadata.get("flowbook", {})
        env = {"FLOWBOOK_TRIGGER": "papermill"}
        env |= {
            f"FLOWBOOK_{one.upper()}": str(about[one]) for one in ("flow", "source") if one in about
        }
        env |= places.told(nb_man.nb)
        watch = Watch(env, lambda _line: None, Brake())
        with trapped(watch.brake.pull):
            return cls.execute_managed_notebook(nb_man, kernel_name, watch, **settings)


def _pid(kernel_manager: Any) -> int | None:
    pid = getattr(getattr(kernel_manager, "provisioner", None), "pid", None)
    return pid if isinstance(pid, int) else None


def _last_text(args: tuple[Any, ...], output: Any) -> str:
    """The text of this message: nbclient gives back the whole output it has joined it to."""
    content = args[0].get("content", {}) if args and isinstance(args[0], dict) else {}
    return str(content.get("text", output.text))


papermill_engines.register(ENGINE, JobEngine)
