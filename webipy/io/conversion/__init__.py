"""The converter as a process."""
