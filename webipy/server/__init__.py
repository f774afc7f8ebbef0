"""Floor 1: behaviour on Deferreds; the clock, the ids and the world come in through ports."""
