"""How a call fails. The texts say nothing of the answer and are safe to show."""


class CallFailed(Exception):
    """There is no usable answer."""


class NotAllowed(CallFailed):
    """The address must not be called."""
