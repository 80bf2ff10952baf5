"""`flowbook cache`, over a real project."""

from __future__ import annotations

import json

import pytest

import flowbook
from flowbook.store.store import Store


@pytest.fixture
def project(tmp_path):
    opened = flowbook.project(tmp_path)
    flow = flowbook.Flow("prices", host=opened)

    @flow.node(cache=True, tags="prices")
    def price(city: str = "Oslo"):
        return len(city)

    opened.first = flow.run().raise_for_status().id
    opened.second = flow.run().raise_for_status().id
    yield opened
    Store.open(tmp_path / ".flowbook").close()


@pytest.fixture
def warmable(tmp_path):
    """A notebook on disk, and a file of parameters."""
    cells = [
        {
            "id": "c0",
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": "%%flow price(city: str = 'Oslo') --cache\n"
            "if city == 'Gone':\n    raise LookupError(city)\nlen(city)",
        }
    ]
    notebook = tmp_path / "prices.ipynb"
    notebook.write_text(
        json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    )
    sets = tmp_path / "cities.jsonl"
    sets.write_text('{"city": "Oslo"}\n\n{"city": "Rome"}\n')
    yield notebook, sets
    Store.open(tmp_path / ".flowbook").close()


def test_what_can_be_taken_is_listed(ask, project):
    code, said, _ = ask("cache", "list")
    assert code == 0
    assert said.splitlines()[0].split()[:6] == ["flow", "node", "age", "took", "bytes", "hits"]
    (entry,) = json.loads(ask("cache", "--json", "list", "--flow", "prices")[1])["entries"]
    assert (entry["node"], entry["run"], entry["hits"]) == ("price", project.first, 1)
    assert json.loads(ask("cache", "list", "--node", "x", "--json")[1]) == {"entries": []}


def test_why_a_node_was_taken_or_not(ask, project):
    assert ask("cache", "why", project.first, "price")[1] == "miss: first\n"
    assert ask("cache", "why", project.second, "price")[1] == f"hit, from run {project.first}\n"
    told = json.loads(ask("cache", "why", project.second, "price", "--json")[1])
    assert (told["hit"], told["source"], told["why"]) == (True, project.first, "hit")
    code, _, err = ask("cache", "why", project.second, "pric")
    assert (code, "did you mean 'price'?" in err) == (2, True)


def test_clearing_says_how_much_it_was(ask, project):
    code, said, _ = ask("cache", "clear", "--tag", "prices", "--dry-run")
    assert (code, said.splitlines()[-1]) == (0, "would clear 1 result")
    assert ask("cache", "clear", "--flow", "other")[1] == "cleared 0 results\n"
    assert ask("cache", "clear", "--node", "price")[1] == "cleared 1 result\n"
    cleared = json.loads(ask("cache", "clear", "--node", "price", "--json")[1])
    assert cleared == {"count": 0, "dry_run": False, "entries": []}


def test_clearing_everything_asks_first(ask, project):
    code, _, err = ask("cache", "clear")
    assert (code, "--yes" in err) == (2, True)
    assert ask("cache", "clear", "--yes")[1] == "cleared 1 result\n"


def test_a_project_without_history_has_no_cache(ask):
    code, _, err = ask("cache", "list")
    assert (code, "there is no history" in err) == (2, True)


def test_warming_from_a_file(ask, warmable):
    notebook, sets = warmable
    warm = ("cache", "warm", str(notebook), "--params", str(sets))
    assert ask(*warm)[:2] == (0, "0 hits, 2 computed, 0 failed\n")
    sets.write_text('{"city": "Oslo"}\n{"city": "Gone"}\n')
    code, said, err = ask(*warm, "--jobs", "1")
    assert (code, said) == (1, "1 hits, 0 computed, 1 failed\n")
    assert "LookupError: Gone" in err
    told = json.loads(ask(*warm, "--json")[1])
    assert (told["hits"], told["failed"][0]["params"]) == (1, {"city": "Gone"})


def test_a_file_of_something_else_is_refused(ask, warmable):
    notebook, sets = warmable
    sets.write_text('{"city": "Oslo"}\nOslo\n')
    code, _, err = ask("cache", "warm", str(notebook), "--params", str(sets))
    assert (code, "line 2 of" in err) == (2, True)
