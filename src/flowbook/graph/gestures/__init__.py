"""What a user does on a canvas, as edits of the definition.

Each gesture is a pure function of a spec, and where it makes nodes of the kinds there are; it gives
one `Edit`, which is one step of undo, or raises `EditRejected` with what to do instead. What was
fed before a gesture is fed by the same afterwards, unless that is what the gesture changes
(`keeping`).
"""
