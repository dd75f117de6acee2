"""The tests; a package, so that they may name the types of their fixtures (``tests.database``)."""
