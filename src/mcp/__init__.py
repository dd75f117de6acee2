"""The MCP face: the verbs of an agent as tools, role cards and tasks as resources."""
