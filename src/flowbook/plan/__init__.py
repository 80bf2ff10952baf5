"""What will happen: a checked, compiled, integer-indexed picture of one run. Pure."""
