"""A workflow on loopback: a checkout of a real repository, an event file, the runner's files, and a GitHub behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.adapters.github_events import Payload
from tests.builders import git
from tests.cli.harness import Outcome, Project
from tests.github_server import NAME, Account, HostedPull, Site, serve

WRITER, READER = "writer", "reader"
BOT = "github-actions[bot]"


class Workflow:
    """One repository on GitHub, one pull request, and as many runs of ``diffscope ci`` as a test wants."""

    def __init__(
        self, folder: Path, repository: Path, *, base: str, head: str, number: int = 7, stack: ExitStack
    ) -> None:
        self.folder = folder
        self.repository = repository
        self.checkout = repository
        self.base, self.head = (git(repository, "rev-parse", name).strip() for name in (base, head))
        self.pull = HostedPull(number, base=self.base, head=self.head, title="[Misc] Change something")
        accounts = {
            WRITER: Account(BOT, is_installation=True),
            READER: Account(BOT, can_write=False, is_installation=True),
        }
        self.site = stack.enter_context(
            serve(Site(folder=repository, pulls={number: self.pull}, accounts=accounts))
        )
        self.project = Project(folder / "run", {})
        # One cache for all workflows of a test session: compiling the rules is most of a run on a tree this small.
        self.project.cache = folder.parent / "cache-of-workflows"

    def run(
        self,
        *arguments: str,
        on: str = "pull_request",
        payload: Payload | None = None,
        token: str | None = READER,
        environ: Mapping[str, str] | None = None,
    ) -> Outcome:
        """Run ``diffscope ci`` as a step would: summary and outputs of the run before are gone."""
        for name in ("summary.md", "output"):
            (self.folder / name).unlink(missing_ok=True)
        return self.project.run(
            "ci", *arguments, environ=self.environ(on, payload, token) | dict(environ or {})
        )

    def environ(self, on: str, payload: Payload | None, token: str | None) -> dict[str, str]:
        """Return the environment of a step."""
        event = self.folder / "event.json"
        event.write_text(json.dumps(payload), encoding="utf-8")
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": on,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_SHA": self.base,
            "GITHUB_WORKSPACE": str(self.checkout),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_RUN_ID": "12",
            "RUNNER_TEMP": str(self.folder / "temp"),
            "DIFFSCOPE_API_URL": self.site.url,
            **({"GITHUB_TOKEN": token} if token else {}),
        }

    @property
    def summary(self) -> str:
        """The job summary."""
        return (self.folder / "summary.md").read_text(encoding="utf-8")

    @property
    def outputs(self) -> dict[str, str]:
        """The outputs for later steps, read as the runner reads them."""
        lines = (self.folder / "output").read_text(encoding="utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    @property
    def report(self) -> dict[str, Any]:
        """The assessment in the artifact."""
        found: dict[str, Any] = json.loads(Path(self.outputs["json"]).read_text(encoding="utf-8"))
        return found

    @property
    def codes(self) -> list[str]:
        """The codes that are flagged."""
        return [flag["code"] for flag in self.report["flags"]]

    @property
    def comments(self) -> list[str]:
        """The comments on the pull request."""
        return [one["body"] for one in self.site.comments.values()]
