"""The wiring: the one object every door uses."""
