"""The Merkle tree: the roots and proofs that Certificate Transparency's own tests are built on, and properties."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainarres.ledger import merkle
from ainarres.ledger.leaf import digest
from ainarres.ledger.merkle import Tree

LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [  # of the first one, two … eight of them, as in certificate-transparency's merkle_tree_test
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [digest(leaf) for leaf in LEAVES]


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int) -> None:
    tree = Tree()
    for leaf in HASHES[:size]:
        tree.append(leaf)
    assert tree.root().hex() == ROOTS[size - 1]
    assert Tree(size, tree.peaks).root() == tree.root()


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Tree().root() == sha256().digest()


def test_proofs_are_the_published_ones() -> None:
    assert [node.hex() for node in merkle.inclusion(HASHES, 5)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [node.hex() for node in merkle.consistency(HASHES, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(st.integers(1, 70), st.data())
def test_a_proof_holds_for_its_leaf_and_for_no_other(size: int, data: st.DataObject) -> None:
    leaves = [digest(bytes([number])) for number in range(size)]
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    root, proof = merkle.root_of(leaves), merkle.inclusion(leaves, index)
    assert merkle.included(leaves[index], index, size, proof, root)
    assert merkle.included(leaves[other], index, size, proof, root) == (other == index)
    assert not merkle.included(leaves[index], index, size, [*proof, root], root)
    assert not merkle.included(leaves[index], size, size, proof, root)
    if proof:
        assert not merkle.included(leaves[index], index, size, proof[:-1], root)


@given(st.integers(1, 70), st.data())
def test_growth_is_proven_and_nothing_else(size: int, data: st.DataObject) -> None:
    leaves = [digest(bytes([number])) for number in range(size)]
    earlier = data.draw(st.integers(1, size))
    old, new, proof = merkle.root_of(leaves[:earlier]), merkle.root_of(leaves), merkle.consistency(leaves, earlier)
    assert merkle.consistent(earlier, size, old, new, proof)
    forged = digest(b"forged")
    assert not merkle.consistent(earlier, size, forged, new, proof)
    assert not merkle.consistent(earlier, size, old, forged, proof)
    if proof:
        assert not merkle.consistent(earlier, size, old, new, proof[:-1])


@given(st.integers(0, 300))
def test_peaks_cover_every_leaf_once(size: int) -> None:
    spans = merkle.ranges(size)
    assert [leaf for first, end in spans for leaf in range(first, end)] == list(range(size))
    assert all((end - first).bit_count() == 1 for first, end in spans)


def test_peaks_that_are_not_of_the_size_are_refused() -> None:
    with pytest.raises(ValueError, match="peaks"):
        Tree(3, [HASHES[0]])
