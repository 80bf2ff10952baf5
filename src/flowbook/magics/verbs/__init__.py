"""The verbs of `%flow`: what each takes, what it does and gives back.

They are commands of click, so that parsing, help and completion come from one description of them.
Each is given the `KernelNotebook` as its context's object, and its value is that of the magic:
`run = %flow run` holds the run.
"""

from flowbook.magics.verbs import (
    asking,
    changing,
    publishing,
    starting,
    taking,
    timing,
    travelling,
)
from flowbook.magics.verbs.group import PROGRAM, perform, split, verbs

__all__ = [
    "PROGRAM",
    "asking",
    "changing",
    "perform",
    "publishing",
    "split",
    "starting",
    "taking",
    "timing",
    "travelling",
    "verbs",
]
