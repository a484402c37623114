"""`python -m bench`: Vault's calls beside two controls, in alternating rounds of one run.

Needs a C compiler for the load generator. Prints a table; with `--out docs` it is written to
docs/performance.md, with its figures and a picture beside it.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2

from bench.report import Row, cost_table, picture, table
from bench.workload import (
    Scenario,
    connected_agents,
    noop_scenario,
    twin_scenarios,
    vault_scenarios,
)
from devtools.data_directory import open_directory
from devtools.exit_codes import LaunchError, exit_code
from devtools.health import await_ready
from devtools.installation import Installation
from devtools.output import say, timed
from devtools.ports import free_port, listen
from devtools.processes import Child, ProcessGroup, Program
from devtools.servers import start_servers

HERE = Path(__file__).parent
START_SECONDS = 30
PROFILED = {"lease", "read"}
MARKS = ("<!-- measured -->", "<!-- end -->")


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    rounds: int
    seconds: float
    connections: list[int]
    out: Path | None


def main(arguments: list[str]) -> int:
    """Runs the command; 0 when every call was answered without an error."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each scenario in a round")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--out", type=Path, help="directory of performance.md, to be updated")
    options = Options(**vars(parser.parse_args(arguments)))
    return exit_code(lambda: _run(options))


def _run(options: Options) -> int:
    with tempfile.TemporaryDirectory(prefix="vault-bench-") as scratch:
        Path(scratch).chmod(0o755)  # the database runs under an account of its own
        load = _compiled(Path(scratch))
        with _everything(Path(scratch)) as (scenarios, processes):
            rows = _measured(options, load, scenarios, processes)
            costs = _cost_profile(scenarios, next(iter(processes.values())))
    text = f"{table(rows)}\n{cost_table(costs)}"
    print(text)
    if options.out is not None:
        _write(options.out, rows, text)
    return 1 if any(row.errors for row in rows) else 0


def _cost_profile(scenarios: list[Scenario], vault: Child) -> dict[str, dict[str, float]]:
    """Microseconds of each layer, of a lease and a read in a process of their own."""
    files = [scenario.requests for scenario in scenarios if scenario.name in PROFILED]
    result = files[0].parent / "costs.json"
    command = [sys.executable, "-m", "bench.cost_profile", *map(str, (result, *files))]
    ended = subprocess.run(
        command,
        cwd=HERE.parent,
        env=dict(vault.program.environment),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise LaunchError(f"the cost profile failed: {ended.stderr[-500:]}")
    costs: dict[str, dict[str, float]] = json.loads(result.read_text())
    return costs


def _compiled(scratch: Path) -> Path:
    load = scratch / "load"
    try:
        subprocess.run(["cc", "-O2", "-o", load, HERE / "load.c"], check=True)
    except (OSError, subprocess.CalledProcessError):
        raise LaunchError("a C compiler is needed as `cc` (Debian: apt install gcc)") from None
    return load


@contextlib.contextmanager
def _everything(scratch: Path) -> Iterator[tuple[list[Scenario], dict[int, Child]]]:
    """The installation and the controls; yields what to call and who listens on which port."""
    data = open_directory(scratch / "data")
    ports = free_port(), free_port(), free_port()
    with ProcessGroup(data.logs) as servers, ProcessGroup(data.logs) as programs:
        with timed("databases ready"):
            stores = start_servers(servers, data, throwaway=True)
        installation = Installation(data, stores, ports[0])
        with timed("migrated and seeded"):
            installation.migrate(programs)
            installation.seed(programs)
        with timed("Vault ready"):
            installation.start(programs, listen(ports[0]))
            await_ready(installation.public_url, programs.require_running)
        vault = next(child for child in programs.children if child.program.name == "web")
        running = installation.describe(demo=True)
        agents = connected_agents(running)
        noop = _control(
            programs, "sdk_noop", ports[1], BENCH_JWKS=f"{running.public_url}/oauth/jwks"
        )
        twin = _control(
            programs, "plain_twin", ports[2], BENCH_DATABASE_URL=running.database_owner_url
        )
        answer = httpx2.post(
            f"http://localhost:{ports[2]}/lease",
            json={"key": "stripe-api-key", "purpose": "bench", "ttl": 86_400},
        )
        scenarios = [
            noop_scenario(agents[0], ports[1], scratch),
            *vault_scenarios(agents, ports[0], scratch),
            *twin_scenarios(ports[2], answer.json()["handle"], scratch),
        ]
        yield scenarios, dict(zip(ports, (vault, noop, twin), strict=True))


def _control(programs: ProcessGroup, name: str, port: int, **environment: str) -> Child:
    """A control under uvicorn with the settings of Vault's own web process."""
    child = programs.start(
        Program(
            name=name,
            arguments=[
                *(sys.executable, "-m", "uvicorn", f"bench.{name}:application"),
                *("--host", "127.0.0.1", "--port", str(port), "--no-access-log"),
            ],
            environment={**os.environ, **environment},
            directory=HERE.parent,
        )
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        programs.require_running()
        with contextlib.suppress(httpx2.TransportError):
            httpx2.get(f"http://127.0.0.1:{port}/")
            return child
        time.sleep(0.1)
    raise LaunchError(child.ending())


def _measured(
    options: Options, load: Path, scenarios: list[Scenario], processes: dict[int, Child]
) -> list[Row]:
    rows = {
        (scenario.name, count): Row(scenario.name, count)
        for count in options.connections
        for scenario in scenarios
    }
    steps = options.rounds * len(rows)
    for number in range(options.rounds):
        for count in options.connections:
            control: dict[str, float] = {}
            for scenario in scenarios:
                figures = _load(load, scenario, count, options.seconds, processes)
                control = control or figures
                _add(rows[scenario.name, count], figures, control)
                _progress(number * len(rows) + list(rows).index((scenario.name, count)) + 1, steps)
    print()
    return list(rows.values())


def _load(
    load: Path, scenario: Scenario, count: int, seconds: float, processes: dict[int, Child]
) -> dict[str, float]:
    before = _cpu_milliseconds(processes[scenario.port])
    done = subprocess.run(
        [load, "127.0.0.1", str(scenario.port), str(count), str(seconds), scenario.requests],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LaunchError(f"{scenario.name}: {done.stderr.strip()}")
    figures: dict[str, float] = json.loads(done.stdout)
    figures["cpu"] = _cpu_milliseconds(processes[scenario.port]) - before
    return figures


def _cpu_milliseconds(child: Child) -> float:
    fields = Path(f"/proc/{child.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _add(row: Row, figures: dict[str, float], control: dict[str, float]) -> None:
    rate = figures["answered"] / figures["seconds"]
    row.rates.append(rate)
    row.ratios.append(rate * control["seconds"] / control["answered"])
    row.cpu.append(figures["cpu"] / figures["answered"])
    row.p50.append(figures["p50"] / 1000)
    row.p99.append(figures["p99"] / 1000)
    row.p99_ratios.append(figures["p99"] / control["p99"])
    row.errors += int(figures["errors"])


def _progress(done: int, steps: int) -> None:
    filled = 40 * done // steps
    print(f"\r    [{'#' * filled}{'.' * (40 - filled)}] {done}/{steps}", end="", flush=True)


def _write(out: Path, rows: list[Row], text: str) -> None:
    """Figures and picture, and the table between the marks of the page that is there."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    figures = {"machine": machine, "rows": [row.facts() for row in rows]}
    (out / "performance.json").write_text(json.dumps(figures, indent=2) + "\n")
    (out / "performance.svg").write_text(picture(rows))
    page = out / "performance.md"
    before, _, rest = page.read_text().partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    page.write_text(f"{before}{MARKS[0]}\n\n{machine}.\n\n{text}\n{MARKS[1]}{after}")
    say(f"written to {page}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
