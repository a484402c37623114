"""Who may be answered the value of a credential: the three strengths of its policy."""

from enum import StrEnum
from typing import Literal

DisclosureWord = Literal["model", "process", "broker"]


class Disclosure(StrEnum):
    """From the loosest to the strictest.

    `model`: an agent may read the value over MCP. `process`: only trusted programs may,
    over REST. `broker`: no channel for programs answers it, only Vault itself uses it.
    """

    MODEL = "model"
    PROCESS = "process"
    BROKER = "broker"

    @property
    def strength(self) -> int:
        """0 for the loosest; for comparing."""
        return _STRENGTHS[self]


_STRENGTHS = {choice: strength for strength, choice in enumerate(Disclosure)}


def strictest(*choices: Disclosure) -> Disclosure:
    """The strictest of some."""
    return max(choices, key=lambda choice: choice.strength)
