"""State derived from events and nothing else; one room a projection."""
