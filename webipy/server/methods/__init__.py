"""The method table, and the methods."""
