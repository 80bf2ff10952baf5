"""`%flow` and `%%flow`."""
