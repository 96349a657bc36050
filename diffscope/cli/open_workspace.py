"""Opens a workspace from the options of a command and ``diffscope.yml``; settings of a change are those of its base."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec
from click.core import ParameterSource

from diffscope.adapters.config.profiles import GENERIC, Chosen, choose_profile
from diffscope.adapters.config.settings import FILE_NAME, CloneTree, Settings, read_base
from diffscope.cli.options import asked_profile, is_debug
from diffscope.errors import ConfigurationError, DiffscopeError
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, check_against, check_options, select_rules
from diffscope.source.profile import UNKNOWN_REPOSITORY, in_force
from diffscope.workspace import Progress, Workspace
from diffscope.yaml.reading import mistakes_error

if TYPE_CHECKING:
    from diffscope.adapters.git.repository import GitRepository
    from diffscope.cli.console import Console
    from diffscope.cli.gather import Gathered
    from diffscope.source.model import CommitId


class RuleOptions(NamedTuple):
    """What the command line says of rules and the cache: ``select`` replaces what ``diffscope.yml`` selects, the others add to it."""

    rule_folders: Sequence[Path] = ()
    select: Sequence[str] = ()
    ignore: Sequence[str] = ()
    use_cache: bool = True


def open_workspace(
    clone: GitRepository | None,
    asked: RuleOptions,
    *,
    progress: Progress | None = None,
    settings: Settings | None = None,
) -> Workspace:
    """Return a workspace with the rules that the command line names on top of those of ``diffscope.yml``, or of ``settings`` in its place.

    Raises:
        ConfigurationError: an entry names no rule, or a folder is not there; every mistake at once.
        UsageError: an option names no rule.
    """
    settings = settings or _settings()
    configuration = settings.rules if settings else EVERY_STABLE_RULE
    beside = Path(configuration.origin).parent
    configured = [beside / folder for folder in configuration.folders]
    chosen = select_rules(select=asked.select or None, ignore=asked.ignore)
    workspace = Workspace(
        clone,
        rule_folders=(*configured, *asked.rule_folders),
        configuration=msgspec.structs.replace(
            configuration,
            select=configuration.select if chosen.select is None else chosen.select,
            ignore=(*configuration.ignore, *chosen.ignore),
        ),
        use_cache=asked.use_cache,
        progress=progress,
        is_debug=is_debug(),
        profile=choose_profile(asked_profile(settings), clone),
    )
    try:
        # What the command line says is in no line of a file.
        check_options(chosen, workspace.catalogue)
        mistakes = check_against(configuration, workspace.catalogue)
        if mistakes:
            raise mistakes_error(mistakes, kind=ConfigurationError)
    except DiffscopeError:
        workspace.close()
        raise
    return workspace


def take_profile(clone: GitRepository | None) -> Chosen:
    """Put the profile that is meant in force for the rest of the command, and return it. Raises as ``choose_profile`` does."""
    chosen = choose_profile(asked_profile(), clone)
    click.get_current_context().with_resource(in_force(chosen.names()))
    return chosen


def _settings() -> Settings | None:
    context = click.get_current_context(silent=True)
    return context.obj if context else None


_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


class JudgingSetup(NamedTuple):
    """What a change is judged by."""

    workspace: Workspace
    fail_on: str


@contextmanager
def with_base_settings(
    gathered: Gathered, workspace: Workspace, asked: RuleOptions, fail_on: str, console: Console
) -> Iterator[JudgingSetup]:
    """Give what a change is judged by: the workspace as it is, or one with the settings of the change's base.

    As it is for a change without a base in the clone, with ``--config``, and where neither the base nor the change has a
    diffscope.yml: the one that was found then is the user's own.
    """
    context = click.get_current_context(silent=True)
    as_it_is = JudgingSetup(workspace, fail_on)
    clone, pull = workspace.repository, gathered.change.pull if gathered.change else None
    if clone is None and pull is not None and pull.repository == UNKNOWN_REPOSITORY:
        # A bare patch of a repository that nothing tells of: no tables of another one are laid on it.
        with open_workspace(None, asked, settings=Settings(profile=GENERIC)) as judging:
            yield JudgingSetup(judging, fail_on)
        return
    is_chosen = context is None or context.find_root().params.get("config") is not None
    if is_chosen or clone is None or pull is None or pull.base is None or not clone.has_commit(pull.base):
        yield as_it_is
        return
    found: Settings | None = context.find_root().obj if context else None
    is_there = bool(clone.tree_ids(pull.base, [FILE_NAME]))
    if not is_there and not (found and _brings(workspace, pull.head)):
        yield as_it_is
        return
    with tempfile.TemporaryDirectory(prefix="diffscope-base-") as scratch:
        base = read_base(CloneTree(clone, pull.base), Path(scratch))
        rules = msgspec.structs.replace(base.settings.rules, folders=tuple(map(str, base.folders)))
        settings = msgspec.structs.replace(base.settings, rules=rules, profile=base.profile)
        if found is not None and _words(found) != _words(settings):
            console.note(f"{FILE_NAME} is that of the base {pull.base[:12]}; --config FILE takes another")
        with open_workspace(clone, asked, settings=settings, progress=workspace.progress) as judging:
            is_given = context is not None and context.get_parameter_source("fail_on") in _GIVEN
            yield JudgingSetup(judging, fail_on if is_given else settings.fail_on or "none")


def _words(settings: Settings) -> Settings:
    """Return settings without places, which differ between a file and what was written out of a tree."""
    rules = msgspec.structs.replace(settings.rules, origin="", folders=())
    return msgspec.structs.replace(settings, rules=rules, profile=None)


def _brings(workspace: Workspace, head: CommitId | None) -> bool:
    """Say whether the settings that were found are the change's own: it has some in its tree, or it is the worktree."""
    clone = workspace.repository
    assert clone is not None  # noqa: S101 - asked where there is one
    return head is None or bool(clone.tree_ids(head, [FILE_NAME]))
