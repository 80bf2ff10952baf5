"""Bodies that are settings or text: their values, and which paths their templates read.

Settings are read by ruamel.yaml, which loads when the first such cell is met.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from flowbook.cells.analyse import Read
from flowbook.cells.header import Fault
from flowbook.errors import ExpressionError
from flowbook.expr.parse import bare, parse
from flowbook.expr.template import Template
from flowbook.graph.spec import Json

_UNSEEN: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML does not take as it is, and JSON does."""


@lru_cache(maxsize=2048)
def read_yaml(body: str) -> tuple[Mapping[str, Json] | None, tuple[Fault, ...]]:
    """A configuration body as settings, and what is wrong with it; an empty body is no setting."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        found = YAML(typ="safe", pure=True).load(body)
    except MarkedYAMLError as broken:
        line = broken.problem_mark.line + 1 if broken.problem_mark else 1
        text = body.split("\n")[line - 1] if line <= body.count("\n") + 1 else ""
        bare = re.search(r":\s*\{\{", text)
        hint = 'put quotes around it: name: "{{ … }}"' if bare else f"look at: {text.strip()}"
        return None, (Fault(f"this is no YAML: {broken.problem or broken}", line, hint),)
    except (YAMLError, ValueError, RecursionError) as broken:
        return None, (Fault(f"this is no YAML: {broken}", 1),)
    if found is None:
        return {}, ()
    if not isinstance(found, dict):
        hint = "write settings as name: value, one a line"
        return None, (Fault(f"the body is a {type(found).__name__}, not settings", 1, hint),)
    try:
        return {str(name): _plain(value) for name, value in found.items()}, ()
    except (ValueError, RecursionError) as refused:
        return None, (Fault(f"this is no configuration: {refused}", 1),)


def _plain(value: Any) -> Json:
    """A YAML value as JSON has it; dates and the like as the text they were."""
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} has no form in JSON")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)


def write_yaml(settings: Mapping[str, Json]) -> str:
    r"""Settings as the body of a cell.

    >>> write_yaml({"url": "{{ server.url }}", "city": None})
    "url: '{{ server.url }}'\ncity: null"
    """
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # half typed
    written = _dumped(yaml, dict(settings))
    if read_yaml(written) == (settings, ()):
        return written
    # Some characters it does not escape, and reads as spaces; JSON is YAML, too.
    return "\n".join(f"{_json(name)}: {_json(one)}" for name, one in settings.items())


def _json(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def changed_yaml(body: str, was: Mapping[str, Json], now: Mapping[str, Json]) -> str:
    """`body` saying `now` where it said `was`; comments and untouched lines stay."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML(typ="rt")
    yaml.preserve_quotes = True
    try:
        found = yaml.load(body)
    except YAMLError:
        found = None
    if not isinstance(found, dict):
        return write_yaml(now)
    for name in [name for name in found if str(name) not in now]:
        del found[name]
    for name, value in now.items():
        if name not in was or was[name] != value:
            found[name] = value
    return _dumped(yaml, found)


def _dumped(yaml: Any, value: Any) -> str:
    yaml.width = 4096  # a line of the author's is never folded
    written = io.StringIO()
    yaml.dump(value, written)
    return written.getvalue().rstrip("\n")


def read_templates(
    settings: Mapping[str, Json], body: str, untemplated: Collection[str] = ()
) -> tuple[Read, ...]:
    """What the `{{ }}` templates in settings read, by body line; broken ones are `check`'s.

    Settings called in `untemplated` hold expressions that the node evaluates itself. What the
    project provides (`$env`, `$vars`) is not of the flow, and no read of it.
    """
    reads: dict[tuple[str, ...], Read] = {}
    for text in _texts([one for name, one in settings.items() if name not in untemplated]):
        try:
            template = Template.parse(text)
        except ExpressionError:
            continue
        for path in sorted(template.inputs):
            reads.setdefault(path, Read(path, _line_in_template(body, text, path)))
    return tuple(reads.values())


def read_expressions(
    settings: Mapping[str, Json], body: str, named: Collection[str], brought: Collection[str] = ()
) -> tuple[Read, ...]:
    """What the settings in `named` read, in that order; broken ones are `check`'s.

    Each is an expression, or a list of what has one under `expression`. Names that the node itself
    brings are no reads.

    >>> read_expressions({"condition": "last < limit"}, "condition: last < limit", ["condition"])
    (Read(path=('last',), line=1, soft=False), Read(path=('limit',), line=1, soft=False))
    """
    reads: dict[tuple[str, ...], Read] = {}
    for name in named:
        for text in _expressions(settings.get(name)):
            try:
                paths = parse(bare(text)).inputs
            except ExpressionError:
                continue
            for path in sorted(paths, key=lambda path: (text.find(path[0]), path)):
                if path[0] not in brought:
                    reads.setdefault(path, Read(path, _line_below(body, name, path)))
    return tuple(reads.values())


def _expressions(value: Json) -> list[str]:
    if isinstance(value, list):
        value = [one.get("expression") for one in value if isinstance(one, dict)]
        return [one for one in value if isinstance(one, str)]
    return [value] if isinstance(value, str) else []


def _texts(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        if "{{" in value:
            yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


_TEMPLATE: Final = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def _line_in_template(body: str, text: str, path: tuple[str, ...]) -> int:
    """The line on which a template of `text` says `path`; the text may be folded in the body."""
    said = "".join(text.split())
    for wanted in (".".join(path), path[0]):
        word = re.compile(rf"(?<![\w.$]){re.escape(wanted)}(?!\w)")
        for span in _TEMPLATE.finditer(body):
            found = word.search(span[0]) if "".join(span[0].split()) in said else None
            if found is not None:
                return body.count("\n", 0, span.start() + found.start()) + 1
    return _line_below(body, "", path)


def _line_below(body: str, setting: str, path: tuple[str, ...]) -> int:
    """The first line that says `path`, from that of a setting on."""
    key = re.compile(rf"""\s*(?:-\s+)?['"]?{re.escape(setting)}['"]?\s*:""")
    lines = body.splitlines()
    start = next((at for at, line in enumerate(lines) if setting and key.match(line)), 0)
    for wanted in (".".join(path), path[0]):
        word = re.compile(rf"(?<![\w.$]){re.escape(wanted)}(?!\w)")
        for number, line in enumerate(lines[start:], start + 1):
            if word.search(line.removeprefix(f"{setting}:")):
                return number
    return start + 1
