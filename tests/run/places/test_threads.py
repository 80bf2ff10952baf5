"""Whose words it are when a node starts threads."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from flowbook.run.places.listening import listening
from flowbook.run.places.threads import follow


@pytest.fixture(autouse=True)
def following():
    follow()
    follow()


def as_node(name, call):
    """Run `call` as the code of a node."""

    def inside():
        listening.set(lambda stream, text: name)
        return call()

    return copy_context().run(inside)


def whose():
    hear = listening.get()
    return None if hear is None else hear("stdout", "")


def in_thread(**how):
    found = []
    thread = threading.Thread(target=lambda: found.append(whose()), **how)
    thread.start()
    thread.join()
    return found[0]


def test_a_thread_belongs_to_the_node_that_starts_it():
    assert as_node("a", in_thread) == "a"


def test_a_thread_of_a_class_of_its_own_does_too():
    class Own(threading.Thread):
        def run(self):
            self.found = whose()

    def call():
        thread = Own()
        thread.start()
        thread.join()
        return thread.found

    assert as_node("a", call) == "a"


def test_a_thread_outside_of_nodes_belongs_to_nobody():
    assert in_thread() is None


def test_threads_of_the_engine_belong_to_nobody_whoever_needs_them_first():
    assert as_node("a", lambda: in_thread(name="flowbook-node-1")) is None


def test_a_pool_that_nodes_share_says_each_word_for_whoever_asked():
    with ThreadPoolExecutor(1) as pool:
        assert as_node("a", lambda: pool.submit(whose).result()) == "a"
        assert as_node("b", lambda: pool.submit(whose).result()) == "b"
        assert pool.submit(whose).result() is None
        assert as_node("c", lambda: list(pool.map(lambda _: whose(), range(2)))) == ["c", "c"]


def test_a_pool_passes_on_what_its_calls_raise():
    def fails():
        raise LookupError("gone")

    with ThreadPoolExecutor(1) as pool, pytest.raises(LookupError):
        as_node("a", lambda: pool.submit(fails).result())
