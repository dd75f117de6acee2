"""Agents as independent processes: the loop, adapters, workspaces, the demo."""
