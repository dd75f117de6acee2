"""Signed notes: the example of their standard, and files that keep keys and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ainarres.faults import InvalidInput
from ainarres.ledger import note
from ainarres.ledger.note import Checkpoint, Note

if TYPE_CHECKING:
    from pathlib import Path

# the example of c2sp.org/tlog-checkpoint
EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
)
# a key and a note published as a test in golang.org/x/mod/sumdb/note
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_the_example_of_the_standard_is_read_and_written_again() -> None:
    read = note.parse(EXAMPLE)
    assert (read.checkpoint.origin, read.checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert read.text() == EXAMPLE


def test_a_published_key_has_its_published_id_and_its_signature_holds() -> None:
    key = note.parse_key(PETER)
    assert (key.name, key.id.hex(), key.text()) == ("PeterNeumann", "c74f20a3", PETER)
    text = b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signed = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    raw = note.decoded(signed, "the signature")
    assert raw[:4] == key.id
    assert key.verifies(text, raw[4:])
    assert not key.verifies(text + b"x", raw[4:])


def test_what_a_key_signs_it_verifies_and_no_other_does(tmp_path: Path) -> None:
    key, other = note.make_key(tmp_path / "key"), note.make_key(tmp_path / "other")
    checkpoint = Checkpoint("ainarres/x", 3, bytes(32))
    public = key.public("ainarres/x")
    signed = Note(checkpoint, ((public.name, public.id, key.sign(checkpoint.text().encode())),))
    again = note.parse(signed.text())
    assert again.signed_by(note.parse_key(public.text()))
    assert not again.signed_by(other.public("ainarres/x"))
    assert not note.parse(signed.text().replace("\n3\n", "\n4\n")).signed_by(public)


def test_a_key_file_is_private_and_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = note.make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert note.read_key(path).public("x") == made.public("x")
    with pytest.raises(InvalidInput, match="exists"):
        note.make_key(path)
    path.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        note.read_key(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_what_is_no_key_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InvalidInput, match="no Ed25519 key"):
        note.read_key(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        EXAMPLE.removesuffix("\n"),
        EXAMPLE.replace("20852163", "020852163"),
        EXAMPLE.replace("CsU", "Cs"),
        EXAMPLE.replace("— ", "- "),
        EXAMPLE.replace("2I=\n", "2I=\nextension\n"),
        EXAMPLE.replace("sofa", "so\tfa"),
        EXAMPLE.replace("q2I=", "q2J="),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="note"):
        note.parse(text)


@pytest.mark.parametrize("text", ["", "a+b", PETER[:-1], PETER.replace("c74f", "c74e"), PETER.replace("+AR", "+BR")])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        note.parse_key(text)
