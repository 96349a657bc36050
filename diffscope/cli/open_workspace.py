"""Opens a workspace from the options of a command and ``diffscope.yml``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from diffscope.adapters.config.profiles import Chosen, choose_profile
from diffscope.cli.options import asked_profile, is_debug
from diffscope.errors import ConfigurationError, DiffscopeError
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, check_against, check_options, select_rules
from diffscope.source.profile import in_force
from diffscope.workspace import Progress, Workspace
from diffscope.yaml.reading import mistakes_error

if TYPE_CHECKING:
    from diffscope.adapters.config.settings import Settings
    from diffscope.adapters.git.repository import GitRepository


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
