"""Remembering: journal, fold, history and values. The only room that knows DuckDB."""
