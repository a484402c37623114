"""The host names that this server answers to."""

from foundation.web.allowed_origins import allowed_hosts, allowed_origins

PUBLIC = "https://vault.example.org"


def test_a_usual_port_may_be_left_out() -> None:
    assert allowed_hosts(PUBLIC, development=False) == {
        "vault.example.org",
        "vault.example.org:443",
    }


def test_an_unusual_port_must_be_said() -> None:
    assert allowed_hosts("https://vault.example.org:8443", development=False) == {
        "vault.example.org:8443"
    }


def test_development_knows_this_computer_by_all_its_names() -> None:
    assert allowed_hosts("http://localhost:8000", development=True) == {
        "localhost:8000",
        "127.0.0.1:8000",
        "[::1]:8000",
    }


def test_origins_are_our_own_and_the_listed_ones() -> None:
    allowed = allowed_origins(PUBLIC, ["https://pages.example.org"], development=False)
    assert allowed == {PUBLIC, f"{PUBLIC}:443", "https://pages.example.org"}
