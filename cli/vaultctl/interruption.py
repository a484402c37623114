"""A signal that ends vaultctl while it still has to release leases."""


class Interrupted(BaseException):
    """A signal arrived before the program was started, or without one."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number
