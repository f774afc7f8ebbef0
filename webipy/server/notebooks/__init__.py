"""The documents of sessions, and the files and runs that belong to them."""
