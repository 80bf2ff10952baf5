"""Run a program of this machine, if the project lets its nodes.

A program is a list of words, and no shell reads it; a script is read by `/bin/sh`, and only when
that is asked for. Values never become part of what a shell reads: a script takes them as `$1`,
from its environment or from its input. The program has a process group of its own, which is ended
as a whole: told to stop first, and killed when it does not. Its environment is empty but for what
is given, and `PATH`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Any, ClassVar, Final

import traitlets
from traitlets import Bool, Dict, Enum, Float, Int, List, TraitError, Unicode, validate

from flowbook.errors import NotGranted, UsageError
from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.services import Grant
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName
from flowbook.nodes.durations import duration_or_none
from flowbook.nodes.watched import Ended, Watched

_PATH: Final = os.defpath
_TOLD: Final = 5
"""How many of the last lines of its errors a failure quotes."""


class ShellNode(Node):
    """Runs a program and gives `stdout`, `stderr` and its exit `code`.

    Needs the grant `shell`. `command` is the program and its arguments; a `script` for `/bin/sh`
    needs `shell: true`, and takes values from `args` as `$1`, `$2`, from `env` or from `stdin`.
    """

    kind: ClassVar[str] = "shell"
    begins: ClassVar[str] = "command: [echo, hello]"
    family: ClassVar[str] = "code"
    external: ClassVar[bool] = True
    grace: ClassVar[float] = 10.0
    outputs: ClassVar[tuple[PortName, ...]] = tuple(map(PortName, ("stdout", "stderr", "code")))
    untemplated: ClassVar[tuple[str, ...]] = ("script",)
    opaque: ClassVar[str] = "it runs a program, and nobody knows what that goes by"
    example: ClassVar[str] = """\
%%flow try guarded

%%flow shell listed
#| in: guarded
command: [ls, -l]

%%flow python refused
#| in: guarded.catch
refused = "the project has not granted it"
"""

    command = List(
        traitlets.Any(),
        help="The program and its arguments, a word each; the program itself is no template.",
    ).tag(config=True, examples=[["sort", "-r", "{{ name }}"]])
    script = Unicode("", help="A script for /bin/sh, without templates; needs shell: true.").tag(
        config=True, examples=['grep -c "$1" data.txt']
    )
    shell = Bool(False, help="Let /bin/sh read the script.").tag(config=True)
    args = List(traitlets.Any(), help="What the script has as $1, $2 and so on.").tag(config=True)
    env = Dict(help="Variables of the environment; there are no others, but for PATH.").tag(
        config=True
    )
    pass_env = List(
        Unicode(),
        help="Variables that are taken over from this process, if the project lists them.",
    ).tag(config=True)
    stdin = traitlets.Any(
        None, help="What it reads: text, bytes, or anything else as JSON; nothing if left out."
    ).tag(config=True)
    cwd = Unicode(".", help="The folder it runs in, from the project's folder on.").tag(config=True)
    timeout = traitlets.Any(None, help="End it after this long: 30s, 5m.").tag(config=True)
    stop_after = Float(
        2.0, min=0.0, max=8.0, help="Seconds it has to stop once it is told, before it is killed."
    ).tag(config=True)
    max_output = Int(10_000_000, min=1, help="Bytes of output it may give before it is ended.").tag(
        config=True
    )
    parse = Enum(
        ("text", "lines", "json", "bytes"), default_value="text", help="What stdout becomes."
    ).tag(config=True)
    ok = List(Int(), default_value=[0], help="Exit codes that are no failure.").tag(config=True)

    def __init__(self, spec: NodeSpec, **traits: Any) -> None:
        """A program that is a template is refused before anything runs."""
        command = spec.config.get("command")
        if isinstance(command, str) or isinstance(traits.get("command"), str):
            raise TraitError("command is a list of words, such as [ls, -l]; no shell splits it")
        if isinstance(command, list) and command and "{{" in str(command[0]):
            raise TraitError("the program of command is a template; only its arguments may be")
        super().__init__(spec, **traits)

    @validate("script")
    def _check_script(self, proposal: dict[str, Any]) -> str:
        script: str = proposal["value"]
        if "{{" in script:
            raise TraitError(
                "script has a template, and a shell would read the value as code: "
                'give it in args, and write "$1"'
            )
        return script

    @validate("timeout")
    def _check_timeout(self, proposal: dict[str, Any]) -> float | None:
        return duration_or_none("timeout", proposal["value"])

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """What it gave; `UsageError` when it ended otherwise than `ok` says."""
        words = self._words()
        context.services.require(Grant.SHELL, f"run {words[0]}")
        if not context.services.effects:
            raise NotGranted(
                f"shell {self.name!r} runs nothing in a test run",
                grant="effects",
                what=f"run {words[0]}",
            )
        process = self._started(context, words)
        watched = Watched(process, self._input(), self.max_output, self.stop_after)
        ended = watched.until_over(context, self.timeout)
        if ended.why:
            raise self._cut_short(words[0], ended)
        if ended.code not in self.ok:
            raise self._failed(words[0], ended)
        known = {"stdout": self._parsed(ended), "stderr": _text(ended.stderr), "code": ended.code}
        ports = self.ports(self.spec)
        return Outputs({port: known.get(port, known["stdout"]) for port in ports})

    def _words(self) -> list[str]:
        if bool(self.command) == bool(self.script):
            raise UsageError(
                f"shell {self.name!r} needs a command or a script, and has "
                f"{'both' if self.command else 'neither'}",
                hint="write command: [ls, -l], or script: and shell: true",
            )
        if self.script and not self.shell:
            raise UsageError(
                f"shell {self.name!r} has a script, which a shell would read",
                hint="write shell: true, or a command as a list of words",
            )
        head = ["/bin/sh", "-c", self.script, "sh", *self.args] if self.script else self.command
        words = [one if isinstance(one, str) else _plain(one) for one in head]
        if any("\0" in one for one in words):
            raise UsageError(f"shell {self.name!r}: a word has a NUL in it, which no program takes")
        return words

    def _started(self, context: NodeContext, words: list[str]) -> subprocess.Popen[bytes]:
        if not hasattr(os, "killpg"):
            raise UsageError("shell needs a system with process groups, and this one has none")
        environment = {"PATH": _PATH} | {name: context.services.env(name) for name in self.pass_env}
        environment |= {str(name): _plain(value) for name, value in self.env.items()}
        folder = context.services.file(self.cwd, writing=True)
        try:
            return subprocess.Popen(  # noqa: S603 - the project has granted it
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        except FileNotFoundError as missing:
            what = f"folder {self.cwd!r}" if missing.filename == folder else f"program {words[0]!r}"
            raise UsageError(
                f"shell {self.name!r}: there is no {what}", hint=f"PATH is {environment['PATH']}"
            ) from None
        except (OSError, ValueError) as error:
            raise UsageError(f"shell {self.name!r} cannot run {words[0]!r}: {error}") from None

    def _input(self) -> bytes:
        if self.stdin is None or isinstance(self.stdin, bytes):
            return self.stdin or b""
        return _plain(self.stdin).encode()

    def _parsed(self, ended: Ended) -> Any:
        if self.parse == "bytes":
            return ended.stdout
        text = _text(ended.stdout)
        if self.parse == "lines":
            return text.splitlines()
        if self.parse == "text":
            return text
        try:
            return json.loads(text)
        except ValueError as error:
            raise UsageError(
                f"shell {self.name!r} gave no JSON: {error}", hint="use parse: text to see it"
            ) from None

    def _cut_short(self, program: str, ended: Ended) -> Exception:
        if ended.why == "timeout":
            return TimeoutError(f"{program} was not over within {self.timeout:g} s: it was ended")
        if ended.why == "cancelled":
            return InterruptedError(f"{program} was ended with its node")
        return UsageError(
            f"{program} gave more than {self.max_output} bytes: it was ended",
            hint="let it write to a file, or raise max_output",
        )

    def _failed(self, program: str, ended: Ended) -> UsageError:
        how = f"ended with code {ended.code}"
        if ended.code < 0:
            how = f"was killed by {signal.Signals(-ended.code).name}"
        last = _text(ended.stderr or ended.stdout).strip().splitlines()[-_TOLD:]
        told = "\n".join(last)
        return UsageError(
            f"{program} {how}{f': {told}' if told else ''}",
            hint=f"codes that are no failure: ok: {list(self.ok)}",
        )


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _text(content: bytes) -> str:
    return content.decode(errors="replace")
