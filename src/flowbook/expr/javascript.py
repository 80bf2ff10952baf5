"""JavaScript seen from outside: where an expression in it ends, and which names it reads.

An expression that begins with `js:` is JavaScript. It is neither parsed nor evaluated here: it is
cut into words and signs, so far as to tell names from text, comments, patterns and fields, and
names of its own (parameters, `let`, `catch`) from those of outside. Code that hides a name from
that, in an `eval`, does not get it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flowbook.errors import ExpressionError
from flowbook.expr.budget import Code, refuse
from flowbook.expr.roots import AMBIENT, Path

PREFIX: Final = "js:"
MAX_SCRIPT: Final = 16_384
MAX_TOKENS: Final = 4_000
MAX_BOUND: Final = 200
"""Names that a script makes for itself; each costs a look at the code it reaches over."""

_RESERVED: Final = """
    arguments await break case catch class const continue debugger default delete do else enum
    eval export extends false finally for function if implements import in instanceof interface
    let new null package private protected public return static super switch this throw true try
    typeof var void while with yield $
"""
WORDS: Final = frozenset(_RESERVED.split())
"""Names that no input can have as a word of an expression: it is `$("name")` there."""

_BUILT_IN: Final = """
    AggregateError Array ArrayBuffer BigInt BigInt64Array BigUint64Array Boolean DataView Date
    Error EvalError Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array
    Int8Array InternalError Iterator JSON Map Math NaN Number Object Promise Proxy RangeError
    ReferenceError Reflect RegExp Set String Symbol SyntaxError TypeError URIError Uint16Array
    Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet atob btoa decodeURI
    decodeURIComponent encodeURI encodeURIComponent escape globalThis isFinite isNaN parseFloat
    parseInt undefined unescape
"""
_GLOBALS: Final = frozenset(_BUILT_IN.split())
_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|//[^\n\r]*|/\*[\s\S]*?\*/)
    |(?P<name>\#?(?:[^\W\d]|\$)[\w$]*)
    |(?P<number>\.?\d[\w.]*)
    |(?P<text>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')
    |(?P<sign>=>|\.\.\.|\?\.(?!\d)|\?\?|[=!]==?|.)""",
    re.VERBOSE | re.DOTALL,
)
SCRIPT_ROOTS: Final = {"$env": "$env.NAME", "$run": "$run.id", "$vars": "$vars.flow.name"}
"""What a script may read of the project; secrets stay out of foreign code."""
_BEGIN: Final = re.compile(r"\s*" + re.escape(PREFIX))
_REGEX: Final = re.compile(r"/(?!\*)(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/\w*")
_CHUNK: Final = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_HOLE: Final = "${"


@dataclass(frozen=True, slots=True)
class Token:
    """A word, text or sign; `pair`: the other bracket of a bracket, as a place among the tokens."""

    kind: str
    text: str
    pair: int = -1


def script_of(text: str) -> str | None:
    """The JavaScript in an expression's text; None when it is in Python's syntax.

    >>> script_of(" js: a => 1"), script_of("a + 1")
    (' a => 1', None)
    """
    text = text.strip()
    return text[len(PREFIX) :] if text.startswith(PREFIX) else None


def reads_of(script: str) -> frozenset[Path]:
    """The dotted paths that a script reads from outside; `ExpressionError` when it is malformed.

    >>> sorted(reads_of("items.map(i => i.price * rate.now).filter(i => i > 2)"))
    [('items',), ('rate', 'now')]
    """
    if not script.strip():
        raise refuse(Code.SYNTAX, "the expression is empty")
    if len(script) > MAX_SCRIPT:
        raise refuse(Code.TOO_COMPLEX, f"the script is longer than {MAX_SCRIPT:,} characters")
    tokens, _ = _Scanner(script, 0).scan(embedded=False)
    return frozenset(map(_whole, _Names(tokens).reads()))


def _whole(path: Path) -> Path:
    """A path that begins with `$`, as far as it says what of the project is meant."""
    root = path[0]
    if not root.startswith("$"):
        return path
    if root not in SCRIPT_ROOTS:
        known = ", ".join(SCRIPT_ROOTS)
        what = "is not given to JavaScript" if root in AMBIENT else "is nothing here"
        raise refuse(Code.FORBIDDEN, f"{root} {what}; what begins with $ is {known}")
    length = SCRIPT_ROOTS[root].count(".") + 1
    if len(path) < length:
        message = f"write out which one of {root} is meant, such as {SCRIPT_ROOTS[root]}"
        raise refuse(Code.FORBIDDEN, message)
    return path[:length]


def begin_of(text: str, start: int) -> int | None:
    """Where the script begins behind `js:`, if that is what stands at `start`."""
    found = _BEGIN.match(text, start)
    return found.end() if found else None


def end_of(text: str, start: int) -> int:
    """Where the `}}` is that closes the script beginning at `start` of a template.

    >>> end_of("{{ js: {a: '}}'} }}", 6)
    17
    """
    return _Scanner(text, start).scan(embedded=True)[1]


class _Scanner:
    """Cuts a script into tokens, and knows which brackets are open."""

    def __init__(self, text: str, at: int) -> None:
        self._text, self._at, self._start = text, at, at
        self._tokens: list[Token] = []
        self._open: list[int] = []

    def scan(self, *, embedded: bool) -> tuple[list[Token], int]:
        """All tokens, and where they end; `embedded`: at a `}}` that closes no bracket."""
        while self._at < len(self._text):
            if embedded and not self._open and self._text.startswith("}}", self._at):
                return self._tokens, self._at
            self._one()
        if embedded:
            raise refuse(Code.SYNTAX, "{{ is not closed by }}", self._start + 1)
        if self._open:
            raise self._error("a bracket is not closed")
        return self._tokens, self._at

    def _one(self) -> None:
        sign = self._text[self._at]
        if sign == "/" and self._fresh() and (regex := _REGEX.match(self._text, self._at)):
            return self._add("regex", regex[0])
        found = _TOKEN.match(self._text, self._at)
        assert found is not None  # noqa: S101 - any character is a sign
        kind, text = str(found.lastgroup), found[0]
        if kind == "space":
            self._at = found.end()
        elif text in ('"', "'"):
            raise self._error("a quote is not closed")
        elif text == "/" and self._text.startswith("/*", self._at):
            raise self._error("a comment is not closed")
        elif kind == "sign":
            self._sign(text)
        else:
            self._add(kind, text)

    def _sign(self, text: str) -> None:
        if text == "`":
            self._add("text", text)
            self._chunk()
        elif text in "([{":
            self._begin(text)
        elif text in _PAIRS:
            self._end(text)
        else:
            self._add("sign", text)

    def _begin(self, text: str) -> None:
        self._open.append(len(self._tokens))
        self._add("sign", text)

    def _end(self, text: str) -> None:
        first = self._open.pop() if self._open else -1
        opened = self._tokens[first].text if first >= 0 else ""
        if opened != _PAIRS[text] and (opened, text) != (_HOLE, "}"):
            raise self._error(f"a {text} without its bracket")
        self._tokens[first] = Token("sign", opened, len(self._tokens))
        self._tokens.append(Token("sign", text, first))
        self._at += 1
        if opened == _HOLE:
            self._chunk()

    def _chunk(self) -> None:
        """The text of a template literal, up to its end or to the next hole."""
        found = _CHUNK.match(self._text, self._at)
        self._at = found.end() if found else self._at
        if self._text.startswith(_HOLE, self._at):
            self._begin(_HOLE)
        elif self._text.startswith("`", self._at):
            self._add("text", "`")
        else:
            raise self._error("a ` is not closed")

    def _add(self, kind: str, text: str) -> None:
        self._tokens.append(Token(kind, text))
        self._at += len(text)

    def _fresh(self) -> bool:
        """True where a value may begin: a slash there opens a pattern, elsewhere it divides."""
        if not self._tokens:
            return True
        last = self._tokens[-1]
        if last.kind == "name":
            return last.text in WORDS and last.text not in ("this", "null", "true", "false", "$")
        return last.kind == "sign" and last.text not in _PAIRS

    def _error(self, message: str) -> ExpressionError:
        return refuse(Code.SYNTAX, f"JavaScript: {message}", self._at + 1)


_NONE: Final = Token("", "")


class _Names:
    """Which names of a script are its own, and which it reads."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        if len(tokens) > MAX_TOKENS:
            raise refuse(Code.TOO_COMPLEX, f"the script has more than {MAX_TOKENS:,} words")
        self._own: dict[str, list[tuple[int, int]]] = {}
        self._bound = 0
        self._methods: set[int] = set()
        self._around = self._braces()
        for at, token in enumerate(tokens):
            if token.text == "=>":
                self._arrow(at)
            elif token.kind == "name" and not self._is_field(at):
                self._declared(at, token.text)

    def reads(self) -> Iterator[Path]:
        for at, token in enumerate(self._tokens):
            if token.kind != "name" or self._is_field(at) or self._is_key(at):
                continue
            if token.text == "$" and (path := self._asked(at)):
                yield path
            elif token.text not in WORDS | _GLOBALS and not self._is_own(at):
                yield self._path(at, token.text)

    def _get(self, at: int) -> Token:
        return self._tokens[at] if 0 <= at < len(self._tokens) else _NONE

    def _sign(self, at: int) -> str:
        token = self._get(at)
        return token.text if token.kind == "sign" else ""

    def _braces(self) -> list[int]:
        """The innermost bracket around each token, -1 for none."""
        around: list[int] = []
        inside = [-1]
        for at, token in enumerate(self._tokens):
            if token.text in _PAIRS and token.pair >= 0:
                inside.pop()
            around.append(inside[-1])
            if token.text not in _PAIRS and token.pair >= 0:
                inside.append(at)
        return around

    # ------------------------------------------------------------ what a name is

    def _is_field(self, at: int) -> bool:
        return self._sign(at - 1) in (".", "?.") or self._get(at).text.startswith("#")

    def _is_key(self, at: int) -> bool:
        """True for the key of an object, a method's name, and words such as `async` and `of`."""
        if at in self._methods:
            return True
        if self._get(at + 1).kind == "name":
            return self._get(at + 1).text not in ("in", "instanceof")
        named = self._sign(at + 1) == ":" and self._sign(at - 1) in ("{", ",")
        if named and self._sign(self._around[at]) == "{":
            return True
        if self._get(at).text == "of":
            return self._get(at - 1).kind == "name" or self._sign(at - 1) in ("]", "}")
        behind = self._get(at + 1)
        return self._get(at).text == "async" and self._sign(behind.pair + 1) == "=>"

    def _is_own(self, at: int) -> bool:
        spans = self._own.get(self._get(at).text, ())
        return any(first <= at <= last for first, last in spans)

    def _asked(self, at: int) -> Path | None:
        """The path that `$("name")` begins."""
        name = self._get(at + 2)
        if self._sign(at + 1) != "(" or self._sign(at + 3) != ")" or name.text[:1] not in "\"'":
            return None
        return self._path(at + 3, name.text[1:-1])

    def _path(self, at: int, root: str) -> Path:
        path = [root]
        while (step := self._step(at)) is not None:
            name, at = step
            path.append(name)
        called = self._sign(at + 1) == "(" or self._get(at + 1).text == "`"
        return tuple(path[:-1] if called and len(path) > 1 else path)

    def _step(self, at: int) -> tuple[str, int] | None:
        """The field after the token at `at`, and where it ends."""
        dot = self._sign(at + 1) in (".", "?.")
        if dot and self._get(at + 2).kind == "name":
            return self._get(at + 2).text, at + 2
        at += self._sign(at + 1) == "?."
        key = self._get(at + 2)
        quoted = key.kind == "text" and key.text[0] in "\"'" and "\\" not in key.text
        if self._sign(at + 1) == "[" and quoted and self._sign(at + 3) == "]":
            return key.text[1:-1], at + 3
        return None

    # ------------------------------------------------------------ its own names

    def _declared(self, at: int, word: str) -> None:
        if word == "function":
            self._function(at)
        elif word == "catch":
            self._parameters(at + 1, self._get(at + 1).pair + 1)
        elif word in ("let", "const", "var", "class"):
            self._variables(at + 1)
        elif word not in WORDS and self._sign(at + 1) == "(" and self._sign(at - 1) in ("{", ","):
            body = self._get(at + 1).pair + 1
            if self._sign(body) == "{":
                self._methods.add(at)
                self._parameters(at + 1, body)

    def _arrow(self, at: int) -> None:
        last = self._get(at + 1).pair if self._sign(at + 1) == "{" else self._value_end(at + 1)
        if self._sign(at - 1) == ")":
            first = self._get(at - 1).pair
            self._bind(first + 1, at - 2, (first, last))
        else:
            self._bind(at - 1, at - 1, (at - 1, last))

    def _function(self, at: int) -> None:
        name = at + 1 + (self._sign(at + 1) == "*")
        opening = name + (self._get(name).kind == "name")
        self._parameters(opening, self._get(opening).pair + 1)
        if opening != name:
            self._bind(name, name, self._block(at))

    def _parameters(self, opening: int, body: int) -> None:
        """Bind what stands in the brackets from `opening` on, up to the end of the body."""
        if self._sign(opening) == "(" and self._sign(body) == "{":
            self._bind(opening + 1, self._get(opening).pair - 1, (opening, self._get(body).pair))

    def _variables(self, at: int) -> None:
        while True:
            token = self._get(at)
            last = token.pair if token.pair >= 0 else at
            self._bind(at, last, self._block(at))
            at = last + 1
            if self._sign(at) == "=":
                at = self._value_end(at + 1) + 1
            if self._sign(at) != ",":
                return
            at += 1

    def _block(self, at: int) -> tuple[int, int]:
        """The nearest braces around a token, which its declarations reach to."""
        at = self._around[at] if at < len(self._around) else -1
        while at >= 0 and self._sign(at) != "{":
            at = self._around[at]
        return (at, self._get(at).pair) if at >= 0 else (0, len(self._tokens))

    def _value_end(self, at: int) -> int:
        """The last token of the value that begins at `at`."""
        choices = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            sign = self._sign(at)
            if sign in (",", ";") or sign in _PAIRS or (sign == ":" and not choices):
                break
            choices += (sign == "?") - (sign == ":")
            at = token.pair + 1 if token.pair > at else at + 1
        return at - 1

    def _bind(self, first: int, last: int, span: tuple[int, int]) -> None:
        """The names that a pattern from `first` to `last` gives are the script's own in `span`."""
        for at in range(first, last + 1):
            token = self._get(at)
            begins = at == first or self._sign(at - 1) in (",", "{", "[", ":", "...")
            if token.kind == "name" and begins and self._sign(at + 1) != ":":
                self._own.setdefault(token.text, []).append(span)
                self._bound += 1
        if self._bound > MAX_BOUND:
            raise refuse(Code.TOO_COMPLEX, f"the script makes more than {MAX_BOUND} names")
