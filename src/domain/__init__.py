"""Pure rules: decide and evolve. No I/O, no clock, no randomness; all of that comes in as arguments."""
