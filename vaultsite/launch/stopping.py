"""The one way a launcher step fails: a plain line that names the next step."""


class CannotContinue(Exception):
    """Ends the command with exit code 1 and this text; it names no secret."""
