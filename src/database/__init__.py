"""Connections, settings, the embedded server and the migrations; nothing here knows an event."""
