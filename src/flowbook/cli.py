"""The `flowbook` command."""
