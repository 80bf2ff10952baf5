"""Words from any thread become few and bounded."""

from __future__ import annotations

import asyncio

import pytest

from flowbook.events.values import Usage
from flowbook.graph.node import Progress
from flowbook.run.words import MOST, Words


@pytest.fixture
def heard():
    return []


@pytest.fixture
def words(heard):
    loop = asyncio.new_event_loop()
    yield Words(loop, lambda *said: heard.append(said))
    loop.close()


def test_text_of_one_node_and_stream_is_joined(words, heard):
    for text in "abc":
        words.say(0, 1, "stdout", text)
        words.say(1, 1, "stdout", text.upper())
    words.drain()
    assert heard == [(0, 1, "stdout", "abc"), (1, 1, "stdout", "ABC")]


def test_of_progress_only_the_newest_counts(words, heard):
    for done in range(5):
        words.progress(0, 1, Progress(done, 5))
    words.drain()
    assert heard == [(0, 1, "", Progress(4, 5))]


def test_an_attempt_is_cut_off_once_and_the_next_one_speaks_again(words, heard):
    for _ in range(3):
        words.say(0, 1, "stdout", "x" * MOST)
        words.drain()
    words.say(0, 2, "stdout", "again")
    words.drain()
    assert [len(text) for *_, text in heard[:1]] == [MOST]
    assert "records no more" in heard[1][3]
    assert heard[2:] == [(0, 2, "stdout", "again")]


def test_what_is_said_after_the_loop_is_gone_is_lost_quietly(words, heard):
    words._loop.close()
    words.say(0, 1, "stdout", "late")
    assert heard == []


def test_a_redacted_line_waits_for_its_end(heard):
    loop = asyncio.new_event_loop()
    words = Words(loop, lambda *said: heard.append(said), lambda text: text.replace("pin", "?"))
    words.say(0, 1, "stdout", "one\nthe p")
    words.drain(unfinished=False)
    words.say(0, 1, "stdout", "in is\npi")
    words.drain(unfinished=False)
    words.say(0, 1, "stdout", "n")
    words.drain()
    loop.close()
    assert [text for *_, text in heard] == ["one\n", "the ? is\n", "?"]


def test_a_redacted_text_is_cut_off_after_it_was_redacted(heard):
    loop = asyncio.new_event_loop()
    words = Words(loop, lambda *said: heard.append(said), lambda text: text.replace("secret", "?"))
    words.say(0, 1, "stdout", "x" * (MOST - 3) + "secret")
    words.drain()
    loop.close()
    assert "sec" not in heard[0][-1]


def test_what_an_attempt_used_is_redacted_and_told_once(heard):
    loop = asyncio.new_event_loop()
    words = Words(loop, lambda *said: heard.append(said), lambda text: text.replace("secret", "?"))
    words.used(0, 1, Usage("acme", "secret-1", 3))
    words.used(0, 2, Usage("acme", "small", 4))
    loop.close()
    assert words.usage(0, 1) == (Usage("acme", "?-1", 3),)
    assert words.usage(0, 1) == ()
    assert words.usage(0, 2) == (Usage("acme", "small", 4),)
    assert heard == []
