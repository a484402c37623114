"""What a browser says it is, in few words, for lists and mails; it decides nothing."""

from django.http import HttpRequest

# The first that fits: later names stand in the strings of earlier ones' relatives.
NAMES = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def browser_of(request: HttpRequest) -> str:
    """Such as "Firefox on Linux"."""
    said = request.headers.get("User-Agent", "")
    name = next((name for mark, name in NAMES if mark in said), "A browser")
    system = next((name for mark, name in SYSTEMS if mark in said), "")
    return f"{name} on {system}" if system else name
