"""Throw-away servers of Postgres and MariaDB: a folder, a free port, and gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pymysql

PASSWORD = "s3cret-of-the-test"
_WAIT = 60


def binary(name: str) -> str | None:
    """Where a program of a server is: on the path, or where Debian puts it."""
    places = [*Path("/usr/lib/postgresql").glob("*/bin"), Path("/usr/sbin"), Path("/usr/bin")]
    found = [str(place / name) for place in places if (place / name).exists()]
    return shutil.which(name) or (found[-1] if found else None)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(ready: Callable[[], object], process: subprocess.Popen, log: Path) -> None:
    """Wait until `ready` raises nothing; fail with the log when the server is gone."""
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            ready()
            return
        except (psycopg.OperationalError, pymysql.OperationalError, OSError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no server: {log.read_text()[-2000:]}") from None
        time.sleep(0.05)


class Server:
    """A server process in a folder of its own, as a user who may run it."""

    account = ""
    programs: tuple[str, ...] = ()
    scheme = ""
    kills = signal.SIGKILL
    """The signal that ends it on the spot, all of it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"flowbook-{self.scheme}-"))
        self.port = free_port()
        self.log = self.folder / "log"
        self.process: subprocess.Popen | None = None
        self._user = self._account()
        if self._user:
            os.chown(self.folder, pwd.getpwnam(self._user).pw_uid, -1)

    @classmethod
    def missing(cls) -> str:
        """Why there can be none here; empty when there can."""
        absent = [one for one in cls.programs if binary(one) is None]
        return f"{absent[0]} is not installed" if absent else ""

    @classmethod
    def _account(cls) -> str | None:
        """Who runs it; root may not."""
        return cls.account if os.geteuid() == 0 else None

    @property
    def address(self) -> str:
        return f"{self.scheme}://ada@127.0.0.1:{self.port}/shop"

    def prepare(self) -> None:
        raise NotImplementedError  # each server's own

    def command(self) -> list[str]:
        raise NotImplementedError  # each server's own

    def ready(self) -> object:
        raise NotImplementedError  # each server's own

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, user=self._user, cwd=self.folder
            )
        until(self.ready, self.process, self.log)

    def stop(self, how: int) -> None:
        """Send a signal, and wait until the server is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(_WAIT)

    def restart(self) -> None:
        """Killed on the spot, and started again on the same port."""
        self.stop(self.kills)
        self.start()

    def close(self) -> None:
        self.stop(self.kills)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, *command: str, **options: object) -> None:
        done = subprocess.run(
            command, capture_output=True, text=True, user=self._user, cwd=self.folder, **options
        )
        assert done.returncode == 0, done.stdout + done.stderr


class Postgres(Server):
    account, programs, scheme = "postgres", ("initdb", "postgres"), "postgresql"
    kills = signal.SIGQUIT

    def prepare(self) -> None:
        secret = self.folder / "password"
        secret.write_text(PASSWORD)
        if self._user:
            os.chown(secret, pwd.getpwnam(self._user).pw_uid, -1)
        self.call(
            binary("initdb"), "-D", str(self.folder / "data"), "-U", "ada", "-A", "scram-sha-256",
            f"--pwfile={secret}", "-E", "UTF8", "--no-locale", "--no-sync",
        )  # fmt: skip
        self.start()
        with self.connect("postgres", autocommit=True) as made:
            made.execute("create database shop")

    def command(self) -> list[str]:
        return [
            binary("postgres"), "-D", str(self.folder / "data"), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}",
            "-c", "fsync=off",
        ]  # fmt: skip

    def connect(self, database="shop", **options):
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="ada", password=PASSWORD, dbname=database,
            **options,
        )  # fmt: skip

    def ready(self) -> None:
        self.connect("postgres").close()

    def run(self, sql: str) -> list[tuple]:
        with self.connect(autocommit=True) as one:
            found = one.execute(sql)
            return found.fetchall() if found.description else []


class MariaDb(Server):
    account, programs, scheme = "mysql", ("mariadb-install-db", "mariadbd"), "mysql"

    def prepare(self) -> None:
        self.call(
            binary("mariadb-install-db"), "--no-defaults", f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal", "--skip-test-db",
        )  # fmt: skip
        self.start()
        with self.connect("root", "", None) as made, made.cursor() as cursor:
            cursor.execute("create database shop")
            cursor.execute(f"create user ada@'%' identified by '{PASSWORD}'")
            cursor.execute("grant all on shop.* to ada@'%'")

    def command(self) -> list[str]:
        return [
            binary("mariadbd"), "--no-defaults", f"--datadir={self.folder / 'data'}",
            f"--port={self.port}", "--bind-address=127.0.0.1",
            f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}",
            "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0",
        ]  # fmt: skip

    def connect(self, user="ada", password=PASSWORD, database="shop"):
        return pymysql.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, database=database,
            autocommit=True,
        )  # fmt: skip

    def ready(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            pass
        try:
            self.connect("root", "", None).close()
        except pymysql.OperationalError as error:
            if error.args[0] != 1045:  # it answers
                raise

    def run(self, sql: str) -> list[tuple]:
        with self.connect() as one, one.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())
