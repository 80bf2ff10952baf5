"""Read files: one, or all that match a pattern, and say which there are.

A file is found through the project, which decides what a notebook may reach. What a file holds is
no part of what a node is made of, so nothing that reads files is taken from the cache by itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import IO, Any, ClassVar, Final

import traitlets
from traitlets import Bool, Dict, Enum, Int, List, TraitError, Unicode, Union, validate

from flowbook.errors import UsageError
from flowbook.graph.node import Node, NodeContext
from flowbook.graph.options import Options
from flowbook.ids import PortName
from flowbook.nodes.files.families import concrete, shaped
from flowbook.nodes.files.formats import FORMATS, SHAPES, Format, format_of, read_as, table_of
from flowbook.nodes.files.places import Files, Place, is_pattern
from flowbook.nodes.files.settings import Settings
from flowbook.nodes.files.source import Source, compression_of, inflated

_FORMATS: Final = ("auto", *FORMATS)


class FileNode(Node):
    """What nodes for files have in common: where the file is and how it is written."""

    family: ClassVar[str] = "files"
    opaque: ClassVar[str] = "it reads files, and nobody tells it when they change"

    path = traitlets.Any(
        "",
        help="The file: a path from the project's folder on, or a URL that fsspec knows.",
    ).tag(config=True, examples=["data/sales.csv", "s3://bucket/sales.parquet"])
    format = Enum(
        _FORMATS,
        default_value="auto",
        help="How the file is written; `auto` goes by its suffix, .gz and .zst included.",
    ).tag(config=True)
    encoding = Unicode("utf-8", help="Encoding of its text.").tag(
        config=True, examples=["utf-8", "cp1252", "utf-16"]
    )
    delimiter = Unicode(
        "", help="What is between the fields of a csv; a tab for .tsv, else a comma."
    ).tag(config=True, examples=[";", "\t"])
    header = Union(
        (Bool(), Int(min=1)),
        default_value=True,
        help="Whether the first row has the names of the columns, or which row does, from 1.",
    ).tag(config=True)
    sheet = Union(
        (Unicode(), Int(min=1)),
        default_value="",
        help="Sheet of a workbook, by its name or its number from 1; the first one if left out.",
    ).tag(config=True)
    storage = Dict(help="What the driver of a URL needs, such as a key or an endpoint.").tag(
        config=True, secret=True
    )

    def _files(self, context: NodeContext) -> Files:
        return Files(context.services, self.storage)


class ReadFileNode(FileNode):
    """Reads a file, or all files that match a pattern, and gives what they hold.

    A csv, jsonl, parquet or Excel file is a table, a json file its value, any other a text or
    bytes. The tables of a pattern, or of a list of paths, become one, with a column that says which
    file each row is from.
    """

    kind: ClassVar[str] = "read_file"
    begins: ClassVar[str] = "path: data.csv"
    defaults: ClassVar[Options] = Options(pure=True)
    example: ClassVar[str] = """\
%%flow write_file saved
path: cities.csv
data: [{city: Oslo, sun: 5}, {city: Bergen, sun: 1}]

%%flow read_file cities(saved)
path: "{{ saved.path }}"
as: rows
"""

    locals()["as"] = Enum(
        SHAPES,
        default_value="auto",
        help="What it becomes; `auto` is a data frame for what holds a table. `bytes` is the file "
        "uncompressed.",
    ).tag(config=True)
    quote = Unicode('"', help="What is around a field of a csv; nothing for none.").tag(config=True)
    decimal = Unicode(".", help="What is before the decimals in a csv.").tag(
        config=True, examples=[","]
    )
    skip = Int(0, min=0, help="Lines to pass over at the top.").tag(config=True)
    columns = List(
        Unicode(), help="Columns to read; of a file without a header, the names of its columns."
    ).tag(config=True)
    dtypes = Dict(
        help="Types of columns: int, float, string, bool, date, datetime, time, bytes, "
        "decimal(10, 2), or one of Arrow's."
    ).tag(config=True, examples=[{"zip": "string", "price": "decimal(10, 2)"}])
    nulls = List(Unicode(), help="What stands for no value, beside an empty field.").tag(
        config=True, examples=[["NA", "n/a"]]
    )
    bad_rows = Enum(
        ("fail", "skip"),
        default_value="fail",
        help="What becomes of rows that cannot be read; those left out are told in the log.",
    ).tag(config=True)
    source = Unicode(
        "source", help="The column that says which of several files a row is from; empty: none."
    ).tag(config=True)

    def __init__(self, spec: Any, **traits: Any) -> None:
        """`as_` is `as`, for Python; a single column may be given as text."""
        if "as_" in traits:
            traits["as"] = traits.pop("as_")
        if isinstance(traits.get("columns"), str):
            traits["columns"] = [traits["columns"]]
        super().__init__(spec, **traits)

    @validate("delimiter", "quote", "decimal")
    def _check_character(self, proposal: dict[str, Any]) -> str:
        return _character(proposal)

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """What the file holds; `UsageError` names the file and the rows that are at fault."""
        files = self._files(context)
        if isinstance(self.path, str) and not is_pattern(self.path):
            return self._one(context, files, files.place(self.path))
        places = self._places(files)
        if not places:
            raise UsageError(f"no file matches {self.path}", hint="look with a list_files node")
        return self._many(context, files, places)

    def _places(self, files: Files) -> list[Place]:
        if isinstance(self.path, str):
            return files.matches(self.path)
        given = self.path if isinstance(self.path, list | tuple) else [self.path]
        paths = [one.get("path") if isinstance(one, Mapping) else one for one in given]
        return [files.place(path) for path in paths]

    def _one(self, context: NodeContext, files: Files, place: Place) -> Any:
        form = format_of(place.name, self.format)
        return read_as(self._source(context, files, place, form), form, self._settings(), self._as)

    def _many(self, context: NodeContext, files: Files, places: list[Place]) -> Any:
        read: list[Any] = []
        forms = [format_of(place.name, self.format) for place in places]
        loose = self._as in ("text", "bytes", "json") or (
            self._as == "auto" and not any(form.tabular for form in forms)
        )
        for number, (place, form) in enumerate(zip(places, forms, strict=True), 1):
            if context.cancelled():
                return None
            source = self._source(context, files, place, form)
            if loose:
                content = read_as(source, form, self._settings(), self._as)
                read.append({self.source or "source": place.given, "content": content})
            else:
                read.append(table_of(source, form, self._settings()))
            context.progress(number, len(places), place.given)
        if loose:
            return read
        names = [place.given for place in places]
        return shaped(_one_table(read, names, self.source), concrete(self._as))

    def _source(self, context: NodeContext, files: Files, place: Place, form: Format) -> Source:
        packed = "" if self._as == "bytes" or form.name == "bytes" else compression_of(place.name)
        local = not place.remote and form.name == "parquet"
        folder = place.where if local and _is_folder(place.where) else ""

        @contextlib.contextmanager
        def opened() -> Iterator[IO[bytes]]:
            with contextlib.ExitStack() as stack:
                file = stack.enter_context(files.open(place))
                yield stack.enter_context(inflated(file, packed)) if packed else file

        return Source(place.given, opened, context.log, folder)

    @property
    def _as(self) -> str:
        return str(getattr(self, "as"))

    def _settings(self) -> Settings:
        return Settings(
            encoding=self.encoding,
            delimiter=self.delimiter,
            quote=self.quote,
            decimal=self.decimal,
            header=self.header,
            skip=self.skip,
            columns=tuple(self.columns),
            dtypes=self.dtypes,
            nulls=tuple(self.nulls),
            bad_rows=self.bad_rows,
            sheet=self.sheet,
        )


class ListFilesNode(Node):
    """Lists the files that match a pattern, with their sizes and when they were changed.

    `**` goes into all folders; names that begin with a dot have to be asked for, and links are not
    followed into other folders. What lies outside of the project is left out.
    """

    kind: ClassVar[str] = "list_files"
    begins: ClassVar[str] = 'path: "*"'
    defaults: ClassVar[Options] = Options(pure=True)
    family: ClassVar[str] = "files"
    opaque: ClassVar[str] = FileNode.opaque
    example: ClassVar[str] = """\
%%flow write_file saved
path: notes/today.txt
data: It rains.
make_folders: true

%%flow list_files found(saved)
path: notes/*.txt
"""

    path = Unicode("*", help="The pattern, such as data/*.csv or reports/**/*.xlsx.").tag(
        config=True, examples=["data/*.csv", "**/*.parquet"]
    )
    storage = Dict(help="What the driver of a URL needs, such as a key or an endpoint.").tag(
        config=True, secret=True
    )

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> list[dict[str, Any]]:
        """A record `{path, name, size, modified}` for each, sorted by path; `modified` is UTC."""
        files = Files(context.services, self.storage)
        return [files.facts(place) for place in files.matches(self.path)]


def _character(proposal: dict[str, Any]) -> str:
    given: str = proposal["value"]
    given = "\t" if given in ("\\t", "tab") else given
    if len(given) > 1:
        raise TraitError(f"{proposal['trait'].name} is one character, not {given!r}")
    return given


def _is_folder(path: str) -> bool:
    from pathlib import Path

    return Path(path).is_dir()


def _one_table(tables: list[Any], names: list[str], source: str) -> Any:
    """All rows, each with the file it is from; `UsageError` for tables that do not go together."""
    for table, name in zip(tables, names, strict=True):
        columns = table.column_names if hasattr(table, "column_names") else list(table[0:1])
        if source and source in columns:
            raise UsageError(
                f"{name} has a column {source!r} of its own",
                hint="name the column of files otherwise, such as source: file",
            )
    if isinstance(tables[0], list):
        told = ({source: name} if source else {} for name in names)
        return [{**row, **one} for rows, one in zip(tables, told, strict=True) for row in rows]
    import pyarrow as pa

    if source:
        tables = [
            table.append_column(source, pa.repeat(name, table.num_rows))
            for table, name in zip(tables, names, strict=True)
        ]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise UsageError(
            f"{names[0]} and the other files do not go together: {error}",
            hint="say what their columns are in dtypes",
        ) from None
