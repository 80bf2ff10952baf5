"""What file nodes are made of: places, formats, and writing that is whole or not at all.

A place is found through the project alone (`places`), which decides what a notebook may reach; a
format reads bytes into a table or a value and writes them (`formats`, over one module for each
family of formats); `atomic` puts bytes where they belong. Tables are Arrow in between where pyarrow
is installed and rows where it is not. Nothing here guesses at broken content: it says which file,
which row and what to write instead.
"""
