"""Who writes."""

import os
import sys
from types import SimpleNamespace

import pytest

from flowbook.store.process import introduction, kernel_id


def kernel(connection_file, initialized=True):
    application = SimpleNamespace(
        initialized=lambda: initialized,
        instance=lambda: SimpleNamespace(connection_file=connection_file),
    )
    return SimpleNamespace(IPKernelApp=application)


@pytest.mark.parametrize(
    ("application", "found"),
    [
        (kernel("/run/jupyter/kernel-7f1c-22.json"), "7f1c-22"),
        (kernel("kernel-7.json", initialized=False), None),
        (kernel("elsewhere.json"), None),
        (None, None),
    ],
)
def test_a_kernel_is_known_by_its_connection_file(monkeypatch, application, found):
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", application)
    assert kernel_id() == found


def test_every_writer_says_where_it_lives(store, story):
    store.sink.append(story.run()).result(5)
    assert introduction().host == os.uname().nodename
    _names, rows = store.history.table("SELECT host, pid, kernel FROM registry")
    assert rows == [(os.uname().nodename, os.getpid(), None)]
