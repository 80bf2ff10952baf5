"""Where secrets lie unless somebody else keeps them: environment, keyring, a private file.

None of them says what it has to anybody but the one who asks for it by name; `names` lists what
can be asked for, as far as a place can tell.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from flowbook.errors import UsageError

PREFIX = "FLOWBOOK_SECRET_"
SERVICE = "flowbook"
_INDEX = ".names"
"""Under this name the keyring holds the names of the others: it cannot list them."""


def told(name: str) -> str:
    """A secret's name as an environment can have it.

    >>> told("mail-key")
    'MAIL_KEY'
    """
    return re.sub(r"\W", "_", name).upper()


class EnvironmentSecrets:
    """`FLOWBOOK_SECRET_<NAME>`, in capitals, with `_` for what no name there can have.

    >>> EnvironmentSecrets({PREFIX + "MAIL_KEY": "k"}).get("mail-key")
    'k'
    """

    place = f"the environment ({PREFIX}…)"

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def get(self, name: str) -> str | None:
        """An empty one counts as none."""
        return self._environment.get(PREFIX + told(name)) or None

    def names(self) -> list[str]:
        """In small letters: how they are spelt is not known."""
        return sorted(
            name.removeprefix(PREFIX).lower()
            for name, value in self._environment.items()
            if name.startswith(PREFIX) and value
        )


class KeyringSecrets:
    """The keyring of the system, if the package `keyring` is there and finds one that works."""

    place = f"the keyring (service {SERVICE})"

    def get(self, name: str) -> str | None:
        """None also without a keyring."""
        keyring = _keyring()
        if keyring is None:
            return None
        found: str | None = keyring.get_password(SERVICE, name)
        return found or None

    @property
    def works(self) -> bool:
        """True when there is a keyring."""
        return _keyring() is not None

    def names(self) -> list[str]:
        """Those that were set with `flowbook secrets set`."""
        listed = self.get(_INDEX)
        return sorted(json.loads(listed)) if listed else []

    def set(self, name: str, value: str) -> None:
        """Keep it there; `UsageError` without a keyring."""
        keyring = self._needed()
        keyring.set_password(SERVICE, name, value)
        keyring.set_password(SERVICE, _INDEX, json.dumps(sorted({*self.names(), name})))

    def delete(self, name: str) -> bool:
        """False when it is not there."""
        keyring = _keyring()
        if keyring is None or self.get(name) is None:
            return False
        keyring.delete_password(SERVICE, name)
        keyring.set_password(
            SERVICE, _INDEX, json.dumps([one for one in self.names() if one != name])
        )
        return True

    @staticmethod
    def _needed() -> Any:
        keyring = _keyring()
        if keyring is None:
            raise UsageError(
                "there is no keyring that works here",
                hint='pip install "flowbook[secrets]", or keep it in the file: --place file',
            )
        return keyring


class FileSecrets:
    """`secrets.toml` in the user's folder for settings: `name = "value"`, for nobody else."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    @property
    def path(self) -> Path:
        """Where it lies: below `XDG_CONFIG_HOME`, or `~/.config`."""
        return self._path or secrets_file()

    @property
    def place(self) -> str:
        """Its path."""
        return f"the file {self.path}"

    def get(self, name: str) -> str | None:
        """`UsageError` when others may read the file, or it cannot be read."""
        return self._read().get(name) or None

    def names(self) -> list[str]:
        """All that are in it."""
        return sorted(self._read())

    def set(self, name: str, value: str) -> None:
        """Keep it there; the file is replaced whole or not at all."""
        with self._turn():
            self._write({**self._read(), name: value})

    def delete(self, name: str) -> bool:
        """False when it is not there."""
        if name not in self._read():
            return False
        with self._turn():
            kept = self._read()
            found = kept.pop(name, None)
            self._write(kept)
        return found is not None

    def _read(self) -> dict[str, str]:
        path = self.path
        try:
            with path.open("rb") as file:
                self._refuse_shared(os.fstat(file.fileno()))
                told = tomllib.load(file)
        except FileNotFoundError:
            return {}
        except OSError as failure:
            raise UsageError(f"cannot read {path}: {failure.strerror}") from None
        except ValueError:  # what it says of the text may be of a secret
            raise UsageError(
                f"{path} is no TOML", hint='write one secret a line: name = "value"'
            ) from None
        for name, value in told.items():
            if not isinstance(value, str):
                raise UsageError(f"{name!r} in {path} is no text", hint=f'{name} = "value"')
        return told

    def _refuse_shared(self, found: os.stat_result) -> None:
        if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.getuid():
            raise UsageError(
                f"others may read the secrets in {self.path}, so nothing is taken from it",
                hint=f"chmod 600 {self.path}",
            )

    def _write(self, kept: Mapping[str, str]) -> None:
        path = self.path
        text = "".join(f"{_quoted(name)} = {_quoted(kept[name])}\n" for name in sorted(kept))
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with suppress(FileNotFoundError):
            draft.unlink()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One writer at a time."""
        folder = self.path.parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def secrets_file() -> Path:
    """Where the private file lies."""
    home = os.environ.get("XDG_CONFIG_HOME")
    base = Path(home) if home and Path(home).is_absolute() else Path.home() / ".config"
    return base / "flowbook" / "secrets.toml"


def _quoted(text: str) -> str:
    """Text as TOML spells it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _keyring() -> Any:
    """The package, if it is there and has a backend that keeps anything."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return None
    try:
        works = keyring.get_keyring().priority > 0
    except Exception:  # noqa: BLE001 - a backend that cannot say so does not work
        return None
    return keyring if works else None
