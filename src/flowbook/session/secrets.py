"""The secrets of a project's user: asked for by name, found in one of several places.

What is handed out is known by its text from then on, in every run of this process: it is taken out
of all that runs write and show (`flowbook.store.redaction`), and of what nodes print. Names may be
written anywhere; values never are, but by `set`, into the place that keeps them.

A place is found by its entry point in the group `flowbook.secrets`: a class, or a function from a
name to a text or None. Ours are the environment, the keyring of the system and a private file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property
from importlib.metadata import entry_points
from threading import Lock
from typing import Any, Protocol, cast, runtime_checkable

from flowbook.errors import SecretMissing, UsageError
from flowbook.session.secret_places import EnvironmentSecrets, FileSecrets, KeyringSecrets, told
from flowbook.store.redaction import REDACTED, SHORTEST, Redactor

GROUP = "flowbook.secrets"
_NAME = re.compile(r"[A-Za-z_][\w.\-]{0,127}", re.ASCII)
_FIRST, _LAST = ("environment",), ("keyring", "file")
"""Strangers are asked behind the environment, which is how a secret is given to one process."""


@runtime_checkable
class Resolver(Protocol):
    """Somewhere secrets may be."""

    @property
    def place(self) -> str:
        """Where it looks, for people."""
        ...

    def get(self, name: str) -> str | None:
        """The secret of that name; None when it is not there."""
        ...


@runtime_checkable
class Keeper(Resolver, Protocol):
    """One that secrets can be put into, too."""

    def set(self, name: str, value: str) -> None: ...
    def delete(self, name: str) -> bool: ...


class _Function:
    """A resolver that is but a function."""

    def __init__(self, name: str, look: Callable[[str], str | None]) -> None:
        self.place = str(getattr(look, "place", name))
        self._look = look

    def get(self, name: str) -> str | None:
        """Whatever it says."""
        return self._look(name)


class Keychain:
    """Finds secrets, and knows those that were handed out.

    `order` gives the names of the places to look in, or nothing for all of them.

    >>> import os
    >>> from flowbook.session.secret_places import PREFIX
    >>> os.environ[PREFIX + "DEMO"] = "open sesame"
    >>> chain = Keychain()
    >>> chain.secret("demo")
    'open sesame'
    >>> chain.told("it was open sesame")
    'it was [redacted]'
    """

    def __init__(self, order: Callable[[], tuple[str, ...]] = tuple) -> None:
        self._order = order
        self._learning = Lock()
        self._known: frozenset[str] = frozenset()
        self.more: Callable[[], Collection[str]] | None = None
        """Gives further texts that must not be written, which nobody asked for by name."""
        self._redactor = Redactor(secrets=self.known)

    @cached_property
    def resolvers(self) -> Mapping[str, Resolver]:
        """All there are, by name, in the order in which they are asked."""
        own: dict[str, Resolver] = {
            "environment": EnvironmentSecrets(),
            "keyring": KeyringSecrets(),
            "file": FileSecrets(),
        }
        strangers = {one.name: one for one in entry_points(group=GROUP) if one.name not in own}
        found = {name: _made(name, strangers[name].load()) for name in sorted(strangers)} | own
        names = (*_FIRST, *sorted(strangers), *_LAST)
        return {name: found[name] for name in names}

    @property
    def asked(self) -> Mapping[str, Resolver]:
        """Those that are asked, in their order; `UsageError` for a name that is none."""
        order = self._order()
        for name in order:
            if name not in self.resolvers:
                raise UsageError(
                    f"the setting secret_places names {name!r}, and there is no such place",
                    hint=f"there are {', '.join(self.resolvers)}",
                )
        return {name: self.resolvers[name] for name in order or self.resolvers}

    def names(self) -> list[str]:
        """The names there are, as far as places list them."""
        listed: Iterable[list[str]] = (getattr(one, "names", list)() for one in self.asked.values())
        return sorted({name for names in listed for name in names})

    def secret(self, name: str) -> str:
        """The secret of that name, known from here on.

        Raises `SecretMissing` with the places where it was looked for, `UsageError` for a name that
        is none.
        """
        found = self.look(name)
        if found is None:
            places = tuple(one.place.replace("…", told(name)) for one in self.asked.values())
            raise SecretMissing(
                f"the secret {name!r} is in none of its places: {', '.join(places)}",
                hint=f"flowbook secrets set {name}",
                name=name,
                places=places,
            )
        return found[1]

    def look(self, name: str) -> tuple[str, str] | None:
        """The place that has it, and the secret, known from here on; None when none has."""
        check_name(name)
        for place, resolver in self.asked.items():
            value = resolver.get(name)
            if value is not None:
                self.learn(value)
                return place, value
        return None

    def learn(self, value: str) -> None:
        """Take the text out of whatever is written or shown from now on; of each line of it, too.

        What has fewer than four characters is not looked for: it would be found everywhere.
        """
        parts = {value, *value.splitlines()}
        fresh = {one.strip() for one in parts if len(one.strip()) >= SHORTEST and one != REDACTED}
        with self._learning:
            self._known |= fresh

    def foresee(self, names: Iterable[str]) -> None:
        """Know secrets before a run begins that will ask for them; missing ones are its to miss."""
        for name in names:
            self.look(name)

    def known(self) -> frozenset[str]:
        """The texts that must not be written."""
        return self._known if self.more is None else self._known.union(self.more())

    def told(self, text: str) -> str:
        """A text without them."""
        return self._redactor.text(text) if self.known() else text


def check_name(name: object) -> None:
    """Raise `UsageError` for what no secret can be called."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name of a secret",
            hint="letters, digits, '_', '-' and '.', such as mail_password",
        )


def _made(name: str, loaded: Any) -> Resolver:
    found = loaded() if isinstance(loaded, type) else loaded
    if isinstance(found, Resolver):
        return found
    if callable(found):
        return _Function(name, cast("Callable[[str], str | None]", found))
    raise UsageError(
        f"the entry point {name!r} of {GROUP} is neither a class with get and place nor a function"
    )
