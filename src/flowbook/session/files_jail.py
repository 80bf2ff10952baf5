"""Where nodes may read and write: the project's folder, and what its settings add.

A place is judged by where it really is: links are followed and `..` is resolved before anything is
compared, also for a file that is not there yet. The history in `.flowbook/` is nobody's to write,
and the file of secrets nobody's to read, whatever the settings allow.

What is given back is the real path, so that what was judged is what is opened. A program that
exchanges a folder for a link between the two is not held up by this: whoever may do so may write
there anyway.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flowbook.errors import NotGranted, UsageError
from flowbook.session.folder import STORE_FOLDER
from flowbook.session.grants import command

_LOCAL = frozenset({"file", "local"})
_WRAPPERS = frozenset({"zip", "tar", "simplecache", "filecache", "blockcache"})
"""What reads out of, or holds a copy of, the place that follows behind `::`."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://")


class Jail:
    """The places that one flow of a project may use. `hidden`: files that none may."""

    def __init__(
        self,
        folder: Path,
        paths: Collection[str] = (),
        urls: Collection[str] = (),
        hidden: Collection[Path] = (),
    ) -> None:
        self._folder = Path(os.path.realpath(folder))
        self._paths, self._urls = tuple(paths), tuple(urls)
        self._roots = (self._folder, *(Path(self._real(path)) for path in paths))
        self._hidden = hidden

    def place(self, path: str, *, writing: bool = False) -> str:
        """The absolute path, or the URL as it was given; `NotGranted` for any other place.

        Raises `UsageError` for what is no path.
        """
        text = os.fspath(path)
        if not text or not text.isprintable():
            raise UsageError(f"{text!r} is no path", hint="name a file, such as data/orders.csv")
        if "::" in text or _SCHEME.match(text):
            return "::".join(self._chained(text, writing=writing))
        return self._local(text, writing=writing)

    def _chained(self, text: str, *, writing: bool) -> Iterator[str]:
        """Each part of an fsspec chain such as `zip://a.csv::s3://bucket/all.zip`."""
        parts = text.split("::")
        for number, part in enumerate(parts):
            found = _SCHEME.match(part)
            scheme = found[1].lower() if found else ""
            inner = number + 1 < len(parts)
            if inner and (scheme or part) not in _WRAPPERS:
                raise UsageError(
                    f"{text!r} is no path: what stands before `::` reads out of what follows",
                    hint="such as zip://orders.csv::data/all.zip",
                )
            if inner:
                yield part
            elif found is None or scheme in _LOCAL:
                local = part if found is None else unquote(part[found.end() :])
                yield self._local(local, writing=writing)
            else:
                yield self._remote(part)

    def _remote(self, url: str) -> str:
        if not any(_begins(url, allowed) for allowed in self._urls):
            shown = _shown(url)
            raise NotGranted(
                f"this project does not let its nodes use {shown}",
                hint=command("allow_urls", (*self._urls, _host(url))),
                grant="allow_urls",
                what=shown,
            )
        return url

    def _local(self, text: str, *, writing: bool) -> str:
        real = self._real(text)
        place = Path(real)
        if place in map(Path, map(os.path.realpath, self._hidden)):
            raise NotGranted(f"{text!r} is for no node to use", grant="allow_paths", what=real)
        if not any(root == place or root in place.parents for root in self._roots):
            raise NotGranted(
                f"this project does not let its nodes use {text!r}: it lies outside of "
                f"{str(self._folder)!r}",
                hint=command("allow_paths", (*self._paths, str(place.parent))),
                grant="allow_paths",
                what=real,
            )
        if writing and _is_below(place, self._folder / STORE_FOLDER):
            raise NotGranted(
                f"{text!r} is a place of the history: no node writes there",
                hint="write beside it, such as to out/",
                grant="allow_paths",
                what=real,
            )
        return real

    def _real(self, text: str) -> str:
        try:
            return os.path.realpath(self._folder / Path(text).expanduser())
        except (RuntimeError, ValueError) as error:  # a home of nobody, a name no system takes
            raise UsageError(f"{text!r} is no path: {error}") from None


def _is_below(place: Path, folder: Path) -> bool:
    """True when `place` is that folder or in it, however its name is spelt."""
    for one in (place, *place.parents):
        if one.name.lower() == folder.name and one.parent == folder.parent:
            return True
        try:
            if os.path.samefile(one, folder):
                return True
        except OSError:
            continue
    return False


def _begins(url: str, allowed: str) -> bool:
    """True when `url` lies below `allowed`: a protocol, or a prefix that ends where a name does."""
    if any(one in {"..", "."} for one in re.split(r"[/\\]", unquote(unquote(url)))):
        return False
    given, wanted = _folded(url), _folded(allowed if "://" in allowed else f"{allowed}://")
    if wanted.endswith("/"):
        return given.startswith(wanted)
    return given == wanted or given.startswith((f"{wanted}/", f"{wanted}?", f"{wanted}#"))


def _folded(url: str) -> str:
    """With the protocol and the host in small letters, as they mean the same."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


def _host(url: str) -> str:
    """The part of a URL that a user would allow as a whole, without what logs in."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.lower()}://{rest.split('/')[0].rpartition('@')[2]}/"


def _shown(url: str) -> str:
    """A URL for people: without user, password and query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(no address)"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
