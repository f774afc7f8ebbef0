"""The languages in which the parameters of a run are written."""
