"""TLS of the server's own: its certificates, their renewal, and the port that speaks it."""
