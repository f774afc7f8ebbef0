"""State directories as text, one folder for each format that was ever written."""
