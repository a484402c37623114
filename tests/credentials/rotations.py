"""Rotating `stripe-api-key`, and looking at what became of its versions."""

from typing import Any

from access.actor import Actor
from credentials.operations import (
    change_window,
    rotate_credential,
)
from credentials.shapes.credentials import DescribeCredential
from credentials.shapes.rotations import ChangeWindow, RotateCredential, RotationOut
from tests.people import read
from tests.storage import owner_sql

KEY = DescribeCredential(key="stripe-api-key")
NEW = "sk_live_after"


def rotate(who: Actor, **more: Any) -> RotationOut:
    data = {"key": KEY.key, **({} if "generate" in more else {"newValue": NEW}), **more}
    return rotate_credential(who, RotateCredential.parse(data))


def shift(who: Actor, window: int | str) -> RotationOut:
    return change_window(who, ChangeWindow.parse({"key": KEY.key, "window": window}))


def value(who: Actor, handle: str) -> str:
    return read(who, handle).value.get_secret_value()


def versions() -> list[tuple[int, str]]:
    return owner_sql("SELECT number, state FROM credential_version ORDER BY number")
