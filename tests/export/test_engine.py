"""papermill under our engine: our interpreter, our lines, our brake. Real kernels."""

from __future__ import annotations

import json
import sys
import threading
import time

import nbformat
import pytest
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook

from flowbook.export.engine import ENGINE, Watch
from flowbook.export.exits import ExitCode
from flowbook.export.stopping import Brake

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # jupyter_client leaves its sockets
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def execute(tmp_path, *cells, watch):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "x", "language": "python"}
    path = tmp_path / "in.ipynb"
    path.write_text(nbformat.v4.writes(notebook))
    execute_notebook(
        str(path),
        str(tmp_path / "out.ipynb"),
        engine_name=ENGINE,
        kernel_name="python3",
        progress_bar=False,
        watch=watch,
    )


def test_lines_arrive_whole_with_the_environment_of_the_job(tmp_path):
    lines: list[str] = []
    watch = Watch({"FLOWBOOK_PROJECT": "/p"}, lines.append, Brake())
    execute(
        tmp_path,
        "import os, sys\nprint('one', end=''); sys.stdout.flush(); print(' line')\nprint('two')",
        "print(sys.executable); print(os.environ['FLOWBOOK_PROJECT'], end='')",
        watch=watch,
    )
    assert lines == ["one line", "two", sys.executable, "/p"]
    assert watch.brake.pid is None


def test_the_brake_interrupts_the_cell_and_saves_where_it_stopped(tmp_path):
    brake = Brake(grace=5)
    started = threading.Event()
    watch = Watch({}, lambda _line: started.set(), brake)

    def stop() -> None:
        started.wait(30)
        brake.pull(ExitCode.TERMINATED)
        brake.pull(ExitCode.TIMEOUT)

    threading.Thread(target=stop, daemon=True).start()
    began = time.monotonic()
    # Where in IPython it hits is chance; there are places of which it tells no traceback.
    with pytest.raises(PapermillExecutionError, match=r'Exception encountered at "In \[1\]"'):
        execute(
            tmp_path, "print('go', flush=True)\nimport time; time.sleep(60)", "1 + 1", watch=watch
        )
    assert time.monotonic() - began < 20
    assert brake.why is ExitCode.TERMINATED
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert [one["execution_count"] for one in cells if one["cell_type"] == "code"][-1] is None


def test_a_brake_pulled_between_cells_stops_before_the_next(tmp_path):
    brake = Brake()
    brake.pull(ExitCode.INTERRUPTED)
    with pytest.raises(PapermillExecutionError):
        execute(tmp_path, "open('made', 'w')", watch=Watch({}, print, brake))
    assert not (tmp_path / "made").exists()
