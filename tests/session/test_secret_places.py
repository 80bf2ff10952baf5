from __future__ import annotations

import os
import stat

import pytest

from flowbook.errors import UsageError
from flowbook.session import secrets
from flowbook.session.secret_places import (
    EnvironmentSecrets,
    FileSecrets,
    KeyringSecrets,
    secrets_file,
)
from flowbook.session.secrets import Keychain


@pytest.fixture
def file(tmp_path):
    return FileSecrets(tmp_path / "config" / "secrets.toml")


def test_the_environment_spells_names_in_capitals():
    places = EnvironmentSecrets({"FLOWBOOK_SECRET_A_B_C": "x", "FLOWBOOK_SECRET_E": "", "A": "y"})
    assert places.get("a-b.c") == places.get("A_B_C") == "x"
    assert places.get("e") is None
    assert places.names() == ["a_b_c"]


@pytest.mark.parametrize(
    "value", ["plain", 'q"uo\\te', "two\nlines\ttab", "größe 🎈", "\x7f\x01", "# = [x]", "'''"]
)
def test_what_is_set_in_the_file_comes_back_as_it_was(file, value):
    file.set("one", "1")
    file.set("two.three", value)
    assert (file.get("two.three"), file.get("one")) == (value, "1")
    assert file.names() == ["one", "two.three"]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert file.delete("two.three")
    assert not file.delete("two.three")
    assert file.names() == ["one"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_file_that_others_may_read_is_refused(file, mode):
    file.set("one", "hunter22")
    file.path.chmod(mode)
    with pytest.raises(UsageError, match="others may read") as refused:
        file.get("one")
    assert refused.value.hint == f"chmod 600 {file.path}"
    with pytest.raises(UsageError):
        file.set("two", "2")


def test_a_file_that_is_none_is_refused_without_a_word_of_it(file):
    file.set("one", "1")
    file.path.write_text('one = "hunter22', encoding="utf-8")
    with pytest.raises(UsageError, match="is no TOML") as refused:
        file.get("one")
    assert "hunter22" not in str(refused.value)
    file.path.write_text("[one]\ntwo = 'hunter22'", encoding="utf-8")
    with pytest.raises(UsageError, match=r"'one' in .* is no text"):
        file.get("one")


def test_without_a_file_there_is_nothing(file):
    assert file.get("one") is None
    assert file.names() == []
    assert not file.delete("one")
    assert not file.path.parent.exists()


def test_the_file_lies_where_settings_lie(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert secrets_file() == tmp_path / "flowbook" / "secrets.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert secrets_file() == tmp_path / "home" / ".config" / "flowbook" / "secrets.toml"


def test_many_processes_that_set_lose_nothing(file):
    children = []
    for number in range(6):
        child = os.fork()
        if child == 0:
            file.set(f"name{number}", str(number))
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    assert file.names() == [f"name{number}" for number in range(6)]


# ---------------------------------------------------------------- the keyring


@pytest.fixture
def keyring(monkeypatch):
    """A keyring in memory, behind the package's own door."""
    package = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    class InMemory(KeyringBackend):
        priority = 1

        def __init__(self):
            super().__init__()
            self.kept = {}

        def get_password(self, service, username):
            return self.kept.get((service, username))

        def set_password(self, service, username, password):
            self.kept[service, username] = password

        def delete_password(self, service, username):
            del self.kept[service, username]

    before = package.get_keyring()
    made = InMemory()
    package.set_keyring(made)
    yield made
    package.set_keyring(before)


def test_the_keyring_keeps_what_is_set_and_knows_its_names(keyring):
    places = KeyringSecrets()
    assert places.works
    places.set("b", "2")
    places.set("a", "1")
    assert (places.get("a"), places.names()) == ("1", ["a", "b"])
    assert keyring.get_password("flowbook", "a") == "1"
    assert places.delete("a")
    assert not places.delete("a")
    assert (places.get("a"), places.names()) == (None, ["b"])


def test_a_keyring_that_does_not_work_is_passed_over(monkeypatch):
    package = pytest.importorskip("keyring")
    from keyring.backends.fail import Keyring

    before = package.get_keyring()
    package.set_keyring(Keyring())
    try:
        places = KeyringSecrets()
        assert (places.works, places.get("a"), places.names()) == (False, None, [])
        with pytest.raises(UsageError, match="no keyring that works"):
            places.set("a", "1")
    finally:
        package.set_keyring(before)


# ---------------------------------------------------------------- strangers


class Vault:
    """A place of somebody else's."""

    place = "the vault of Acme"

    def get(self, name):
        return {"token": "from the vault"}.get(name)


class Point:
    def __init__(self, name, loaded):
        self.name, self._loaded = name, loaded

    def load(self):
        return self._loaded


def test_installed_places_are_asked_behind_the_environment(monkeypatch):
    points = [Point("vault", Vault), Point("ask", lambda name: f"asked for {name}")]
    monkeypatch.setattr(secrets, "entry_points", lambda group: points)
    chain = Keychain()
    assert list(chain.resolvers) == ["environment", "ask", "vault", "keyring", "file"]
    assert chain.look("token") == ("ask", "asked for token")
    assert Keychain(lambda: ("vault",)).look("token") == ("vault", "from the vault")


def test_what_is_no_place_is_refused(monkeypatch):
    monkeypatch.setattr(secrets, "entry_points", lambda group: [Point("odd", 7)])
    with pytest.raises(UsageError, match="'odd'"):
        Keychain().look("token")
