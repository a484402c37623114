"""A CHECK constraint for every column that takes listed values only.

Code that meets a value it does not know has no right answer, so the database keeps such values out,
whoever writes them.
"""

from collections.abc import Iterable

from django.db.models import CheckConstraint, Q


def known_values(name: str, column: str, values: Iterable[str]) -> CheckConstraint:
    """The constraint that `column` is one of `values`; null passes where the column allows it."""
    return CheckConstraint(
        name=name, condition=Q(**{f"{column}__in": [str(value) for value in values]})
    )
