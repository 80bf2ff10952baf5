"""The wiring: opens project, registry, engine and store; the one object every door uses.

Doors (cells, canvas, CLI, server) translate and call `Project`; rooms below never learn of each
other except through it. Nothing here decides anything a pure room could decide.
"""
