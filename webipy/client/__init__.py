"""The API's client in Python."""
