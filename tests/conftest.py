"""Fixtures that several stages share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.builders import build_minivllm

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("diffscope", deadline=None)
settings.load_profile("diffscope")


@pytest.fixture(scope="session")
def minivllm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the small tree with its pull requests. Shared: a test that writes builds its own."""
    return build_minivllm(tmp_path_factory.mktemp("minivllm") / "clone")


@pytest.fixture(scope="session")
def vllm_clone() -> Path:
    """A real clone of vLLM; for tests marked ``clone``."""
    named = os.environ.get("DIFFSCOPE_REPO")
    if not named:
        pytest.skip("needs a clone of vLLM: set DIFFSCOPE_REPO")
    return Path(named)
