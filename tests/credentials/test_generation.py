"""Values that Vault draws itself."""

import pytest

from credentials.generation import ALPHABETS, GenerateSpec, can_generate, generate_value
from credentials.types import KINDS
from foundation.errors import Invalid


@pytest.mark.parametrize("alphabet", sorted(ALPHABETS))
@pytest.mark.parametrize("length", [16, 40, 256])
def test_a_value_has_the_length_and_alphabet_asked_for(alphabet: str, length: int) -> None:
    spec = GenerateSpec.parse({"length": length, "alphabet": alphabet})
    value = generate_value(spec)
    assert len(value) == length
    assert set(value) <= set(ALPHABETS[alphabet])
    assert value != generate_value(spec)


def test_without_wishes_it_is_32_letters_and_digits() -> None:
    value = generate_value(GenerateSpec.parse({}))
    assert len(value) == 32
    assert value.isascii()
    assert value.isalnum()


@pytest.mark.parametrize(
    "wrong",
    [
        {"length": 15},
        {"length": 257},
        {"length": "40"},
        {"length": True},
        {"length": 32.0},
        {"alphabet": "emoji"},
        {"seed": 1},
    ],
)
def test_other_specifications_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        GenerateSpec.parse(wrong)


def test_only_free_text_can_be_drawn() -> None:
    assert {kind for kind in KINDS if can_generate(kind)} == {"api-key", "generic-secret"}
