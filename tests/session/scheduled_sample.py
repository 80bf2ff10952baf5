"""A notebook with a published flow, for what runs by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from flowbook.session.project import Project


def notebook(*cells: str, parameters: str = "city = 'Oslo'") -> str:
    """A notebook with a cell of parameters, and these."""
    told = [("parameters", parameters), *((f"cell-{i}", text) for i, text in enumerate(cells))]
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "id": name,
                    "cell_type": "code",
                    "metadata": {"tags": ["parameters"] if name == "parameters" else []},
                    "execution_count": None,
                    "outputs": [],
                    "source": text,
                }
                for name, text in told
            ],
        }
    )


def published(
    project: Project, name: str = "report", body: str = "greeting = 'hi ' + city"
) -> Path:
    """The notebook of a flow of that name, whose one node has this body, published."""
    path = project.path / f"{name}.ipynb"
    path.write_text(notebook(f"%%flow hello\n{body}"), encoding="utf-8")
    project.read_notebook(path).publish("as it may run")
    return path


def eventually(true: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until something is so; a generous guard, not a measurement."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)
