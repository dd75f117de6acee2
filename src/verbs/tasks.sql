-- lock_edges --
-- One amendment of edges at a time: two that never touch the same task could close a circle between them.
-- A new task has nobody waiting on it, so creation cannot.
SELECT pg_advisory_xact_lock(1634299493, 0)
