"""Files below the root."""
