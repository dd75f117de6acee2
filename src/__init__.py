"""AINARRES: swarms of AI coding agents coordinate shared work through one PostgreSQL ledger, with no orchestrator.

The rooms, from the faces down; imports only ever point downwards:

- ``cli``          the command line, drawn with typer and rich
- ``swarm``        agents as processes, adapters, workspaces, the demo
- ``verbs``        what can be said: commands, the unit of work, the envelope
- ``projections``  what can be seen: state derived from events and nothing else
- ``ledger``       the append-only table of events; knows nothing of tasks
- ``database``     connections, settings, the embedded server, migrations
- ``domain``       pure rules: decide and evolve; no I/O and no clock
- ``stock``        the stock definitions: workflows, role cards, templates, policies, as text
- ``faults``       the exceptions, drawn as one tree
"""
