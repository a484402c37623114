"""What the log may say of an unexpected exception: its type and place, never its text."""

import traceback


def safe_traceback(error: BaseException) -> str:
    """Types and source lines of the exception chain, without messages, which may quote values."""
    parts: list[str] = []
    link: BaseException | None = error
    while link is not None:
        lines = "".join(traceback.format_tb(link.__traceback__))
        parts.append(f"{type(link).__module__}.{type(link).__qualname__}\n{lines}")
        link = link.__cause__ or link.__context__
    return "caused by ".join(parts)
