"""Fixtures that several stages share."""

from __future__ import annotations

import gc
import os
from functools import lru_cache
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import settings

from diffscope.adapters.config.profiles import default_profile
from diffscope.adapters.graphs import outlines
from diffscope.source.profile import Profile, activate_profile, profile
from tests.builders import build_minivllm
from tests.examples import THOROUGH, examples

# How long an example takes says more of what else the machine does than of the code. A push fails for what it brings and not for an
# example that nobody tried before: thorough runs look for those.
settings.register_profile("diffscope", deadline=None, max_examples=examples(100), derandomize=not THOROUGH)
settings.load_profile("diffscope")

# What is asked outside of a workspace is asked of vLLM.
activate_profile(default_profile().names())

_parse = outlines._parse


@lru_cache(maxsize=4096)
def _parse_once(job: outlines.Job, data: bytes | None, _names: Profile) -> outlines.Parsed:
    return _parse(job, data)


# Hundreds of tests read the same few trees, each with a cache of its own: what a file says depends on its bytes and the profile alone.
outlines._parse = lambda job, data: _parse_once(job, data, profile())

# As the command line does: thousands of tests and the trees that they are made of live to the end, looking for garbage among them costs time.
gc.set_threshold(100_000, 20, 20)


def pytest_collection_finish() -> None:
    """What was collected is no garbage."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Garbage is looked for once more; pytest does it five times over, in all that is left."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What takes seconds and is rarely broken is left to thorough runs, as two jobs of CI are."""
    if not THOROUGH and item.get_closest_marker("thorough"):
        pytest.skip("takes long: set DIFFSCOPE_THOROUGH=1")


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Tell the process that counts of each test once: it hears of set-ups and clean-ups that failed, and not of those that went well.

    Thousands of messages that say nothing cost as much as a hundred tests. ``--durations`` wants them all the same.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ or item.config.option.durations is not None:
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


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
