"""The files under deploy/, tried with the real servers."""
