"""Nodes for flowbook, found by their entry points: nothing has to be imported to use them."""
