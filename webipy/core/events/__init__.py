"""The events of a session, and what follows from them alone: the text of cells, outputs, what a terminal shows."""
