"""Where a database is, and the pool of connections that is kept for it.

One pool for each address, user, password and way of using it, for as long as the project is open.
Connections are looked after before they are used, so that a server that was started again costs
one connection and no failure. No address is ever shown with its password.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from flowbook.errors import UsageError
from flowbook.graph.services import Services

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

DRIVERS: Final[Mapping[str, str]] = {
    "postgresql": "postgresql", "postgres": "postgresql", "mysql": "mysql", "mariadb": "mysql",
    "sqlite": "sqlite", "duckdb": "duckdb",
}  # fmt: skip
_DBAPIS: Final = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}
_PATIENCE: Final = 10


@dataclass(frozen=True, slots=True)
class Address:
    """A database, and who asks: `kind` is postgresql, mysql, sqlite or duckdb."""

    kind: str
    host: str = ""
    port: int | None = None
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    query: tuple[tuple[str, str], ...] = ()

    @property
    def public(self) -> str:
        """What it is called in messages: without password and options."""
        if self.kind in ("sqlite", "duckdb"):
            return f"{self.kind}:{self.database}"
        who = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{self.kind}://{who}{self.host}{port}/{self.database}"


def read_address(connection: str, parts: Mapping[str, Any]) -> Address:
    """An address from a URL, and from parts that go before it.

    Raises `UsageError` for an address that says no driver or one that is not known. It never shows
    the address.

    >>> read_address("postgresql://ada:x@db/shop", {}).public
    'postgresql://ada@db/shop'
    """
    try:
        url = urlsplit(connection)
        port = url.port
    except ValueError:
        raise UsageError(
            "connection is no address", hint="write it as postgresql://user@host:5432/database"
        ) from None
    word = str(parts.get("driver") or url.scheme.partition("+")[0]).lower()
    if word not in DRIVERS:
        told = f"connection has the driver {word!r}" if word else "connection says no driver"
        raise UsageError(told, hint=f"one of {', '.join(DRIVERS)}")
    kind = DRIVERS[word]
    path = unquote(url.path)
    database = path.removeprefix("/") if kind in _DBAPIS or not path.startswith("//") else path[1:]
    options = [one.partition("=") for one in url.query.split("&") if one]
    return Address(
        kind,
        str(parts.get("host") or url.hostname or ("localhost" if kind in _DBAPIS else "")),
        int(parts.get("port") or port or 0) or None,
        str(parts.get("database") or database),
        str(parts.get("user") or unquote(url.username or "")),
        str(parts.get("password") or unquote(url.password or "")),
        tuple((name, unquote(value)) for name, _, value in options),
    )


def has_password(connection: str) -> bool:
    """True for a URL with a password in it that is no template."""
    try:
        password = urlsplit(connection).password
    except ValueError:
        return False
    return bool(password) and "{{" not in connection


@dataclass(frozen=True, slots=True)
class Pooling:
    """How connections are kept: how many, how many more for a while, and how old they get."""

    size: int = 5
    overflow: int = 5
    recycle: float = 1800
    wait: float = 30


def engine_for(services: Services, address: Address, pooling: Pooling, *, changes: bool) -> Engine:
    """The pool for an address; made once, and closed with the project.

    One that only reads is another than one that changes: the database itself refuses changes.
    Raises `UsageError` when the driver is not installed.
    """
    if address.kind == "sqlite":
        path = services.file(address.database, writing=changes)
        address = Address("sqlite", database=path)
    digest = hashlib.sha256(address.password.encode()).hexdigest()
    key: Hashable = ("database", address.public, address.query, digest, pooling, changes)
    return services.keep(key, lambda: _engine(address, pooling, changes), _dispose)


def _dispose(engine: Engine) -> None:
    engine.dispose()


def _engine(address: Address, pooling: Pooling, changes: bool) -> Engine:
    try:
        from sqlalchemy import create_engine, event

        engine = create_engine(
            _url(address, changes),
            pool_size=pooling.size,
            max_overflow=pooling.overflow,
            pool_recycle=pooling.recycle,
            pool_timeout=pooling.wait,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=_arguments(address, changes),
        )
    except ImportError as error:
        raise UsageError(
            f"{address.kind} needs {error.name}, which is not installed",
            hint='pip install "flowbook[databases]"',
        ) from None
    if address.kind == "sqlite" and changes:
        # Python's driver would begin a transaction for some statements only.
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _url(address: Address, changes: bool) -> URL:
    from sqlalchemy import URL

    if address.kind == "sqlite":
        mode = "rwc" if changes else "ro"
        file = f"{Path(address.database).as_uri()}"
        return URL.create("sqlite", database=file, query={"mode": mode, "uri": "true"})
    return URL.create(
        _DBAPIS[address.kind],
        address.user or None,
        address.password or None,
        address.host,
        address.port,
        address.database or None,
        dict(address.query),
    )


def _arguments(address: Address, changes: bool) -> dict[str, Any]:
    if address.kind == "sqlite":
        # No transaction of the driver's own: ours begins where it is told to.
        return {"timeout": 5, "isolation_level": None} if changes else {"timeout": 5}
    given: dict[str, Any] = {"connect_timeout": _PATIENCE}
    if address.kind == "postgresql":
        given["application_name"] = "flowbook"
        if not changes:
            given["options"] = "-c default_transaction_read_only=on"
    elif not changes:
        given["init_command"] = "SET SESSION TRANSACTION READ ONLY"
    return given
