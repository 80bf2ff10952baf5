"""`%flow` lines: verbs, their options and what they take, all from the commands themselves."""

from __future__ import annotations

import re
from typing import Final

from click.shell_completion import ShellComplete, split_arg_string

from flowbook.magics.completion.offers import Offer, Word
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.magics.verbs import PROGRAM, verbs

LINE: Final = re.compile(r"\s*(?:[\w.,\s]+=\s*)?(%flow|%flowbook)[ \t](.*)", re.DOTALL)
"""A line with the magic in it, up to the cursor: which of its names, and what follows."""


def in_line(notebook: KernelNotebook, rest: str) -> Offer:
    """What may stand at the end of `rest`, the words behind `%flow`."""
    words = split_arg_string(rest)
    ends = not rest or rest[-1].isspace()
    incomplete = "" if ends or not words else words.pop()
    fragment = incomplete
    if incomplete.startswith("-") and "=" in incomplete:
        fragment = incomplete.partition("=")[2]
    found = ShellComplete(verbs, {"obj": notebook}, PROGRAM, "").get_completions(words, incomplete)
    kind = "verb" if not words else ""
    return Offer(
        fragment,
        tuple(
            Word(str(one.value), kind or ("option" if str(one.value)[:1] == "-" else "value"))
            for one in found
            if one.type == "plain"
        ),
    )
