"""Database URLs: what they tell, what is none, and that no spelling makes them tell a password."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.errors import Invalid
from tests.credentials.values import refused, told

SERVER_SCHEMES = [
    "postgresql",
    "postgres",
    "mysql",
    "mongodb",
    "mongodb+srv",
    "redis",
    "rediss",
    "mssql",
]
PASSWORD = "hunter2"


@pytest.mark.parametrize(
    ("url", "facts"),
    [
        (
            "postgresql://app:hunter2@db.example:5432/shop?sslmode=require",
            "postgresql db.example 5432 shop app true",
        ),
        (
            "postgres://db.example/shop?sslmode=disable&password=hunter2",
            "postgresql db.example - shop - false",
        ),
        ("POSTGRESQL://app@DB.example/shop", "postgresql DB.example - shop app -"),
        ("postgresql://app:hunter2@/shop?x=1", None),
        ("postgresql://app:hunter2@%2Fvar%2Frun/shop", "postgresql /var/run - shop app -"),
        ("postgresql://a:hunter2@h1:5432,h2:5433/shop", "postgresql h1,h2 5432,5433 shop a -"),
        ("mysql://a%40b:hunter2@[2001:db8::1]:3306/shop", "mysql 2001:db8::1 3306 shop a@b -"),
        ('mysql://h/shop?ssl={"ca":"x"}', "mysql h - shop - true"),
        ("mysql://h/shop?ssl-mode=VERIFY_CA", "mysql h - shop - true"),
        ("mysql://h/shop?sslMode=PREFERRED", "mysql h - shop - false"),
        ("mongodb://u:hunter2@a.example,b.example", "mongodb a.example,b.example - - u -"),
        ("mongodb+srv://u:hunter2@c.example/shop", "mongodb c.example - shop u true"),
        ("mongodb+srv://u:hunter2@c.example/shop?tls=false", "mongodb c.example - shop u false"),
        ("redis://:hunter2@cache.example/0", "redis cache.example - 0 - -"),
        ("redis://hunter2@cache.example/0", "redis cache.example - 0 - -"),
        ("redis://app:hunter2@cache.example", "redis cache.example - - app -"),
        ("rediss://cache.example", "redis cache.example - - - true"),
        (
            "mssql://sa:hunter2@db.example:1433/shop?encrypt=true",
            "mssql db.example 1433 shop sa true",
        ),
        ("mysql://app:hun@ter2@db.example/shop", "mysql db.example - shop app -"),
        ("mysql://a@pp:hunter2@db.example/shop", "mysql db.example - shop - -"),
        ("mysql://app%3Ahunter2@db.example/shop", "mysql db.example - shop - -"),
        ("mysql://app%253Ahunter2@db.example/shop", "mysql db.example - shop - -"),
        ("mysql://app%FF:hunter2@db.example/shop", "mysql db.example - shop - -"),
        ("mysql://db.example/shop;password=hunter2", "mysql db.example - - - -"),
        ("mysql://db.example/shop/hunter2", "mysql db.example - - - -"),
    ],
)
def test_a_database_url_tells_everything_but_its_password(url: str, facts: str | None) -> None:
    if facts is None:
        refused("database-url", url)
        return
    names = ("driver", "host", "port", "database", "username", "ssl")
    said = zip(names, facts.split(), strict=True)
    assert told("database-url", url) == {name: text for name, text in said if text != "-"}


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///shop.db", "shop.db"),
        ("sqlite:////var/lib/shop.db?mode=ro", "/var/lib/shop.db"),
        ("sqlite::memory:", ":memory:"),
        ("sqlite:shop.db", "shop.db"),
        ("sqlite:///C:/data/my%20shop.db", "C:/data/my shop.db"),
        ("sqlite://:hunter2@/shop.db", None),
        ("sqlite://app:hunter2/shop.db", None),
        ("sqlite:///shop.db?key=hunter2", "shop.db"),
    ],
)
def test_sqlite_tells_its_file_and_nothing_else(url: str, file: str | None) -> None:
    facts = told("database-url", url)
    assert facts == ({"driver": "sqlite", "database": file} if file else {"driver": "sqlite"})


@pytest.mark.parametrize(
    "url",
    [
        "db.example/shop",
        "//db.example/shop",
        "http://db.example/shop",
        "oracle://db.example/shop",
        "oracle+asyncpg://db.example/shop",
        "postgresql:db.example",
        "postgresql:///shop",
        "postgresql://",
        "postgresql://app:hunter2@/shop",
        "postgresql://app:hunter2@:5432/shop",
        "postgresql://app:hunter2",
        "postgresql://db.example:0/shop",
        "postgresql://db.example:65536/shop",
        "postgresql://db.example:-1/shop",
        "postgresql://db.example:/shop",
        "postgresql://db.example:٣/shop",
        "postgresql://db..example%2e/shop",
        "postgresql://../shop",
        "postgresql://db.example,/shop",
        "postgresql://[::1/shop",
        "postgresql://[12345::]/shop",
        "postgresql://dаtabase.example/shop",
        "postgresql://db.example/sh%zzop",
        "postgresql://db.example/shop#part",
        "postgresql://db.example/my shop",
        "postgresql://u:hun/ter2@db.example/shop",
        "postgresql://u:1234/hunter2@db.example/shop",
        "postgresql://u:1234#hunter2@db.example/shop",
        "postgresql://u:1234?hunter2@db.example/shop",
        "mongodb+srv://cluster.example:27017/shop",
        "mongodb+srv://a.example,b.example/shop",
        "mssql://db.example,1433/shop",
        "mssql://db.example;password=hunter2",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
    ],
)
def test_other_database_urls_are_refused_without_being_shown(url: str) -> None:
    assert PASSWORD not in refused("database-url", url)


@pytest.mark.parametrize("scheme", SERVER_SCHEMES)
@given(
    before=st.text("/?#@:%[],;&=\\+4a1", max_size=6),
    after=st.text("/?#@:%[],;&=\\+4a1", max_size=6),
    user=st.sampled_from(["", "app", "app:", "a@b:", "%61%3a"]),
)
def test_no_spelling_of_a_password_is_ever_told(
    scheme: str, before: str, after: str, user: str
) -> None:
    url = f"{scheme}://{user or ':'}{before}{PASSWORD}{after}@db.example:5432/shop"
    if user in ("app", "%61%3a"):
        url = f"{scheme}://{user}:{before}{PASSWORD}{after}@db.example/shop"
    try:
        facts = told("database-url", url)
    except Invalid as refusal:
        assert PASSWORD not in str(refusal.as_problem())
    else:
        assert PASSWORD not in str(facts)
        assert facts["host"] == "db.example"
