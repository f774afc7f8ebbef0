"""What a terminal is without input and output: its messages, its kept output, its modes."""
