"""Options that several commands share, each declared once; the part of a window that ``--shard 3/16`` names."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

import click

from diffscope.cli.console import Console
from diffscope.patterns import lazy_regex
from diffscope.render.formats.table import RENDERERS

if TYPE_CHECKING:
    from diffscope.adapters.config.settings import Settings

FORMATS = tuple(RENDERERS)
LANGUAGES = ("en", "zh")
LEVELS = ("none", "low", "medium", "high", "critical")
FILE = click.Path(path_type=Path, dir_okay=False)
"""The type of an option that names a file."""

_PROFILE = f"{__name__}.profile"


class Output(NamedTuple):
    """One format and where it goes; ``None`` is stdout."""

    form: str
    file: Path | None


class OutputType(click.ParamType[Output]):
    """``FORMAT`` or ``FORMAT:FILE``, of the formats of what is written: ``a report``, say."""

    name = "format"

    def __init__(self, formats: Sequence[str], *, of: str = "") -> None:
        self._formats = formats
        self._of = f" of {of}" if of else ""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Output:
        """Return the output that the text names."""
        if isinstance(value, Output):
            return value
        form, separator, file = str(value).partition(":")
        if form not in self._formats:
            known = ", ".join(self._formats)
            self.fail(f"{form!r} is not a format{self._of}; there are {known}", param, ctx)
        if separator and not file:
            self.fail(f"{value!r} names no file", param, ctx)
        if file.endswith("/"):
            self.fail(f"{value!r} names a folder, not a file in it", param, ctx)
        return Output(form, Path(file) if file else None)


def repository_option(function: _F) -> _F:
    """``--repo PATH``, and ``--profile``, which says what kind of repository it is."""
    return click.option(
        "--repo",
        type=click.Path(path_type=Path),
        metavar="PATH",
        help="Local clone. Default: the one that contains the current folder, else DIFFSCOPE_REPO.",
    )(profile_option(function))


def profile_option(function: _F) -> _F:
    """``--profile NAME|DIR``, read by ``asked_profile``."""
    return click.option(
        "--profile",
        metavar="NAME|DIR",
        envvar="DIFFSCOPE_PROFILE",
        expose_value=False,
        callback=_keep_profile,
        help="Profile that describes the repository: a name or a folder. Default: the one named in diffscope.yml, else the packaged "
        "one for this repository, else the generic one.",
    )(function)


def _keep_profile(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.find_root().meta[_PROFILE] = value


def asked_profile(settings: Settings | None = None) -> str | None:
    """Return the profile that the command line or ``diffscope.yml`` names; ``settings`` stand in for that file."""
    context = click.get_current_context(silent=True)
    if context is None:
        return settings.profile if settings else None
    settings = settings or context.find_root().obj
    named = context.meta.get(_PROFILE)
    return named or (settings.profile if settings else None)


language_option = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    envvar="DIFFSCOPE_LANG",
    help="Language of the result.",
)


def output_options(function: _F) -> _F:
    """``--format FORMAT[:FILE]``, repeatable, and ``--output FILE`` for a single one."""
    outputs = click.option(
        "--format",
        "outputs",
        type=OutputType(FORMATS),
        multiple=True,
        metavar="FORMAT[:FILE]",
        envvar="DIFFSCOPE_FORMAT",
        help=f"{', '.join(FORMATS)}. Several: --format text --format json:out.json. [default: text]",
    )
    output = click.option(
        "--output",
        type=FILE,
        metavar="FILE",
        help="File for the result, if there is only one --format. Default: stdout.",
    )
    return outputs(output(function))


fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    default="none",
    show_default=True,
    envvar="DIFFSCOPE_FAIL_ON",
    help="Exit with 1 if any flag has this severity or worse.",
)
cache_option = click.option(
    "--no-cache",
    "use_cache",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Neither read nor write the cache.",
)
form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Format of the result.",
)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Number of worker processes.  [default: the number of cores]",
)
range_option = click.option(
    "--range", "window", metavar="A..B", help="Every change merged after commit A, up to B."
)
offset_option = click.option(
    "--tz", metavar="OFFSET", help="Time zone of the days, as an offset from UTC.  [default: +08:00]"
)
cluster_option = click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Address of a Dask scheduler whose workers classify the changes, each with its own clone (DIFFSCOPE_REPO).",
)


def rules_option(function: _F) -> _F:
    """``--rules DIR``, repeatable."""
    return click.option(
        "--rules",
        "rule_folders",
        type=click.Path(path_type=Path, file_okay=False),
        multiple=True,
        metavar="DIR",
        callback=_with_rules,
        help="Additional folder of rules. Repeatable.",
    )(function)


def _with_rules(_: click.Context, __: click.Parameter, folders: tuple[Path, ...]) -> tuple[Path, ...]:
    if folders:
        from diffscope.adapters.config.rule_files import check_holds_rules

        for folder in folders:
            check_holds_rules(folder)
    return folders


def selection_options(function: _F) -> _F:
    """``--select CODE`` and ``--ignore CODE``, repeatable."""
    select = click.option(
        "--select",
        multiple=True,
        metavar="CODE",
        help="Run only these rules: codes, families or globs. Repeatable.",
    )
    ignore = click.option(
        "--ignore",
        multiple=True,
        metavar="CODE",
        help="Do not run these rules: codes, families or globs. Repeatable.",
    )
    return select(ignore(function))


class CommandGroup(click.Group):
    """Lists each of its commands with the whole first sentence of its help, which click would cut."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, " ".join((command.help or "").partition("\n\n")[0].split()))
                    for name in self.list_commands(ctx)
                    if (command := self.get_command(ctx, name)) is not None
                ]
            )


def verbosity_options(function: _F) -> _F:
    """``-q`` and ``-v``, which make one argument ``console``."""

    @wraps(function)
    def with_talk(*arguments: Any, quiet: bool, verbose: bool, debug: bool, **options: Any) -> Any:
        if debug:
            click.get_current_context().find_root().params["debug"] = True
        return function(*arguments, console=Console(-1 if quiet else int(verbose)), **options)

    # As people write it: behind the command.
    debug = click.option("--debug", is_flag=True, hidden=True, help="Same as diffscope --debug.")
    quiet = click.option("-q", "--quiet", is_flag=True, help="Print only errors.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="Print progress and more detail.")
    return cast("_F", quiet(verbose(debug(with_talk))))


def is_debug() -> bool:
    """Return whether ``--debug`` was given, before the command or behind it."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().params.get("debug"))


_T = TypeVar("_T")
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


_F = TypeVar("_F", bound=Callable[..., Any])
