"""The notebook as source: cells to `FlowSpec` without executing them, edits to cell patches.

Pure. The text of the cells is the source of truth; layout lives in cell metadata.
"""
