"""What can be said: commands, the unit of work, the envelope."""
