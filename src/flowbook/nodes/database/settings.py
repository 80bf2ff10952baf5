"""The settings of the kind, and what of them is refused before anything is asked."""

from __future__ import annotations

from typing import Any, Final

import traitlets
from traitlets import Bool, Dict, Enum, Float, Int, List, Unicode

from flowbook.errors import UsageError
from flowbook.graph.node import Node
from flowbook.nodes.asking import RESULTS
from flowbook.nodes.database.connecting import has_password
from flowbook.nodes.database.writing import MODES

_ISOLATION: Final = ("", "read_committed", "repeatable_read", "serializable")


class DatabaseSettings(Node):
    """What one can say of a database and of what is asked of it."""

    connection = Unicode(
        help="Where the database is: postgresql://user@host:5432/name, mysql://user@host/name, "
        "sqlite:///data/till.sqlite or duckdb:///data/shop.duckdb, files from the project's folder."
    ).tag(config=True, secret=True, examples=["postgresql://ada@db.example.org/shop"])
    driver = Unicode(
        help="In place of an address, in parts: postgresql, mysql, mariadb, sqlite or duckdb."
    ).tag(config=True, examples=["postgresql"])
    host = Unicode(help="The server; localhost unless you say otherwise.").tag(config=True)
    port = Int(0, min=0, max=65535, help="Its port; 0: the usual one.").tag(config=True)
    database = Unicode(help="The name of the database, or the path of its file.").tag(config=True)
    user = Unicode(help="Who asks.").tag(config=True)
    password = Unicode(help="The password, as {{ $secret.name }}.").tag(
        config=True, secret=True, examples=["{{ $secret.pg }}"]
    )
    secret = Unicode(help="The name of the secret that is the password.").tag(
        config=True, examples=["pg"]
    )
    sql = Unicode(help="The statements, with :name for parameters.").tag(config=True)
    parameters = Dict(help="Values of parameters, besides inputs of that name.").tag(config=True)
    changes = Bool(False, help="Whether the SQL may change data; it needs the grant database.").tag(
        config=True
    )
    rows = traitlets.Any(
        None,
        help="Rows, as a table or a list of dicts: the statement is run once for each, with its "
        "columns as parameters, or write writes them. Without it, write takes the first table "
        "among the inputs.",
    ).tag(config=True, examples=["{{ orders }}"])
    write = Unicode(help="A table to write rows to; it is made if it is not there.").tag(
        config=True, examples=["sales", "public.sales"]
    )
    mode = Enum(
        MODES,
        default_value="append",
        help="Write rows behind those that are there, in place of all of them (replace), or over "
        "those with the same key (upsert).",
    ).tag(config=True)
    key = List(
        Unicode(), help="Columns by which upsert knows a row again; unique in the table."
    ).tag(config=True)
    isolation = Enum(
        _ISOLATION,
        default_value="",
        help="How the transaction is kept from others; else the usual.",
    ).tag(config=True)
    result = Enum(
        ("frame", *RESULTS, "auto"),
        default_value="frame",
        help="What rows come out as: a frame of pandas where it is installed, else an Arrow table "
        "(frame), the kind that is said, or that of the first input that is a table (auto).",
    ).tag(config=True)
    max_rows = Int(
        1_000_000, min=0, help="Fail when the result has more rows than this; 0: any number."
    ).tag(config=True)
    timeout = Float(0.0, min=0.0, help="Stop the statements after so many seconds; 0: never.").tag(
        config=True
    )
    pool_size = Int(5, min=1, max=100, help="How many connections are kept.").tag(config=True)
    pool_overflow = Int(5, min=0, max=100, help="How many more there may be for a while.").tag(
        config=True
    )
    pool_recycle = Float(
        1800.0, min=0.0, help="Seconds after which a connection is replaced by a new one."
    ).tag(config=True)

    def __init__(self, spec: Any, **traits: Any) -> None:
        """A single `key` may be given as text."""
        if isinstance(traits.get("key"), str):
            traits["key"] = [traits["key"]]
        super().__init__(spec, **traits)

    def check_written_out(self) -> None:
        """Raise `UsageError` for a password in the notebook, where everybody may read it."""
        for name in ("connection", "password"):
            text = str(self.spec.config.get(name) or "")
            if has_password(text) or (name == "password" and text and "{{" not in text):
                raise UsageError(
                    f"database {self.name!r} has a password that is written out, in {name}",
                    hint="leave it out there, and write secret: and its name",
                )
