"""What the server keeps in its state folder: journals, blobs, the registry, the token."""
