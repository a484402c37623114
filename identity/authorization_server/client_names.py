"""Names that clients choose: cleaned before they are stored, refused when they would deceive."""

import unicodedata

LONGEST = 64
NAMELESS = "Unnamed app"
# Names of this product begin so, whatever follows: "Vault Console (verified)".
_OURS = "vault"
# Words by which a name claims what only Vault could know.
_CLAIMS = ("verified", "official", "trusted", "certified")
# Digits and signs that are read as a letter.
_LOOKALIKES = str.maketrans("0134578@$|!", "oleastbasll")
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def clean_name(text: str) -> str:
    """NFKC, one line, nothing invisible or direction-changing, at most LONGEST characters."""
    normal = unicodedata.normalize("NFKC", text)
    return " ".join("".join(map(_visible, normal)).split())[:LONGEST].strip()


def deceives(name: str) -> bool:
    """Whether a client's name poses as this product, claims to be verified, or mixes alphabets that
    look alike.
    """
    folded = _fold(name)
    if folded.startswith(_OURS) or any(claim in folded for claim in _CLAIMS):
        return True
    letters = (unicodedata.name(c, "") for c in name if c.isalpha())
    scripts = {script for letter in letters for script in _SCRIPTS if letter.startswith(script)}
    return len(scripts) > 1


def _fold(name: str) -> str:
    """What is read of a name: letters without case, accents, spaces and signs between them."""
    apart = unicodedata.normalize("NFKD", name).casefold().translate(_LOOKALIKES)
    return "".join(character for character in apart if character.isalpha())


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "Z" or category == "Cc":
        return " "
    return "" if category[0] == "C" else character
