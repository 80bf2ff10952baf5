"""The tour project: a real flow over real data that ships with the package."""
