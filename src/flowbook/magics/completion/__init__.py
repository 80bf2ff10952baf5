"""What Tab offers in `%flow` lines and in flow cells, by an IPython matcher.

The matcher knows what kind of text the cursor is in and asks the module for that kind. It reads
what this process holds already: nothing is run, loaded or asked of the history, it never raises,
and outside of `%flow` lines and flow cells it is silent.
"""

from flowbook.magics.completion.matcher import install

__all__ = ["install"]
