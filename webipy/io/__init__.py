"""Floor 2: each module touches one outside thing and takes no decision."""
