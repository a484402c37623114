"""Clients from the registries, installed once for a run, and how they are called."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

NODE = ("node", "22")
NPM = {
    "@modelcontextprotocol/inspector": "2.12.0",
    "mcp-remote": "0.15.1",
    "@google/gemini-cli": "0.61.0",
    "@openai/codex": "0.171.0",
    "opencode-ai": "1.18.33",
    "@modelcontextprotocol/sdk": "1.32.2",
    "@redocly/cli": "2.77.0",
    "@stoplight/spectral-cli": "6.16.3",
}
PYPI = {
    "mcp": "2.3.0",
    "fastmcp": "4.2.3",
    "langchain-mcp-adapters": "0.3.2",
}
PATIENCE = 240


def missing() -> str | None:
    """Why the clients cannot be run here, or None."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            return f"{program} is missing: install Node.js with npm to run real clients"
    return None


@dataclass(frozen=True)
class Programs:
    """A folder in which packages are installed when they are needed."""

    folder: Path

    @cached_property
    def node(self) -> Path:
        """A Node.js that is new enough for every package, whatever the machine has."""
        self._npm("node", "@".join(NODE))
        return self.folder / "node" / "node_modules" / "node" / "bin"

    def npm(self, package: str, program: str) -> Path:
        """A program of an npm package."""
        place = self.installed(package)
        return place / "node_modules" / ".bin" / program

    def installed(self, *packages: str) -> Path:
        """The folder with these npm packages."""
        name = packages[0].replace("@", "").replace("/", "-")
        if not (self.folder / name).exists():
            self._npm(name, *(f"{package}@{NPM[package]}" for package in packages))
        return self.folder / name

    def python(self, package: str) -> Path:
        """An interpreter with one package of PYPI: they do not all go together."""
        place = self.folder / f"python-{package}"
        if not place.exists():
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
            done = subprocess.run(
                [*pip, f"{package}=={PYPI[package]}"],
                timeout=PATIENCE,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        return place / "bin" / "python"

    def run(
        self, *command: str | Path, cwd: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """One command in an environment that has nothing of the machine's own configuration."""
        return subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder,
            env=self.environment(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """What a client is given."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        path = os.pathsep.join([str(self.node), os.environ["PATH"]])
        return {"PATH": path, "HOME": str(home), "TERM": "xterm", "CI": "1", **variables}

    def _npm(self, name: str, *packages: str) -> None:
        place = self.folder / name
        place.mkdir(parents=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", str(place), *packages]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        assert done.returncode == 0, done.stderr
