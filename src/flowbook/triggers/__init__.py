"""When flows are to run by themselves: rules about time, and nothing that waits for it.

A schedule says when, this room says which moments those are and what is to become of each, given
what is known: the time is an argument, and nothing here sleeps, reads a file or starts a run.
"""
