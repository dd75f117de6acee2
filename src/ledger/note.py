"""Checkpoints as C2SP signed notes, and the Ed25519 keys that sign them.

A checkpoint's text is origin, tree size and root, a line each (c2sp.org/tlog-checkpoint); a note is the text, an empty
line, and signatures (c2sp.org/signed-note). A key is known by its name, which is the origin, and by a short id. Private
keys live in a file that only its owner may read: PKCS #8 in PEM, as openssl writes them.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from ainarres.faults import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519 = b"\1"
HASH = 32
SIGNATURE = 64
_LINE = re.compile(r"— (\S+) ([A-Za-z0-9+/=]+)")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a tree was at one size."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who signs: ``name`` is the origin, ``raw`` the 32 bytes of an Ed25519 public key."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes by which notes name the key."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.raw).digest()[:4]

    def text(self) -> str:
        """Spell the key as tools for signed notes take it: name, id, and the algorithm with the key."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.raw).decode()}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether ``signature`` is this key's over ``message``."""
        # 15 ms that only sealing and verifying pay
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Note:
    """A checkpoint with signatures: (key name, key id, signature)."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[str, bytes, bytes], ...]

    def text(self) -> str:
        """Return the note."""
        lines = [f"— {name} {base64.b64encode(key + signed).decode()}\n" for name, key, signed in self.signatures]
        return f"{self.checkpoint.text()}\n{''.join(lines)}"

    def signed_by(self, key: PublicKey) -> bool:
        """Tell whether one of the signatures is of ``key``, and good."""
        message = self.checkpoint.text().encode()
        return any(
            name == key.name and number == key.id and key.verifies(message, signed)
            for name, number, signed in self.signatures
        )


class SigningKey:
    """A private key read from its file."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def public(self, name: str) -> PublicKey:
        """Return the public half under a name."""
        return PublicKey(name, self._private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``."""
        return self._private.sign(message)


def origin_of(ledger: UUID | str) -> str:
    """Return the origin of a ledger's checkpoints."""
    return f"ainarres/{ledger}"


def parse(text: str) -> Note:
    """Read a note. Raises InvalidInput naming what is wrong."""
    head, separator, tail = text.rpartition("\n\n")
    lines = head.split("\n")
    if not separator or _CONTROL.search(text) or len(lines) < 3 or not text.endswith("\n"):  # noqa: PLR2004 - see above
        raise InvalidInput("note", "is not a signed checkpoint", "give a file that `ainarres seal --to` wrote")
    if not re.fullmatch("0|[1-9][0-9]*", lines[1]) or not lines[0]:
        raise InvalidInput("note", f"its second line is no tree size: {lines[1][:40]!r}")
    if len(lines) > 3:  # noqa: PLR2004 - origin, size, root
        raise InvalidInput("note", "has extension lines, which no ledger of ours writes")
    signatures = []
    for line in tail.splitlines():
        match = _LINE.fullmatch(line)
        if match is None:
            raise InvalidInput("note", f"this is no signature line: {line[:60]!r}")
        signed = decoded(match[2], "the signature")
        signatures.append((match[1], signed[:4], signed[4:]))
    root = decoded(lines[2], "the root")
    if len(root) != HASH:
        raise InvalidInput("note", "its third line is no SHA-256 in base64")
    return Note(Checkpoint(lines[0], int(lines[1]), root), tuple(signatures))


def parse_key(text: str) -> PublicKey:
    """Read a public key as ``PublicKey.text`` spells it. Raises InvalidInput."""
    name, _, rest = text.strip().partition("+")
    number, _, encoded = rest.partition("+")
    raw = decoded(encoded, "the public key")
    key = PublicKey(name, raw[1:])
    if not name or raw[:1] != ED25519 or len(raw) != HASH + 1 or key.id.hex() != number:
        raise InvalidInput("key", "is not a public key as `ainarres seal` prints it", "copy the whole line")
    return key


def read_key(path: Path) -> SigningKey:
    """Read a private key. Raises InvalidInput for a missing file, one that others may read, or no Ed25519 key."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above

    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise InvalidInput("key-file", f"{path} may be read by others (mode {mode:04o})", f"chmod 600 {path}")
            content = file.read(65_536)
    except OSError as error:
        raise InvalidInput("key-file", f"{path}: {error.strerror}", "make one with `ainarres seal --new-key`") from None
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise InvalidInput("key-file", f"{path} holds no Ed25519 key in PEM", "make one with `ainarres seal --new-key`")
    return SigningKey(private)


def make_key(path: Path) -> SigningKey:
    """Make a new private key in a file that only its owner may read. Raises InvalidInput when the file exists."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - as above

    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        cure = "leave out --new-key to use it, or name another file"
        raise InvalidInput("key-file", f"{path} exists", cure) from None
    except OSError as error:
        raise InvalidInput("key-file", f"{path}: {error.strerror}", "name a file in a directory of yours") from None
    return SigningKey(private)


def decoded(text: str, what: str) -> bytes:
    """Return what base64 ``text`` spells. Raises InvalidInput naming ``what``."""
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("note", f"{what} is not base64") from None
    if base64.b64encode(found).decode() != text:
        raise InvalidInput("note", f"{what} is not in base64's one spelling")
    return found
