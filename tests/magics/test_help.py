"""Help of verbs, kinds and options: made of them, and so never about others."""

from __future__ import annotations

import pytest
from tests.magics.conftest import open_shell

from flowbook.errors import UsageError
from flowbook.graph.flow_options import FLOW_OPTIONS
from flowbook.graph.options import OPTIONS
from flowbook.magics.verbs import verbs


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    with open_shell(tmp_path_factory.mktemp("shell")) as shell:
        shell.load("flowbook")
        yield shell


def test_the_overview_names_every_verb_kind_and_option(reader):
    text = repr(reader.flow("help"))
    words = set(text.replace(",", " ").split())
    assert {*verbs.commands, *OPTIONS, *FLOW_OPTIONS, "http", "sql", "map"} <= words
    assert "%%flow [kind] name[(inputs)]" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("verb", sorted(verbs.commands))
def test_every_verb_has_a_page_that_says_what_it_does(reader, verb):
    text = repr(reader.flow(f"help {verb}"))
    assert text.startswith(f"Usage: %flow {verb}")
    assert len(text.split("\n\n")[1].strip()) > 20


def test_the_same_is_written_for_help_as_an_option(reader):
    assert reader.flow("run --help") is None
    assert "Usage: %flow run" in reader.said
    assert "--priority" in reader.said
    assert reader.flow("-h") is None
    assert "Usage: %flow" in reader.said
    assert "history" in reader.said


def test_a_kind_is_told_with_its_settings_and_its_example(reader):
    text = repr(reader.flow("help http"))
    assert "url: text (required)" in text
    assert "(default " in text
    assert "example:" in text


def test_an_option_is_told_with_its_words_and_its_default(reader):
    text = repr(reader.flow("help on"))
    assert OPTIONS["on"].help in text
    assert "words: auto, inline, thread, process, dask" in text
    assert "default: auto" in text
    assert "#| retries: VALUE" in repr(reader.flow("help --retries"))
    assert "%flow options journal=VALUE" in repr(reader.flow("help journal"))


def test_a_word_of_several_meanings_is_told_with_all_of_them(reader):
    text = repr(reader.flow("help timeout"))
    assert "Option timeout of a node" in text
    assert "Option timeout of the flow" in text


def test_a_word_that_is_nothing_is_refused_with_the_closest(reader):
    with pytest.raises(UsageError, match="did you mean 'retries'"):
        reader.flow("help retires")


@pytest.mark.parametrize("magic", ["%flow", "%%flow", "%flowbook", "%%flowbook"])
def test_a_question_mark_shows_the_overview(reader, magic):
    found = reader.inner.object_inspect_text(magic)
    assert "Verbs, as in %flow run:" in found
    assert "history" in found


def test_topics_are_completed(reader):
    assert reader.complete("%flow help retr") == ["retries"]
