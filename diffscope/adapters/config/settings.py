"""Reads ``diffscope.yml``: a team's default options.

::

    lang: zh                      # en | zh
    format: markdown              # any name of --format
    fail-on: high                 # none | low | medium | high | critical
    profile: .diffscope           # what describes the repository: a name or a folder, see docs/profiles.md
    rules:                        # which rules run, how severe they are: see diffscope/rules/engine/configuration.py
      ignore: [CP107]
    ci:                           # what `diffscope ci` posts: see diffscope/adapters/config/ci_settings.py
      comment-from: medium

A flag of the command line and a ``DIFFSCOPE_*`` variable come before it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from diffscope.adapters.config.ci_settings import CiSettings, read_ci
from diffscope.adapters.read_file import read_text
from diffscope.errors import ConfigurationError
from diffscope.messages.model import Language
from diffscope.render.formats.table import RENDERERS
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, RuleConfiguration, read_section
from diffscope.source.model import Value
from diffscope.yaml.reading import Reading, mistakes_error

FILE_NAME: Final = "diffscope.yml"
LEVELS: Final = ("none", "low", "medium", "high", "critical")
_LARGEST: Final = 1_000_000


class Settings(Value, frozen=True, kw_only=True):
    """What a ``diffscope.yml`` says; ``None`` where it is silent."""

    lang: str | None = None
    format: str | None = None
    fail_on: str | None = None
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
    reading = Reading(at)
    if not text.strip():
        return Settings()
    entries = reading.mapping(
        reading.parse(text), "the settings", known=("lang", "format", "fail-on", "profile", "rules", "ci")
    )
    words = {"lang": [language.value for language in Language], "format": list(RENDERERS), "fail-on": LEVELS}
    chosen = {
        key: reading.choice(entries[key].value, f"'{key}'", words[key]) for key in words if key in entries
    }
    profile = reading.text(entries["profile"].value, "'profile'") if "profile" in entries else ""
    rules = read_section(entries["rules"].value, reading) if "rules" in entries else EVERY_STABLE_RULE
    ci = read_ci(entries["ci"].value, reading) if "ci" in entries else CiSettings()
    if reading.mistakes:
        raise mistakes_error(reading.mistakes, kind=ConfigurationError)
    return Settings(
        lang=chosen.get("lang"),
        format=chosen.get("format"),
        fail_on=chosen.get("fail-on"),
        profile=profile or None,
        rules=rules,
        ci=ci,
    )
