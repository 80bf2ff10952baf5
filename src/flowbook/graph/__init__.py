"""What a flow is: nodes, ports, wires, and the edits that change them.

Pure: no clock, no files, no threads, no evaluation of user text. `FlowSpec` is the one frozen
definition; notebook cells, the canvas, Python objects and exported jobs are projections of it.
"""
