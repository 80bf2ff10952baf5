"""What nodes stream becomes little to show, and what is kept of it is bounded."""

from __future__ import annotations

import asyncio
from threading import Thread

import pytest

from flowbook.errors import UsageError
from flowbook.graph.flow_options import StreamKeep
from flowbook.graph.node import Progress
from flowbook.run.stream import HEAP, MOST_CHUNKS, MOST_TEXT, TAIL, Streams
from flowbook.run.words import Words

OF = (0, 1)


@pytest.fixture
def stirred():
    return []


@pytest.fixture
def streams(stirred):
    return Streams(lambda: stirred.append(True))


def kept(streams, of=OF):
    return [(one.channel, one.chunk_index, one.chunks, one.value) for one in streams.end(of)]


def test_tokens_are_shown_joined_and_kept_as_one_text(streams):
    for word in ("It ", "rains"):
        streams.token(OF, word)
    ((of, news),) = streams.news()
    streams.token(OF, ".")
    ((_, more),) = streams.news()
    assert (of, news.text, news.first, news.chunks) == (OF, "It rains", 0, 2)
    assert (more.text, more.first, more.chunks) == (".", 2, 1)
    assert kept(streams) == [("token", 0, 3, "It rains.")]


def test_every_chunk_of_data_is_kept_and_the_newest_is_shown(streams):
    for number in range(3):
        streams.emit(OF, number)
    ((_, news),) = streams.news()
    assert news.data.value == 2
    assert [one.value for one in news.keep] == [0, 1, 2]
    assert kept(streams) == []


def test_of_very_many_chunks_the_first_and_the_last_are_kept(streams):
    for number in range(MOST_CHUNKS + 500):
        streams.emit(OF, number)
    rest = kept(streams)
    assert len(rest) == MOST_CHUNKS + 1
    assert rest[-1] == ("data", MOST_CHUNKS + 499, 1, MOST_CHUNKS + 499)


def test_the_loop_takes_over_a_heap_at_a_time(streams, stirred):
    for number in range(HEAP + 1):
        streams.emit(OF, number)
    before = len(stirred)
    ((_, first),) = streams.news()
    assert len(stirred) == before + 1
    ((_, second),) = streams.news()
    assert [len(first.keep), len(second.keep)] == [HEAP, 1]
    assert not streams.stirred


def test_a_flow_keeps_the_last_chunk_or_nothing():
    def streamed(keep):
        streams = Streams(lambda: None, keep)
        for number in range(3):
            streams.emit(OF, number)
        streams.token(OF, "text")
        streams.progress(OF, Progress(1, 2))
        streams.artefact(OF, "a.txt", b"a", "text/plain")
        return sorted(one.channel for one in streams.end(OF)), streams

    assert streamed(StreamKeep.LAST)[0] == ["artefact", "data", "progress", "token"]
    assert streamed(StreamKeep.NONE)[0] == []


def test_of_progress_the_last_is_kept(streams):
    for done in range(5):
        streams.progress(OF, Progress(done, 5, "rows"))
    assert not streams.stirred
    assert kept(streams) == [("progress", 0, 1, {"done": 4, "total": 5, "text": "rows"})]


def test_what_nobody_takes_over_does_not_pile_up(streams):
    word = "x" * 1_000
    for _ in range(3 * MOST_TEXT // len(word)):
        streams.token(OF, word)
    ((_, news),) = streams.news()
    assert len(news.text) <= TAIL
    assert news.chunks == 3_000
    ((_, _, count, text),) = kept(streams)
    assert (count, len(text)) == (3_000, MOST_TEXT)


def test_tokens_that_are_redacted_are_shown_line_by_line():
    streams = Streams(lambda: None, by_line=lambda: True)
    streams.token(OF, "one\nthe se")
    ((_, news),) = streams.news(unfinished=False)
    assert (news.text, news.chunks) == ("one\n", 1)
    streams.token(OF, "cret\n")
    ((_, news),) = streams.news(unfinished=False)
    assert news.text == "the secret\n"


def test_no_half_of_a_secret_is_left_where_tokens_are_dropped():
    streams = Streams(lambda: None, by_line=lambda: True)
    streams.token(OF, "hunt")
    streams.token(OF, "er2" + "." * TAIL)
    streams.token(OF, "\non")
    ((_, news),) = streams.news()
    assert news.text == "on"


def test_no_half_of_a_secret_is_kept_where_a_text_is_cut_off():
    streams = Streams(lambda: None, by_line=lambda: True)
    streams.token(OF, "x" * (MOST_TEXT - 10) + "\n")
    streams.token(OF, "the password is hunter2")
    ((_, _, _, text),) = kept(streams)
    assert text.endswith("x\n")


def test_what_an_attempt_streams_after_it_was_given_up_is_nobodys(streams):
    streams.token(OF, "in time")
    assert [one.value for one in streams.end(OF, given_up=True)] == ["in time"]
    streams.token(OF, "late")
    streams.emit(OF, "late")
    assert OF not in streams.attempts
    assert streams.news() == []


def test_too_many_artefacts_are_refused(streams):
    for number in range(MOST_CHUNKS):
        streams.artefact(OF, f"{number}.txt", b"", "text/plain")
    with pytest.raises(UsageError, match="artefacts"):
        streams.artefact(OF, "more.txt", b"", "text/plain")


def test_a_token_is_a_text(streams):
    with pytest.raises(UsageError, match="text, not int"):
        streams.token(OF, 3)


def test_threads_lose_nothing(streams):
    def speak(number):
        for _ in range(2_000):
            streams.token((number, 1), "ab")

    threads = [Thread(target=speak, args=(number,)) for number in range(4)]
    for one in threads:
        one.start()
    while any(one.is_alive() for one in threads):
        streams.news()
    for number in range(4):
        assert kept(streams, (number, 1)) == [("token", 0, 2_000, "ab" * 2_000)]


def test_progress_is_told_ten_times_a_second_and_the_last_in_any_case():
    heard = []
    loop = asyncio.new_event_loop()
    words = Words(loop, lambda *said: heard.append(said[-1].done))
    try:
        for tick in range(100):  # a second
            words.progress(0, 1, Progress(tick, 100))
            words.drain(now=1_000 + tick / 100)
        assert len(heard) <= 11
        words.progress(0, 1, Progress(100, 100))
        words.drain()
        assert heard[-1] == 100
    finally:
        loop.close()
