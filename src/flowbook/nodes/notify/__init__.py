"""Telling people and other systems that something happened.

What is said (`payloads`) is apart from how it gets there (`channels`, `mail`): the same texts serve
a node of a flow and whoever else has something to tell. A channel of one's own is an entry point of
the group `flowbook.channels`. An address is a secret: no message, no error and no log has it.
"""
