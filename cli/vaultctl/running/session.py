"""One run: leases are taken, values put where the plan says, the program runs, leases released."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from disclosure.redaction import Redactor, unmaskable_reason
from vaultctl.api import Api
from vaultctl.application import Application
from vaultctl.leasing import RUN_SECONDS, HeldLease, LeaseRequest, Renewer, take_lease
from vaultctl.running import child
from vaultctl.running.plan import Part, Way


@dataclass(frozen=True, slots=True)
class Run:
    """What is going to happen."""

    app: Application
    api: Api
    parts: Sequence[Part]
    command: Sequence[str]
    purpose: str
    wait: bool
    sandbox: bool

    def execute(self) -> int:
        """Do it; answers the program's exit code."""
        with child.interruptible(), ExitStack() as stack:
            leases = self._take_leases(stack)
            values = {
                part.key: lease.read().value
                for part, lease in zip(self.parts, leases, strict=True)
                if part.way.needs_value
            }
            environment = self._environment(stack, leases, values)
            stack.enter_context(Renewer(leases))
            return self._run(environment, values)

    def _take_leases(self, stack: ExitStack) -> list[HeldLease]:
        leases = []
        for part in self.parts:
            request = LeaseRequest(part.key, self.purpose, RUN_SECONDS)
            taken = take_lease(self.api, request, note=self.app.note, wait=self.wait)
            held = HeldLease(self.api, request, taken)
            stack.callback(held.release)
            leases.append(held)
        return leases

    def _environment(
        self, stack: ExitStack, leases: Sequence[HeldLease], values: dict[str, str]
    ) -> dict[str, str]:
        """The program's environment."""
        from vaultctl.proxy.environment import base_environment
        from vaultctl.running.secret_files import private_directory

        environment = base_environment()
        ways = {part.way for part in self.parts}
        if ways == {Way.ENVIRONMENT}:
            return environment | {part.variable: values[part.key] for part in self.parts}
        directory = stack.enter_context(private_directory(in_memory=True))
        environment |= dict(self._given(values, directory))
        if any(way.needs_proxy for way in ways):
            environment |= stack.enter_context(self._proxy(leases, values, directory))
        return environment

    def _given(self, values: dict[str, str], directory: Path) -> Iterator[tuple[str, str]]:
        """The variables of the credentials."""
        from vaultctl.running.secret_files import write_file

        for part in self.parts:
            if part.way.needs_proxy:
                yield part.variable, part.placeholder
            elif part.way is Way.FILE:
                yield part.variable, str(write_file(directory, part.variable, values[part.key]))
            else:
                yield part.variable, values[part.key]

    @contextmanager
    def _proxy(
        self, leases: Sequence[HeldLease], values: dict[str, str], directory: Path
    ) -> Iterator[dict[str, str]]:
        """The proxy while the program runs; answers the variables that lead to it."""
        from vaultctl.proxy.authority import Authority
        from vaultctl.proxy.broker import Broker
        from vaultctl.proxy.credentials import ProxiedCredential, build_redactor
        from vaultctl.proxy.environment import proxy_environment
        from vaultctl.proxy.exchange import Exchange
        from vaultctl.proxy.server import Proxy, serving
        from vaultctl.proxy.upstream import Upstream
        from vaultctl.running.secret_files import private_directory

        credentials = tuple(
            ProxiedCredential(part, lease, values.get(part.key))
            for part, lease in zip(self.parts, leases, strict=True)
            if part.way.needs_proxy
        )
        upstream = Upstream(dict(os.environ), build_redactor(credentials))
        authority = Authority()
        exchange = Exchange(credentials, upstream, Broker(self.api))
        proxy = Proxy(exchange, authority, directory, public_only=self.sandbox)
        try:
            with private_directory(in_memory=False) as public, serving(proxy) as address:
                yield proxy_environment(os.environ, address, authority, public)
        finally:
            upstream.close()

    def _run(self, environment: dict[str, str], values: dict[str, str]) -> int:
        shown = [values[p.key] for p in self.parts if not p.way.needs_proxy]
        if shown:
            return self._run_masked(environment, shown)
        started = child.start(self.command, environment)
        with child.forwarding(started.pid):
            return child.exit_code(started.wait())

    def _run_masked(self, environment: dict[str, str], values: list[str]) -> int:
        from vaultctl.running.masked import run_masked

        for value in values:
            if reason := unmaskable_reason(value):
                self.app.note(f"a value cannot be masked in the program's output: {reason}")
        return run_masked(self.command, environment, Redactor(values))
