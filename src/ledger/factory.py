"""``PERSISTENCE_MODULE = ainarres.ledger.factory:LedgerFactory`` puts the `eventsourcing` library on our ledger.

Events need no table of the library's: ours comes from the migrations, ``CREATE_TABLE`` does not concern it. Its
tracking and snapshot tables are its own and go into ``POSTGRES_SCHEMA``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

# The module, not its classes: the library looks for factories among the names of this module and wants to find one.
from eventsourcing import postgres

from ainarres.ledger.recorder import LedgerApplicationRecorder, LedgerProcessRecorder
from ainarres.ledger.unit import UnitOfWorkDatastore

if TYPE_CHECKING:
    from eventsourcing.utils import Environment, EnvType


class LedgerFactory(postgres.PostgresFactory):
    """The library's factory for PostgreSQL, with our recorders and our unit of work."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        # The library builds the datastore here, from a dozen settings and with its class fixed; ours adds no state.
        self.datastore.__class__ = UnitOfWorkDatastore

    @property
    def units(self) -> UnitOfWorkDatastore:
        """The datastore, where units of work are opened."""
        return cast("UnitOfWorkDatastore", self.datastore)

    def application_recorder(self) -> LedgerApplicationRecorder:
        """Construct the recorder of the ledger."""
        return LedgerApplicationRecorder(self.units)

    def process_recorder(self) -> LedgerProcessRecorder:
        """Construct the recorder of the ledger that tracks what it has processed."""
        name = self.env.name.lower() or "notification"
        recorder = LedgerProcessRecorder(self.units, tracking_table_name=f"{name}_tracking")
        if self.env_create_table():
            recorder.create_table()
        return recorder
