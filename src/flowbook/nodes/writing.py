"""Write a file: whole or not at all, where the project lets it.

A node that runs again writes again; with `mode: append` that is twice, so an append belongs to a
flow that is begun anew rather than gone on with, or to a log that may say a thing twice.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, ClassVar, Final

import traitlets
from traitlets import Bool, Enum, Int, List, Unicode, validate

from flowbook.errors import NotGranted, UsageError
from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.files import atomic, columnar, delimited
from flowbook.nodes.files.families import to_arrow
from flowbook.nodes.files.formats import FORMATS, Format, format_of, told, written
from flowbook.nodes.files.places import Files, Place
from flowbook.nodes.files.settings import Settings
from flowbook.nodes.files.source import Source, compression_of, deflated, inflated
from flowbook.nodes.reading import FileNode, _character

_ABSENT: Final = object()


class WriteFileNode(FileNode):
    """Writes what it is given to a file, and gives `{path, size, rows, sha256}`.

    It writes `data` or, without it, its first input: a table of any family, a value as JSON, a text
    or bytes. The file is there whole or not at all.
    """

    kind: ClassVar[str] = "write_file"
    begins: ClassVar[str] = "path: {name}.json"
    external: ClassVar[bool] = True
    opaque: ClassVar[str] = "it writes a file"
    example: ClassVar[str] = """\
%%flow write_file saved
path: out/cities.csv
make_folders: true
data: [{city: Oslo, sun: 5}, {city: Bergen, sun: 1}]
"""

    data = traitlets.Any(
        None,
        help="What is written: a table, a value, a text or bytes; the first input if left out.",
    ).tag(config=True)
    copy = Unicode("", help="A file whose bytes are written instead, however large it is.").tag(
        config=True
    )
    mode = Enum(
        ("replace", "append", "fail", "unique"),
        default_value="replace",
        help="What if the file is there: replace it, write behind it, fail, or take a name with a "
        "number.",
    ).tag(config=True)
    make_folders = Bool(False, help="Make the folders it is to be in.").tag(config=True)
    indent = Int(2, min=0, max=8, help="Spaces for each level of a json file; 0: one line.").tag(
        config=True
    )
    partition_by = List(
        Unicode(), help="Columns of a parquet file that become folders, as in city=Oslo."
    ).tag(config=True)

    def __init__(self, spec: Any, **traits: Any) -> None:
        """A single column of `partition_by` may be given as text."""
        if isinstance(traits.get("partition_by"), str):
            traits["partition_by"] = [traits["partition_by"]]
        super().__init__(spec, **traits)

    @validate("delimiter")
    def _check_character(self, proposal: dict[str, Any]) -> str:
        return _character(proposal)

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> dict[str, Any]:
        """Where it is, its size in bytes, its rows if it is a table, and its SHA-256."""
        if not context.services.effects:
            raise NotGranted(
                f"write_file {self.name!r} changes nothing in a test run",
                grant="effects",
                what=f"write {self.path}",
            )
        files = self._files(context)
        place = files.place(self.path, writing=True)
        if self.copy:
            return self._copied(context, files, place).told()
        value = self._value(inputs)
        form = format_of(place.name, self.format, value)
        if self.partition_by:
            return self._partitioned(place, form, value)
        if self.mode == "append":
            return self._appended(place, form, value).told()
        return atomic.put(
            files,
            place,
            lambda file: self._write(value, file, place, form),
            self.mode,
            make_folders=self.make_folders,
        ).told()

    def _value(self, inputs: Mapping[PortName, Any]) -> Any:
        if self.data is not None or self.spec.config.get("data") is not None:
            return self.data
        first = next((one.name for one in self.spec.inputs if one.name in inputs), None)
        found = inputs[first] if first is not None else next(iter(inputs.values()), _ABSENT)
        if found is _ABSENT:
            raise UsageError(
                f"write_file {self.name!r} has nothing to write", hint="wire an input, or give data"
            )
        return found

    def _write(self, value: Any, file: IO[bytes], place: Place, form: Format) -> int | None:
        packed = "" if form.name == "bytes" else compression_of(place.name)
        if not packed:
            return written(value, file, form, self._settings(place))
        if form.name in ("parquet", "excel"):
            raise UsageError(
                f"{form.name} is compressed as it is", hint="leave out the last suffix"
            )
        with deflated(file, packed) as out:
            return written(value, out, form, self._settings(place))

    def _copied(self, context: NodeContext, files: Files, place: Place) -> atomic.Written:
        source = files.place(self.copy)

        def fill(file: IO[bytes]) -> None:
            with files.open(source) as given:
                atomic.copied(given, file, lambda done: context.progress(done))

        if self.mode == "append":
            return atomic.append(place, lambda file, _: fill(file), make=self.make_folders)
        return atomic.put(files, place, fill, self.mode, make_folders=self.make_folders)

    def _appended(self, place: Place, form: Format, value: Any) -> atomic.Written:
        if not form.appends:
            able = ", ".join(one.name for one in FORMATS.values() if one.appends)
            raise UsageError(
                f"a {form.name} file cannot be appended to", hint=f"append to one of: {able}"
            )

        def fill(file: IO[bytes], there: Path) -> int | None:
            if form.name != "csv" or not there.stat().st_size:
                return self._write(value, file, place, form)
            return self._rows_behind(value, file, there, place)

        return atomic.append(place, fill, make=self.make_folders)

    def _rows_behind(self, value: Any, file: IO[bytes], there: Path, place: Place) -> int:
        """Rows below those of a csv, in the order of its columns and without a header."""
        settings, packed = self._settings(place), compression_of(place.name)
        table = to_arrow(value)
        if settings.heading:
            names = delimited.header_of(_local(there, place, packed), settings)
            table = _ordered(table, names, place.given)
        if not packed and not _ends_a_line(there):
            file.write("\n".encode(self.encoding))
        if not packed:
            return delimited.write(table, file, settings, header=False)
        with deflated(file, packed) as out:
            return delimited.write(table, out, settings, header=False)

    def _partitioned(self, place: Place, form: Format, value: Any) -> dict[str, Any]:
        if form.name != "parquet" or self.mode == "append":
            raise UsageError(
                "partition_by is for new parquet files", hint="write format: parquet, mode: replace"
            )
        table, by = to_arrow(value), tuple(self.partition_by)
        rows = atomic.put_folder(
            place,
            lambda folder: columnar.write_folder(table, folder, by),
            self.mode,
            make=self.make_folders,
        )
        sizes = (
            Path(at, name).stat().st_size for at, _, names in os.walk(place.where) for name in names
        )
        return {"path": place.given, "size": sum(sizes), "rows": rows, "sha256": None}

    def _settings(self, place: Place) -> Settings:
        return told(
            place.name,
            Settings(
                encoding=self.encoding,
                delimiter=self.delimiter,
                header=self.header,
                sheet=self.sheet,
                indent=self.indent,
            ),
        )


def _local(there: Path, place: Place, packed: str) -> Source:
    @contextlib.contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with there.open("rb") as file, contextlib.ExitStack() as stack:
            yield stack.enter_context(inflated(file, packed)) if packed else file

    return Source(place.given, opened, lambda _: None)


def _ordered(table: Any, names: list[str], given: str) -> Any:
    """`table` with its columns as in the file; `UsageError` when they are not the same ones."""
    rows = isinstance(table, list)
    own = list(dict.fromkeys(one for row in table for one in row)) if rows else table.column_names
    if set(own) != set(names):
        raise UsageError(
            f"{given} has the columns {', '.join(names)}, and the table {', '.join(own)}",
            hint="append rows of the same columns, or write a file of their own: mode: unique",
        )
    return [{one: row.get(one) for one in names} for row in table] if rows else table.select(names)


def _ends_a_line(there: Path) -> bool:
    with there.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) in (b"\n", b"\r", b"\0")
