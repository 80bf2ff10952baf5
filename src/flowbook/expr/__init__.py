"""The `{{ }}` language: parsed to a whitelisted tree, evaluated under budgets, never by `eval`.

A subset of Python's expressions over JSON values, dates, tuples and sets. `parse` turns text into
an `Expression`, `evaluate` gives its value, `Template` mixes text and expressions. Everything
refused or failing is an `ExpressionError` with a `Code`, whose message never shows a value.

Rules that hold everywhere here, each bought with an attack that got through without it:

- Only exact built-in types take part. A subclass is copied into its base type by the base type's
  own slots, a numpy scalar becomes its Python value, and any other object may be passed on by a
  bare path (`{{ clean.df }}`) but not computed on, so no code of a value ever runs.
- One evaluation has one budget: steps, bytes allocated, and the size of a value seen *as a tree*,
  since shared references make a small object a huge tree.
- An attribute is a dictionary key. Methods come from a table by exact type, none of them mutates.
- What the project provides (`AMBIENT` roots: `$env`, `$secret`, `$vars`, `$run`) is read by names
  that are written out, so what an expression may touch is known before it runs.
- Python's `re` is not used: `matches` has its own automaton, linear in the subject.

Pure. Refuses to know flows, nodes or runs.
"""

from flowbook.expr.roots import AMBIENT

__all__ = ["AMBIENT"]
