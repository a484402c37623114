"""How a team begins to use Vault, from an empty installation on: what docs/walkthrough.md tells.

It happens on a whole `manage.py up` – web, worker, beat and their servers – in real browsers, with
agents that connect as any MCP client does. Each step leaves the picture that the document shows.
"""

from collections.abc import Iterator

import pytest

from devtools.bootstrap import ROOT, Environment
from devtools.data_directory import DataDirectory
from devtools.servers import remove_data
from tests.browser.walkthrough import approving, beginning, sharing, stopping
from tests.browser.walkthrough.agents import Computers, computers
from tests.browser.walkthrough.stage import Stage, open_stage
from tests.devtools.running import bring_up, finish
from tests.test_docs import pictures_of

pytestmark = [
    pytest.mark.xdist_group("walkthrough"),
    pytest.mark.timeout(480),
    pytest.mark.skipif(
        not Environment(ROOT).is_complete(),
        reason="`up` would replace this .venv, which `verify` did not make",
    ),
]


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An installation that nobody has set up yet."""
    data = tmp_path_factory.mktemp("walkthrough") / "data"
    try:
        up = bring_up(data, "--no-demo")
        with open_stage(up) as opened:
            yield opened
        up.process.terminate()
        finish(up.process)
    finally:
        remove_data(DataDirectory(data))


def test_a_team_begins(stage: Stage) -> None:
    with computers() as switched_on:
        tell(stage, switched_on)
    assert stage.complaints == []
    assert stage.pictures == pictures_of(ROOT / "docs" / "walkthrough.md")


def tell(stage: Stage, computers: Computers) -> None:
    """The whole story, in its order."""
    olivia = beginning.first_run(stage)
    beginning.store(olivia)
    beginning.take_over(olivia)
    laptop = beginning.connect(olivia, computers)
    beginning.first_read(olivia, laptop)
    sharing.invite(olivia)
    marc = sharing.join(stage)
    desktop = computers.connect(marc, "Marc's desktop")
    sharing.approve(olivia, marc, sharing.be_refused(marc, desktop))
    handle = sharing.read(desktop)
    sharing.give(olivia, marc)
    phone = approving.approve_while_it_waits(stage, olivia, marc, desktop)
    approving.deny(phone, marc, desktop)
    stopping.look(olivia)
    stopping.revoke(olivia, marc, desktop, handle)
    stopping.rotate(olivia, desktop)
    stopping.suspend(olivia, marc, desktop)
    stopping.let_in(olivia, marc, computers)
    stopping.look_back(olivia)
