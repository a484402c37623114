"""Template filters for durations and instants."""

from datetime import UTC, datetime

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.words import KINDS, in_words

register = Library()


@register.filter
def duration(seconds: int) -> str:
    """Seconds in words."""
    return in_words(seconds)


@register.filter
def moment(at: datetime) -> SafeString:
    """An instant in UTC, to the second, readable for people and programs."""
    at = at.astimezone(UTC)
    return format_html(
        '<time datetime="{}">{}</time>',
        at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        at.strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


@register.filter
def kind(word: str) -> str:
    """A credential type's name for people."""
    return KINDS[word].title
