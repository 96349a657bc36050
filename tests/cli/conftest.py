"""The ``project`` fixture: a project from strings, to run commands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.cli.harness import Project

MakeProject = Callable[..., Project]


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    def make(files: Mapping[str, str | bytes | None] | None = None) -> Project:
        return Project(tmp_path, files or {})

    return make
