"""The table of routes: every operation that programs may do, once, by rules of the table above."""

from django.urls import get_resolver

from access.actions import RULES, Action, Channel
from restapi.routes import ROUTES
from tests.contracts.operations import operations

# Allowed for programs and yet not served.
NOT_SERVED = {
    Action.ADD_MEMBER: "takes a person in hand; programs invite",
}


def test_every_operation_for_programs_is_served() -> None:
    allowed = {action for action, rule in RULES.items() if Channel.REST in rule.channels}

    assert {route.action for route in ROUTES} == allowed - set(NOT_SERVED)
    assert set(NOT_SERVED) <= allowed


def test_a_route_names_the_operations_own_action() -> None:
    known = {one.function: one.action for one in operations().values()}

    assert all(known[route.operation] is route.action for route in ROUTES)


def test_no_two_routes_share_an_address_and_method_or_an_operation() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    assert len({route.name for route in ROUTES}) == len(ROUTES)


def test_a_place_in_a_path_is_a_member_of_what_is_taken() -> None:
    for route in ROUTES:
        if route.takes is not None:
            names = {field.alias for field in route.takes.model_fields.values()}
            assert set(route.places) <= names, route.name
            assert route.kept_back <= names, route.name


def test_no_handle_and_no_secret_travels_in_an_address() -> None:
    for route in ROUTES:
        words = {*route.places, *(() if route.in_body else route.members)}
        assert not any("handle" in word.lower() or "secret" in word.lower() for word in words)


def test_no_address_hides_another() -> None:
    resolver = get_resolver()
    for route in ROUTES:
        address = route.path.replace("{", "").replace("}", "")
        view = resolver.resolve(f"/api/v1/{address}").func
        assert view.cls.routes[route.method] is route  # type: ignore[attr-defined]
