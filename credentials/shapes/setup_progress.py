"""What a new tenant has done so far."""

from foundation.schema.shapes import Shape


class SetupProgressOut(Shape):
    """`has_company`: there is a second member, or somebody was invited."""

    has_credential: bool
    agent_called: bool
    has_company: bool
