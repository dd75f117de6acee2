"""What people and programs are told when something went wrong: one line with the cure, or an envelope."""

from __future__ import annotations

import errno
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from ainarres.faults import AinarresError, Fault, InvalidInput, LedgerUnavailable, ReadOnlySession

if TYPE_CHECKING:
    from ainarres.domain.refusal import Refusal

INTERRUPTED = 130


def tell(error: BaseException, *, as_json: bool) -> int:
    """Say what went wrong and return the exit status."""
    if os.environ.get("AINARRES_DEBUG") == "1":
        traceback.print_exception(error)
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        _silence_stdout()
        return 0
    known = _known(error)
    said = one_line(str(known))
    if as_json and not _full(error):
        print(json.dumps(_envelope(known, said), ensure_ascii=False))
    else:
        print(f"ainarres: {said}", file=sys.stderr)
    if _full(error):
        _silence_stdout()
    return known.exit_status


def refuse(refusal: Refusal, *, as_json: bool) -> int:
    """Say why a read was refused, as a verb would, and return the exit status."""
    from ainarres.verbs.envelope import refused  # noqa: PLC0415 - only on the way out

    envelope = refused(refusal)
    if as_json:
        print(json.dumps(envelope.to_json(), ensure_ascii=False))
    else:
        print(f"ainarres: {one_line(refusal.reason)}", file=sys.stderr)
    return envelope.exit_status


def one_line(text: str) -> str:
    """Put a message on one line, safe to print."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in " ".join(text.split())
    )


def _envelope(error: AinarresError, said: str) -> dict[str, Any]:
    body = {"ok": False, "code": error.code, "reason": said, "task": None, "event": None, "next": [], "position": None}
    if isinstance(error, InvalidInput):
        body |= {"field": error.field, "cure": error.cure}
    return body


def _known(error: BaseException) -> AinarresError:
    """Return the error as one of ours: the driver's are told apart by name, so that nothing imports it for this."""
    if isinstance(error, AinarresError):
        return error
    if _full(error):
        return Fault(
            "no room is left where the output goes or on the disk; make some, then look with `ainarres status`"
        )
    known = _of_driver(error) if type(error).__module__.partition(".")[0] == "psycopg" else None
    return known or Fault(f"{type(error).__name__}: {one_line(str(error))} — a bug; AINARRES_DEBUG=1 shows where")


def _of_driver(error: BaseException) -> Fault | None:
    names = {one.__name__ for one in type(error).__mro__}
    said = one_line(str(error)).removesuffix(".")
    if names & {"UndefinedTable", "InvalidSchemaName"}:
        return LedgerUnavailable(f"the database holds no ledger ({said}); make one with `ainarres init`")
    if names & {"InsufficientPrivilege"}:
        return Fault(f"the database's login may not do this ({said}); use the role ainarres_app")
    if names & {"ReadOnlySqlTransaction"}:
        return ReadOnlySession()
    if names & {"OperationalError", "InterfaceError", "PoolTimeout"}:
        return LedgerUnavailable(f"the database broke off ({said}); try again with the same --key")
    return None


def _full(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno == errno.ENOSPC


def _silence_stdout() -> None:
    # the reader is gone: without this the interpreter would complain at exit
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
