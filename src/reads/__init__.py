"""What can be asked: each question once, for the command line, HTTP, MCP and the reference; nothing here appends."""
