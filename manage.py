"""The commands: `up` and `verify` start on a bare Python, all other words are Django's."""

import os
import sys

OLDEST = (3, 11)
BARE_WORDS = ("up", "verify")
HELP_WORDS = ("", "help", "-h", "--help")
HELP = """python3 manage.py up       start everything, check it, and say what to do next
python3 manage.py verify   check style, types and layers, and run the tests
Both know --help. Other words are Django's commands and need the settings of docs/settings.md."""


def main() -> int:
    """Runs one command and answers its exit code; every Python 3 can read this file."""
    if sys.version_info < OLDEST:
        found = ".".join(map(str, sys.version_info[:2]))
        sys.exit(f"vault: Python 3.11 or newer is needed; this is {found}")
    if os.name != "posix":
        sys.exit("vault: Linux is needed; on Windows use WSL")
    from devtools import bootstrap

    word = sys.argv[1] if len(sys.argv) > 1 else ""
    if word in BARE_WORDS:
        bootstrap.enter_or_stop(sys.argv, purpose=word)
        return _launch(word)
    if word in HELP_WORDS:
        print(HELP)
        return 0
    bootstrap.find_django_or_stop(sys.argv)
    return _django()


def _launch(word: str) -> int:
    if word == "up":
        from devtools import up

        return up.main(sys.argv[2:])
    from devtools import verify

    return verify.main(sys.argv[2:])


def _django() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vaultsite.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
