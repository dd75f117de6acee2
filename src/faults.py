"""The exceptions of ainarres. A rule that says no is a value (``ainarres.domain.refusal``), never one of these.

AinarresError
├── InvalidInput         what the caller gave is wrong: names the field and the cure     code ``invalid``, exit 2
└── Fault                something broke                                                 exit 1
    ├── LedgerUnavailable    no answer from the database; trying again may help          code ``unavailable``, exit 75
    │   └── ReadOnlySession  it answers, and takes no writes
    ├── SchemaMismatch       the database was migrated by a newer ainarres, or altered
    ├── VersionConflict      another writer appended to this stream first; the verb is decided again
    └── CorruptEvent         a stored event that no registered type can read
"""

from __future__ import annotations


class AinarresError(Exception):
    """Root of everything ainarres raises."""

    code = "fault"
    exit_status = 1


class InvalidInput(AinarresError):
    """Bad input. ``field`` names what is wrong, ``cure`` what to write instead."""

    code = "invalid"
    exit_status = 2

    def __init__(self, field: str, problem: str, cure: str = "") -> None:
        self.field, self.problem, self.cure = field, problem, cure
        super().__init__(f"{field}: {problem}" + (f" ({cure})" if cure else ""))


class Fault(AinarresError):
    """Something broke that is not the caller's doing."""


class LedgerUnavailable(Fault):
    """The database does not answer."""

    code = "unavailable"
    exit_status = 75


class ReadOnlySession(LedgerUnavailable):
    """The database hands out sessions that may not write."""

    def __init__(self) -> None:
        super().__init__(
            "the database takes no writes: default_transaction_read_only is on for it, for this login or for the whole "
            "server; switch that off, or see why somebody switched it on"
        )


class SchemaMismatch(Fault):
    """The database's schema is not one this version can serve."""


class VersionConflict(Fault):
    """Another writer appended to the stream first."""


class CorruptEvent(Fault):
    """A stored event cannot be read; ``position`` says which, where that is known."""

    position: int | None = None
