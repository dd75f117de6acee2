"""Evidence on families: one row a judged submission, written in the transaction of the move that judged it.

Nothing is counted and nothing updated, so that a family's verbs never wait for each other. A rebuild runs the same
function, ``verb.judged``, over the whole ledger.
"""

from __future__ import annotations

from ainarres.database.queries import load
from ainarres.domain.events import TaskAdvanced, TaskRejected

SQL = load("ainarres.projections", "evidence.sql")
JUDGING = (TaskAdvanced, TaskRejected)
"""Events that may judge a submission."""
