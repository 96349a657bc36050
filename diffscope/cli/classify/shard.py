"""``--shard 3/16``: one part of a window, so that many machines share it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import click

from diffscope.patterns import lazy_regex

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., Any])
_WRITTEN: Final = lazy_regex(r"([0-9]{1,6})/([0-9]{1,6})")
_AUTO: Final = "auto"
_VARIABLES: Final = (
    ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
)
"""Variables that tell a job its number and how many there are, and the number of the first: Buildkite, GitLab, CircleCI."""


class Shard(NamedTuple):
    """One of ``total`` parts, ``number`` counted from 1."""

    number: int
    total: int

    def of(self, items: Sequence[_T]) -> tuple[_T, ...]:
        """Return the items of this part. Neighbours stay together, for a graph is derived from its neighbour's."""
        first, last = (len(items) * each // self.total for each in (self.number - 1, self.number))
        return tuple(items[first:last])


def shard_of(text: str, environment: Mapping[str, str]) -> Shard | None:
    """Return the part that a text names: ``3/16``, or ``auto`` for what the variables of CI tell; ``None`` where it names none."""
    if text == _AUTO:
        found = (
            (environment[job], environment[jobs], first)
            for job, jobs, first in _VARIABLES
            if job in environment and jobs in environment
        )
        job, jobs, first = next(found, ("", "", 0))
        text = f"{int(job) + 1 - first}/{jobs}" if job.isascii() and job.isdigit() else ""
    written = _WRITTEN.fullmatch(text)
    shard = Shard(int(written[1]), int(written[2])) if written else None
    return shard if shard and 1 <= shard.number <= shard.total else None


class Sharing(NamedTuple):
    """Who judges a range: so many processes, a cluster instead, and which part of it this run is for."""

    workers: int | None
    cluster: str | None
    shard: Shard


class _ShardType(click.ParamType[Shard]):
    name = "shard"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Shard:
        if isinstance(value, Shard):
            return value
        shard = shard_of(str(value), os.environ)
        if shard is None and value == _AUTO:
            known = ", ".join(f"{job} and {jobs}" for job, jobs, _ in _VARIABLES)
            self.fail(f"no variables tell which part this job is; these would: {known}", param, ctx)
        if shard is None:
            self.fail(f"{value!r} is no part; write 3/16 for the third of sixteen", param, ctx)
        return shard


def shard_option(function: _F) -> _F:
    """``--shard I/N``."""
    return click.option(
        "--shard",
        type=_ShardType(),
        metavar="I/N|auto",
        envvar="DIFFSCOPE_SHARD",
        help="Classify only the I-th of N parts of a --range; auto reads the variables of Buildkite, GitLab or CircleCI. Join the parts with store merge.",
    )(function)
