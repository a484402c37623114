"""What forms in the browser offer to choose from. Ids are public ones (`person_…`)."""

from foundation.schema.shapes import Shape


class PrincipalChoiceOut(Shape):
    """A member, group or service account; `email` is empty but for members.

    `receives_grants` is false for auditors, who can only be looked for in the log.
    """

    subject_id: str
    name: str
    email: str = ""
    receives_grants: bool = True


class PrincipalChoicesOut(Shape):
    """Who can receive grants or own a credential, each by name."""

    people: list[PrincipalChoiceOut]
    groups: list[PrincipalChoiceOut]
    service_accounts: list[PrincipalChoiceOut]


class FolderChoicesOut(Shape):
    """Paths of the folders that the caller sees, and of those in which they may store.

    "" among the latter is the top. Both are cut after 1,000. `manages_anything` includes single
    credentials.
    """

    folders: list[str]
    managed: list[str]
    manages_anything: bool
