"""`flowbook secrets`, over the file of secrets and the environment."""

from __future__ import annotations

import io
import json

import pytest

import flowbook
from flowbook.store.store import Store


@pytest.fixture(autouse=True)
def project(monkeypatch, tmp_path, tmp_path_factory):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
    monkeypatch.setenv("FLOWBOOK_SECRET_TOKEN", "from-the-environment")
    keyring = pytest.importorskip("keyring")
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield flowbook.project(tmp_path)
    keyring.set_keyring(before)
    Store.open(tmp_path / ".flowbook").close()


@pytest.fixture
def given(monkeypatch):
    """Standard input."""

    def given(text):
        stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
        monkeypatch.setattr("sys.stdin", stdin)

    return given


def test_what_is_set_is_listed_by_name_and_place_and_never_told(ask, given, project):
    given("hunter22\n")
    code, out, err = ask("secrets", "set", "mail")
    assert (code, err) == (0, "")
    assert out.startswith("mail is kept in the file ")
    assert project.keychain.secret("mail") == "hunter22"
    code, out, _ = ask("secrets", "list")
    assert "mail" in out
    assert "environment" in out
    assert "hunter22" not in out
    told = json.loads(ask("secrets", "list", "--json")[1])
    assert told == {
        "secrets": [
            {"name": "token", "place": "environment"},
            {"name": "mail", "place": "file"},
        ]
    }


def test_a_secret_that_is_hidden_by_another_place_is_warned_of(ask, given):
    given("hunter22")
    code, _, err = ask("secrets", "set", "token", "--place", "file")
    assert code == 0
    assert "that in environment goes first" in err


def test_what_is_deleted_is_gone(ask, given, project):
    given("hunter22")
    ask("secrets", "set", "mail")
    assert ask("secrets", "delete", "mail", "--yes")[:2] == (0, "mail is gone from file\n")
    assert ask("secrets", "delete", "mail", "--yes")[:2] == (0, "mail is kept nowhere\n")
    assert project.keychain.look("mail") is None


def test_a_check_finds_what_is_missing(ask):
    assert ask("secrets", "check", "token")[:2] == (0, "token: environment\n")
    assert ask("secrets", "check", "token", "nowhere")[:2] == (
        5,
        "token: environment\nnowhere: missing\n",
    )


def test_a_check_of_a_notebook_looks_for_all_that_its_cells_read(ask, project):
    flow = flowbook.Flow("fetching", host=project)
    flow.call("other", name="called", inputs={"key": "{{ $secret.token }} {{ $secret.absent }}"})
    path = project.path / "fetching.ipynb"
    project.write_notebook(flow, path)
    code, out, _ = ask("secrets", "check", "--notebook", str(path))
    assert (code, out) == (5, "absent: missing\ntoken: environment\n")


def test_nothing_is_kept_where_it_cannot_be(ask, given):
    given("x")
    code, _, err = ask("secrets", "set", "mail", "--place", "environment")
    assert (code, "no place to keep" in err) == (2, True)
    given("x")
    code, _, err = ask("secrets", "set", "mail", "--place", "keyring")
    assert (code, "no keyring that works" in err) == (2, True)
    given("")
    code, _, err = ask("secrets", "set", "mail")
    assert (code, "would be empty" in err) == (2, True)
    assert ask("secrets", "set", "a b")[0] == 2
    assert ask("secrets", "check")[0] == 2
