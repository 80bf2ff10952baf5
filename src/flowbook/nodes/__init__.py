"""The built-in node library, one family per file. Nodes know only `flowbook.graph`."""
