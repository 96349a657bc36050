"""Reads ``diffscope.yml``, a team's default options, and the rules that the base of a change has.

::

    lang: zh                      # en | zh
    format: markdown              # any name of --format
    fail-on: high                 # none | low | medium | high | critical
    profile: .diffscope           # what describes the repository: a name or a folder, see docs/profiles.md
    rules:                        # which rules run, how severe they are: see diffscope/rules/engine/configuration.py
      ignore: [CP107]
    ci:                           # what `diffscope ci` posts on a pull request
      comment-from: medium        # none | low | medium | high | critical: from which level a comment is made
      label-prefix: "diffscope:"  # the level becomes a label: diffscope:high; "" for none
      labels:                     # other labels that a change earns
        "level:critical": "needs two reviewers"
        "platform:rocm": "rocm"

A flag of the command line and a ``DIFFSCOPE_*`` variable come before it.

A key of ``labels`` is ``level``, ``family``, ``area``, ``platform``, ``kind`` or ``tag``, a colon and the word. Labels with the prefix and
labels named here are taken off again when a change no longer earns them; no other label is ever touched.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from diffscope.adapters.git.repository import GitRepository
from diffscope.adapters.output import make_folder, write_own_file
from diffscope.adapters.read_file import read_text
from diffscope.assessment.document import Assessment
from diffscope.diff.model import unsafe
from diffscope.errors import ConfigurationError, RepositoryError
from diffscope.patterns import lazy_regex
from diffscope.render.formats.table import RENDERERS
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, RuleConfiguration
from diffscope.source.model import CommitId, RepoPath, TreeEntry, TreeReader, Value
from diffscope.yaml.reading import clipped
from diffscope.yaml.typed import Check, Known, Rows, read_file

DEFAULT_PREFIX: Final = "diffscope:"
KINDS: Final = ("level", "family", "area", "platform", "kind", "tag")
_KEY: Final = lazy_regex(rf"(?:{'|'.join(KINDS)}):[a-z0-9][a-z0-9 ._/-]*")
_LONGEST_LABEL: Final = 50


Level = Literal["none", "low", "medium", "high", "critical"]


def _key_problem(text: str) -> tuple[str, str] | None:
    if _KEY.fullmatch(text):
        return None
    hint = f"write one of {', '.join(KINDS)}, a colon and the word: platform:rocm"
    return f"'{clipped(text)}' names nothing that a change can earn", hint


def _label_problem(text: str) -> tuple[str, str] | None:
    if len(text) <= _LONGEST_LABEL and text.isprintable():
        return None
    return f"'{clipped(text)}' is not a label", f"write one line of at most {_LONGEST_LABEL} characters"


class LabelRow(Value, frozen=True, kw_only=True):
    """One row of the mapping: ``key`` is ``platform:rocm``, ``label`` the label's name."""

    key: Annotated[str, Check(_key_problem)]
    label: Annotated[str, Check(_label_problem)]


class CiSettings(Value, frozen=True, kw_only=True, rename="kebab"):
    """What a team wants posted."""

    comment_from: Level = "medium"
    label_prefix: Annotated[str, msgspec.Meta(min_length=0), Check(_label_problem)] = DEFAULT_PREFIX
    labels: Annotated[tuple[LabelRow, ...], Rows("key", value="label", what="label of")] = ()


FILE_NAME: Final = "diffscope.yml"
_LARGEST: Final = 1_000_000


class Settings(Value, frozen=True, kw_only=True, rename="kebab"):
    """What a ``diffscope.yml`` says; ``None`` where it is silent."""

    lang: Literal["en", "zh"] | None = None
    format: Annotated[str, Known("format")] | None = None
    fail_on: Level | None = None
    profile: str | None = None
    """A name, or a folder: absolute, as far as the file lies in one."""
    rules: RuleConfiguration = EVERY_STABLE_RULE
    ci: CiSettings = CiSettings()


def read_settings(file: Path) -> Settings:
    """Return the settings in a file.

    Raises:
        ConfigurationError: it cannot be read, or is wrong; the message lists every mistake.
    """
    text = read_text(file, most=_LARGEST, hint="name another file: --config FILE")
    settings = parse_settings(text, at=str(file))
    beside = file.parent / (settings.profile or "")
    if settings.profile is None or not beside.is_dir():
        return settings
    return msgspec.structs.replace(settings, profile=str(beside.resolve()))


def parse_settings(text: str, *, at: str = FILE_NAME) -> Settings:
    """Return the settings that a text holds; ``at`` names it in errors.

    Raises:
        ConfigurationError: it is wrong; the message lists every mistake.
    """
    if not text.strip():
        return Settings()
    found: Settings = read_file(
        Settings, text, at=at, known={"format": tuple(RENDERERS)}, kind=ConfigurationError
    )
    folders = tuple(folder.rstrip("/") for folder in found.rules.folders)
    return msgspec.structs.replace(found, rules=msgspec.structs.replace(found.rules, folders=folders))


_MOST_RULE_FILES = 2000
_LONGEST_PATH = 300


class BaseRules(NamedTuple):
    """Settings of the base, and the folders with its own rules, written out where the loader can read them."""

    settings: Settings
    folders: tuple[Path, ...] = ()
    profile: str | None = None
    """The name of a profile, or its folder."""


class CloneTree:
    """One commit of a clone as a ``TreeReader``."""

    def __init__(self, repository: GitRepository, commit: CommitId) -> None:
        self._repository = repository
        self._commit = commit

    def entries(self) -> tuple[TreeEntry, ...]:
        """Return every file of the commit, sorted by path."""
        return self._repository.entries(self._commit)

    def read(self, path: RepoPath) -> bytes | None:
        """Return the bytes of a file; ``None`` where the commit has none.

        Raises ``RepositoryError`` for one whose content the clone lacks: what the base demands is not to be taken for nothing.
        """
        data = self._repository.read(self._commit, path)
        if data is None and self._repository.tree_ids(self._commit, [path]):
            raise RepositoryError(
                f"the clone does not have the content of {path} at the base",
                at=str(self._repository.path),
                hint="check out without a filter: fetch-depth: 0 of actions/checkout does",
            )
        return data


def read_base(tree: TreeReader | None, folder: Path) -> BaseRules:
    """Return the settings and rule folders at ``tree``, the latter written below ``folder``; defaults where there are none.

    Raises ``ConfigurationError`` for settings that are wrong: they are the base's, so the base must be corrected.
    """
    data = tree.read(RepoPath(FILE_NAME)) if tree is not None else None
    if tree is None or data is None:
        return BaseRules(Settings())
    at = f"{FILE_NAME} of the base"
    try:
        settings = parse_settings(data.decode(), at=at)
    except UnicodeDecodeError:
        raise ConfigurationError(
            "the file is not UTF-8", at=at, hint="save it as UTF-8 on the base branch"
        ) from None
    wanted = settings.rules.folders
    entries = tree.entries() if wanted or settings.profile else ()
    folders = tuple(_write_out(tree, entries, one, folder) for one in wanted)
    named = settings.profile
    is_folder = named is not None and any(entry.path.startswith(f"{named.rstrip('/')}/") for entry in entries)
    profile = str(_write_out(tree, entries, named, folder)) if named and is_folder else named
    return BaseRules(settings, folders, profile)


def edited_settings(assessment: Assessment, settings: Settings) -> tuple[str, ...]:
    """Return the files of diffscope's own configuration that the change touches, sorted."""
    folders = tuple(f"{folder}/" for folder in (*settings.rules.folders, *filter(None, [settings.profile])))
    paths = {path for file in assessment.files for path in (file.path, file.old_path) if path}
    return tuple(sorted(path for path in paths if path == FILE_NAME or path.startswith(folders)))


def _write_out(tree: TreeReader, entries: Iterable[TreeEntry], name: str, folder: Path) -> Path:
    root = folder / name
    make_folder(root, what="the rules of the base")
    chosen = [
        entry for entry in entries if entry.path.startswith(f"{name}/") and entry.mode.startswith("100")
    ]
    if len(chosen) > _MOST_RULE_FILES:
        raise ConfigurationError(
            f"more than {_MOST_RULE_FILES} rule files", at=name, hint="name the folder of the rules alone"
        )
    for entry in chosen:
        if unsafe(entry.path, longest=_LONGEST_PATH) is None and "\\" not in entry.path:
            path = folder / entry.path
            make_folder(path.parent, what="the rules of the base")
            write_own_file(path, tree.read(entry.path) or b"", what="the rules of the base")
    return root
