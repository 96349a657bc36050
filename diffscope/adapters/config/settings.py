"""Reads ``diffscope.yml``: a team's default options.

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

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from diffscope.adapters.read_file import read_text
from diffscope.errors import ConfigurationError
from diffscope.patterns import lazy_regex
from diffscope.render.formats.table import RENDERERS
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, RuleConfiguration
from diffscope.source.model import Value
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
