"""What the log may say of an unexpected exception: its kind and place, never its words."""

import traceback


def safe_traceback(error: BaseException) -> str:
    """Type names and source lines of the chain; messages are left out, they may quote values."""
    parts: list[str] = []
    link: BaseException | None = error
    while link is not None:
        lines = "".join(traceback.format_tb(link.__traceback__))
        parts.append(f"{type(link).__module__}.{type(link).__qualname__}\n{lines}")
        link = link.__cause__ or link.__context__
    return "caused by ".join(parts)
