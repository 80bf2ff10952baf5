"""The notebook as source: cells to `FlowSpec` without executing them, edits to the smallest cell patches. Pure."""
