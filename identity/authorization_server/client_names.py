"""Names that clients choose: cleaned before they are stored, refused when they would deceive."""

import unicodedata

LONGEST = 64
NAMELESS = "Unnamed app"
_OURS = frozenset(
    {
        "vault",
        "vaultctl",
        "vaultsite",
        "vault console",
        "vault admin",
        "vault server",
        "vault identity",
    }
)
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")


def clean_name(text: str) -> str:
    """NFKC, one line, nothing invisible or direction-changing, at most LONGEST characters."""
    normal = unicodedata.normalize("NFKC", text)
    return " ".join("".join(map(_visible, normal)).split())[:LONGEST].strip()


def deceives(name: str) -> bool:
    """Whether a client's name poses as this product, or mixes alphabets that look alike."""
    if name.casefold().strip("._- ") in _OURS:
        return True
    letters = (unicodedata.name(c, "") for c in name if c.isalpha())
    scripts = {script for letter in letters for script in _SCRIPTS if letter.startswith(script)}
    return len(scripts) > 1


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "Z" or category == "Cc":
        return " "
    return "" if category[0] == "C" else character
