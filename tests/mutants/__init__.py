"""Switch each guard off and see that the one test which must notice does: ``make mutants``, or some of them by
``python -m tests.mutants WORD …``.

A mutant is a replacement in one file of the package, made in a copy of the tree, and the test that must kill it. Every
test first runs on an unchanged copy, where it must pass. A mutant is killed by a failed assertion (or by an exception
that was expected and did not come); an import error, a missing test or a broken fixture kills nothing.
"""

from __future__ import annotations

from tests.mutants.mutant import LEDGER, TABLES, WAYS
from tests.mutants.trial import ROOT, copy, say

__all__ = ["LEDGER", "ROOT", "TABLES", "WAYS", "copy", "say"]
