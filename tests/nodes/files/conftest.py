"""A project folder, and short ways to read and write in it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from tests.nodes.jail import JailedServices

from flowbook.nodes.reading import ListFilesNode, ReadFileNode
from flowbook.nodes.writing import WriteFileNode


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "project"
    made.mkdir()
    return made


@pytest.fixture
def files(folder, context, made):
    """`files.read("a.csv")`, `files.write("a.csv", rows)`, `files.list("*.csv")`."""
    context.services = JailedServices(folder)

    def read(path, **config):
        return made.node(ReadFileNode, "rows", path=path, **config).run(context, {})

    def write(path, value, **config):
        node = made.node(WriteFileNode, "saved", inputs="rows", path=path, **config)
        return node.run(context, {"rows": value})

    def find(path, **config):
        return made.node(ListFilesNode, "found", path=path, **config).run(context, {})

    return SimpleNamespace(read=read, write=write, list=find, context=context, folder=folder)
