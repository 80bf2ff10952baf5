"""Credentials: who a request says it is.

A secret is named, never written: `secret: api_token` is asked of the project when the node runs,
and the other way, `{{ $secret.api_token }}`, has been filled in by then. What a node knows of
secrets is in here, goes to the server that was asked and to no other, and is taken out of whatever
that server says.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote, quote_plus

from flowbook.errors import UsageError
from flowbook.graph.options import did_you_mean

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of credentials: the settings it needs, and where `secret` goes."""

    needs: tuple[str, ...]
    secret: str
    may: tuple[str, ...] = ()


KINDS: Final[Mapping[str, Kind]] = {
    "basic": Kind(("username", "password"), "password"),
    "digest": Kind(("username", "password"), "password"),
    "bearer": Kind(("token",), "token"),
    "header": Kind(("name", "value"), "value"),
    "query": Kind(("name", "value"), "value"),
    "oauth2_client_credentials": Kind(
        ("token_url", "client_id", "client_secret"),
        "client_secret",
        ("scope", "audience", "client_auth"),
    ),
}


class Credentials(Protocol):
    """What signs requests."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be told."""
        ...

    async def sign(self, request: httpx.Request) -> None:
        """Put in what says who asks."""
        ...

    def may(self, response: httpx.Response) -> bool:
        """True when a request that was answered so is worth another try, signed anew."""
        ...

    async def renew(self, request: httpx.Request, response: httpx.Response) -> None:
        """Sign anew, after that answer."""
        ...


def check_auth(auth: Mapping[str, Any], written: object) -> None:
    """Raise `UsageError` for settings that are none, and for a secret that is written out.

    `written` is the same before templates were filled in. No message has a value in it.
    """
    if not auth:
        return
    kind = KINDS.get(str(auth.get("type")))
    if kind is None:
        raise UsageError(f"auth has no such type; {did_you_mean(str(auth.get('type')), KINDS)}")
    known = ("type", "secret", *kind.needs, *kind.may)
    for name in auth:
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise UsageError(f"auth of type {auth['type']} has no {name!r}", hint=hint)
    for name in kind.needs:
        given = name in auth or (name == kind.secret and "secret" in auth)
        if not given:
            wanted = "secret: and its name" if name == kind.secret else f"{name}:"
            raise UsageError(f"auth of type {auth['type']} needs {name!r}", hint=f"write {wanted}")
    if kind.secret in auth and "secret" in auth:
        raise UsageError(f"auth has {kind.secret!r} and 'secret'; one of them is enough")
    text = written.get(kind.secret) if isinstance(written, Mapping) else None
    if text is not None and "{{" not in str(text):
        raise UsageError(
            f"auth has a {kind.secret} that is written out, where everybody may read it",
            hint=f"write secret: and its name, or {kind.secret}: '{{{{ $secret.name }}}}'",
        )


def given_auth(auth: Mapping[str, Any], secret: Callable[[str], str]) -> dict[str, str]:
    """All settings as text, the secret among them; `secret` knows it by its name."""
    kind = KINDS[auth["type"]]
    given = {name: str(value) for name, value in auth.items() if value is not None}
    if "secret" in given:
        given[kind.secret] = secret(given.pop("secret"))
    return given


def signer(given: Mapping[str, str]) -> Credentials:
    """What signs with these settings; tokens of a server are in `tokens`."""
    kind = given["type"]
    if kind == "basic":
        return Basic(given["username"], given["password"])
    if kind == "digest":
        return Digest(given["username"], given["password"])
    if kind == "query":
        return Query(given["name"], given["value"])
    if kind == "bearer":
        return Header("Authorization", given["token"], "Bearer ")
    return Header(given["name"], given["value"])


class Nobody:
    """No credentials, or those that are part of the address."""

    def __init__(self, *secrets: str) -> None:
        self.secrets = secrets

    async def sign(self, request: httpx.Request) -> None:
        """As it is."""

    def may(self, response: httpx.Response) -> bool:
        return False

    async def renew(self, request: httpx.Request, response: httpx.Response) -> None:
        """There is no other way."""


class Header(Nobody):
    """A value in a header."""

    def __init__(self, name: str, value: str, prefix: str = "") -> None:
        super().__init__(value)
        self._name, self._prefix = name, prefix

    async def sign(self, request: httpx.Request) -> None:
        request.headers[self._name] = self._prefix + self.secrets[0].strip()


class Query(Nobody):
    """A value in the address."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(value)
        self._name = name

    async def sign(self, request: httpx.Request) -> None:
        request.url = request.url.copy_set_param(self._name, self.secrets[0])


class Basic(Nobody):
    """A name and a password."""

    def __init__(self, username: str, password: str) -> None:
        import httpx

        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        super().__init__(password, pair)
        self._flow = httpx.BasicAuth(username, password)

    async def sign(self, request: httpx.Request) -> None:
        next(self._flow.auth_flow(request))


class Digest(Nobody):
    """A name and a proof that the password is known, made of what the server asks with."""

    def __init__(self, username: str, password: str) -> None:
        import httpx

        super().__init__(password)
        self._flow = httpx.DigestAuth(username, password)

    async def sign(self, request: httpx.Request) -> None:
        next(self._flow.auth_flow(request))

    def may(self, response: httpx.Response) -> bool:
        asked = response.headers.get("www-authenticate", "")
        return response.status_code == 401 and "digest " in asked.lower()

    async def renew(self, request: httpx.Request, response: httpx.Response) -> None:
        flow = self._flow.auth_flow(request)
        next(flow)
        try:
            flow.send(response)
        except (KeyError, NotImplementedError, StopIteration):
            raise UsageError(
                "auth: the server asks for a digest of a kind that is not known",
                hint="use another type, such as basic over https",
            ) from None


def hidden(text: str, secrets: tuple[str, ...]) -> str:
    """`text` without any of `secrets`, as they are or as they stand in an address.

    >>> hidden("no such key: h&sh or h%26sh", ("h&sh",))
    'no such key: … or …'
    """
    for secret in secrets:
        for spelt in (secret, quote(secret, ""), quote_plus(secret)) if secret.strip() else ():
            text = text.replace(spelt, "…")
    return text
