"""`flowbook init` says what it wrote, what stays, and what to do next."""

from __future__ import annotations

import json


def test_it_begins_in_the_current_folder_and_says_what_next(ask, tmp_path):
    code, out, err = ask("init")
    assert (code, out.splitlines()) == (0, ["first.ipynb", ".gitignore"])
    assert "  flowbook run first.ipynb\n  flowbook history\n  flowbook lab .\n" in err
    assert ask("check", "first.ipynb")[0] == 0


def test_what_is_there_is_told_to_stay(ask, tmp_path):
    (tmp_path / "sales.ipynb").write_text("mine")
    code, out, err = ask("init", "--name", "sales")
    assert (code, out.splitlines()) == (0, [".gitignore"])
    assert "sales.ipynb is there already and stays as it is" in err
    assert (tmp_path / "sales.ipynb").read_text() == "mine"


def test_as_json_it_tells_the_same(ask):
    _, out, _ = ask("init", "my reports", "--json")
    told = json.loads(out)
    assert told["written"] == ["my reports/first.ipynb", "my reports/.gitignore"]
    assert told["next"][2] == "flowbook lab 'my reports'"


def test_a_name_that_is_none_is_refused(ask, tmp_path):
    code, _, err = ask("init", "--name", "a b")
    assert code == 2
    assert "'a b' is no name" in err
