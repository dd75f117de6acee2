"""The soak: real clients under a seeded schedule of faults, and a checker that believes nobody.

``python -m bench.soak`` sets a ledger up on a disk of its own (``ground``), starts agents, servers and a follower
(``crew``) and one proxy that can cut a connection at a chosen point of the protocol (``proxy``), inflicts faults one by
one (``faults``), and after each asks the checker (``checker``, by the rules of ``rules``), which knows the ledger, its
tables and what the clients wrote down (``diary``). What it finds is made small by ``shrink``.
"""
