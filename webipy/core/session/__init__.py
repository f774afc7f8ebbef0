"""The state of a session, folded from its events: notebook, file, runs, snapshots."""
