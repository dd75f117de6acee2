"""The HTTP face: verbs, reads and the live feed for whoever can make a web call and has a token."""
