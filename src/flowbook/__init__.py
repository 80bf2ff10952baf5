"""flowbook: a flow is a notebook, a node is a cell, a run is a row you can query."""
