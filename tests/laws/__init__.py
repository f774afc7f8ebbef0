"""The laws of the house, each with its test."""
