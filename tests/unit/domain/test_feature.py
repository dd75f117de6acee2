"""Features and keys: one spelling, and a cure for every other."""

import pytest

from ainarres.domain import feature
from ainarres.domain.malformed import MalformedError


@pytest.mark.parametrize(
    "text",
    ["role:reviewer", "capability:integrate", "lane:web/dev", "tier:2", "skill:python", "skill:c++", "role:a.b_c-d"],
)
def test_a_well_formed_feature_is_returned_unchanged(text: str) -> None:
    assert feature.parse(text) == text
    assert f"{feature.kind_of(text)}:{feature.key_of(text)}" == text


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("reviewer", "role:reviewer"),
        ("rol:reviewer", 'did you mean "role:reviewer"'),
        ("colour:red", "kinds are capability, lane, role, skill, tier"),
        ("tier:two", "tier:2"),
        ("tier:0", "tier:2"),
        ("tier:02", "tier:2"),
        ("tier:-1", "tier:2"),
        ("lane:dev", "lane:web/dev"),
        ("lane:web/dev/x", "lane:web/dev"),
        ("role:", "role:reviewer"),
        ("role:Reviewer", "role:reviewer"),
        ("role:reviewer\n", "role:reviewer"),
    ],
)
def test_a_malformed_feature_names_its_cure(text: str, cure: str) -> None:
    with pytest.raises(MalformedError) as refused:
        feature.parse(text)
    assert cure in refused.value.cure


@pytest.mark.parametrize("text", ["", "Dev", "a b", "-x", "a/b", "é", "x" * 64])
def test_a_key_is_plain(text: str) -> None:
    with pytest.raises(MalformedError, match="is not a key"):
        feature.name(text)
