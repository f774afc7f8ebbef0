"""Real clients of a Jupyter Server against a real server: programs that nobody here wrote."""
