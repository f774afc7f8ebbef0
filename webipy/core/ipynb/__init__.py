"""Documents as values, and the notebook files that hold them: read, written, compared and merged."""
