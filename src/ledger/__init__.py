"""The append-only table of events: append, read, order, and the adapter for the `eventsourcing` library."""
