"""The API under schemathesis: generated requests in all its phases, with every check it has.

The document says what may be sent and answered; `Tenant.fit` makes requests be about things that
are there. What is counted is what schemathesis asked for itself, without its probes.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import schemathesis
from django.db import connections
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

from restapi.openapi import document
from tests.restapi.requests import as_parameter
from tests.restapi.seeding import BY_NAME, Tenant

Say = Callable[[str], None]
PHASES = ("examples", "coverage", "fuzzing", "stateful")
# Found out while it is done: the state may not allow it, or somebody changed it (RFC 9110 §13.1.1).
NOT_NOW = ["410", "412"]
SECRET = frozenset({"content", "leaseHandle", "newValue", "secretFields", "value"})


@dataclass(frozen=True)
class Part:
    """One pass: in these phases, so many examples of an operation, well-formed or not."""

    phases: tuple[str, ...]
    mode: str
    examples: int = 1

    def __str__(self) -> str:
        return f"{'+'.join(self.phases)}, {self.mode}"


@dataclass
class Tally:
    """What was answered, by operation, and what the checks found."""

    cases: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    sound: Counter[str] = field(default_factory=Counter)
    sound_done: Counter[str] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)
    found: dict[tuple[str, str], str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def count(self, label: str, status: int, sound: bool) -> None:
        """One request that was generated."""
        good = 200 <= status < 300
        self.cases[label] += 1
        self.done[label] += good
        self.sound[label] += sound
        self.sound_done[label] += sound and good
        self.statuses[label, status] += 1

    def shares(self) -> dict[str, float]:
        """By operation, how much of all that was sent was done."""
        return {label: self.done[label] / sent for label, sent in sorted(self.cases.items())}

    def sound_shares(self) -> dict[str, float]:
        """The same among requests that were well-formed."""
        return {label: self.sound_done[label] / n for label, n in sorted(self.sound.items()) if n}

    def table(self) -> str:
        """All operations with what was sent, what of it was done, and each status."""
        rows = [f"{sum(self.cases.values())} cases, {sum(self.sound.values())} of them sound"]
        for label, share in self.shares().items():
            answers = sorted(
                (status, n) for (one, status), n in self.statuses.items() if one == label
            )
            told = ", ".join(f"{status}: {n}" for status, n in answers)
            rows.append(f"{share:4.0%} of {self.cases[label]:4} {label}  ({told})")
        return "\n".join(rows)

    def report(self) -> str:
        """What was found, one line each."""
        return "\n\n".join([*self.found.values(), *self.errors])


# What a person left behind is for looking at after they left, too.
INTENDED = {("use_after_free", "GET /members/{personId}/left-behind")}


class Fuzzing:
    """Runs schemathesis against the running product as two tenants that must not meet."""

    def __init__(
        self, server: str, tenants: Callable[[], list[Tenant]], place: Path, say: Say
    ) -> None:
        self._server = server
        self._tenants = tenants
        self._identities = place / "identities.json"
        self._say = say
        self.tally = Tally()

    def run(self, who: str, part: Part, *, seed: int, below: str = "/") -> None:
        """One pass as one of the tenants; the other one tries to read what was shown.

        Their programs are connected anew for each, because tokens end.
        """
        tenants = {one.name: one for one in self._tenants()}
        self._identities.write_text(json.dumps({"auth": list(map(_identity, tenants.values()))}))
        config = SchemathesisConfig.from_dict(self._settings(who, part, seed))
        whole = deepcopy(document())  # schemathesis writes into it
        paths = {one: it for one, it in whole["paths"].items() if one.startswith(below)}
        schema = schemathesis.openapi.from_dict({**whole, "paths": paths}, config=config)
        began, shown = time.monotonic(), 0
        with self._seeded(tenants[who]):
            for event in from_schema(schema).execute():
                self._take(event)
                sent = sum(self.tally.cases.values())
                if sent // 500 > shown // 500:
                    self._say(f"{part} as {who}: {sent} cases in all, {len(self.tally.found)} "
                              f"findings, {time.monotonic() - began:.0f} s")  # fmt: skip
                shown = sent

    def _settings(self, who: str, part: Part, seed: int) -> dict[str, Any]:
        return {
            "seed": seed,
            "base-url": f"{self._server}/api/v1",
            "workers": 1,
            "continue-on-failure": True,
            "request-timeout": 30,
            "suppress-health-check": ["all"],
            "auth": {
                "wfc": {
                    "path": str(self._identities),
                    "user": who,
                    "peers": ["acme", "globex"],
                }
            },
            "cache": {"enabled": False},
            "generation": {
                "mode": part.mode,
                "max-examples": part.examples,
                "database": "none",
                "no-shrink": True,
            },
            "phases": {name: {"enabled": name in part.phases} for name in PHASES},
            "checks": {
                "enabled": True,
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "401", "403", "404", "409", *NOT_NOW, "429"]
                },
                "negative_data_rejection": {
                    "expected-statuses": ["400", "401", "403", "404", "405", "406", "409", *NOT_NOW,
                                          "413", "415", "422", "429"]
                },
            },
        }  # fmt: skip

    @contextmanager
    def _seeded(self, tenant: Tenant) -> Iterator[None]:
        """Requests are made sound on their way, and counted when they are answered."""

        def before_call(_: Any, case: Any, __: Any) -> None:
            meant[case.id] = case.meta is None or case.meta.generation.mode.is_positive
            # In a thread of its own, whose connection to the database is closed in the end.
            threads.submit(_make_sound, tenant, case).result()

        def after_call(_: Any, case: Any, response: Any) -> None:
            if case.method.upper() == case.operation.method.upper():
                self.tally.count(case.operation.label, response.status_code, meant[case.id])

        meant: dict[str, bool] = {}
        threads = ThreadPoolExecutor(1)
        for hook in (before_call, after_call):
            GLOBAL_HOOK_DISPATCHER.register_hook_with_name(hook, hook.__name__)
        try:
            yield
        finally:
            for hook in (before_call, after_call):
                GLOBAL_HOOK_DISPATCHER.unregister(hook)
            threads.submit(connections.close_all).result()
            threads.shutdown()

    def _take(self, event: Any) -> None:
        """What an event of the run reports."""
        if isinstance(event, events.NonFatalError):
            self.tally.errors.append(f"{event.label}: {event.value!r}: {event.info.format()}")
        elif isinstance(event, events.FatalError):
            self.tally.errors.append(repr(event.exception))
        elif isinstance(event, events.ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                for check in checks:
                    self.tally.checks[check.name, check.status.value] += 1
                    if check.failure_info is not None:
                        self._note(event.recorder, case_id, check)

    def _note(self, recorder: Any, case_id: str, check: Any) -> None:
        case = recorder.cases[case_id].value
        if (check.name, case.operation.label) in INTENDED:
            return
        failure = check.failure_info.failure
        answer = recorder.find_response(case_id=case_id)
        rule = failure.message.strip().partition("\n")[0]
        key = (case.operation.label, f"{check.name} {rule[:60]}")
        told = f"{case.operation.label}: {check.name}: {failure.title}: {rule}"
        self.tally.found.setdefault(key, f"{told}\n  {_told(case)}\n  {_answered(answer)}")


def _told(case: Any) -> str:
    """The request without its token and without what is secret in it."""
    body = case.body
    if isinstance(body, dict):
        body = {name: "…" if name in SECRET else value for name, value in body.items()}
    headers = {name: value for name, value in case.headers.items() if name != "Authorization"}
    return f"{case.path_parameters} {case.query} {headers} {body}"[:1000]


def _answered(answer: Any) -> str:
    """A refusal whole, of anything else only that it came."""
    if answer is None:
        return "no answer"
    return f"{answer.status_code} {answer.text[:400] if answer.status_code >= 400 else ''}"


def _identity(tenant: Tenant) -> dict[str, Any]:
    header = {"name": "Authorization", "value": f"Bearer {tenant.token}"}
    return {"name": tenant.name, "fixedHeaders": [header]}


def _make_sound(tenant: Tenant, case: Any) -> None:
    """The parts of a request that were meant to be well-formed are about things that are there.

    What a link supplied stays, unless it is the program's own standing.
    """
    route = BY_NAME[case.operation.definition.raw["operationId"]]
    places = dict(case.path_parameters or {})
    linked = {one for one in _linked(case) if places[one] not in tenant.own}
    body = case.body if isinstance(case.body, dict) else {}
    query = case.query if isinstance(case.query, dict) else {}
    fitting = tenant.fit(route.name, {**query, **body, **places}, linked)
    rest = {one: value for one, value in fitting.items() if one not in route.places}
    if not _spoiled(case, ParameterLocation.PATH):
        case.path_parameters = {one: fitting[one] for one in route.places}
    if route.in_body and route.members and not _spoiled(case, ParameterLocation.BODY):
        case.body = rest
    if not route.in_body and not _spoiled(case, ParameterLocation.QUERY):
        case.query = {one: as_parameter(value) for one, value in rest.items()}
    if not _spoiled(case, ParameterLocation.HEADER):
        case.headers.update(tenant.headers(dict(case.headers)))


def _spoiled(case: Any, location: ParameterLocation) -> bool:
    """Whether this part is malformed on purpose; headers may be so by mere lack of imagination."""
    if case.meta is None or not case.meta.is_negative_at(location):
        return False
    meant = getattr(case.meta.phase.data, "parameter_location", None)
    by_chance = location is ParameterLocation.HEADER and meant not in (None, location)
    return case.meta.generation.mode.is_negative and not by_chance


def _linked(case: Any) -> set[str]:
    """The places that an earlier answer of the same scenario filled."""
    if case.meta is None or case.meta.phase.name.value != "stateful":
        return set()
    return set(case._override.path_parameters)
