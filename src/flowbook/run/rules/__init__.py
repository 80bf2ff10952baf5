"""The rules of a run, without side effects: what happened, what it means, what is to be done."""
