"""The `{{ }}` language: parsed to a whitelisted tree, evaluated under budgets, never by `eval`. Pure."""
