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
from typing import Final

import msgspec

from diffscope.adapters.read_file import read_text
from diffscope.errors import ConfigurationError
from diffscope.messages.model import Language
from diffscope.patterns import lazy_regex
from diffscope.render.formats.table import RENDERERS
from diffscope.rules.engine.configuration import EVERY_STABLE_RULE, RuleConfiguration, read_section
from diffscope.source.model import Value
from diffscope.yaml.reading import Reading, clipped, mistakes_error
from diffscope.yaml.strict import MapNode, Node

DEFAULT_PREFIX: Final = "diffscope:"
KINDS: Final = ("level", "family", "area", "platform", "kind", "tag")
_KEY: Final = lazy_regex(rf"(?:{'|'.join(KINDS)}):[a-z0-9][a-z0-9 ._/-]*")
_LONGEST_LABEL: Final = 50


class LabelRow(Value, frozen=True, kw_only=True):
    """One row of the mapping: ``key`` is ``platform:rocm``, ``label`` the label's name."""

    key: str
    label: str


class CiSettings(Value, frozen=True, kw_only=True):
    """What a team wants posted."""

    comment_from: str = "medium"
    label_prefix: str = DEFAULT_PREFIX
    labels: tuple[LabelRow, ...] = ()


def read_ci(node: Node, reading: Reading) -> CiSettings:
    """Return the section that a node holds; what is wrong lands in ``reading``."""
    entries = reading.mapping(node, "'ci'", known=("comment-from", "label-prefix", "labels"))
    found = CiSettings()
    level, prefix = found.comment_from, found.label_prefix
    if "comment-from" in entries:
        level = reading.choice(entries["comment-from"].value, "'comment-from'", LEVELS) or level
    if "label-prefix" in entries:
        value = getattr(entries["label-prefix"].value, "value", None)
        prefix = "" if value == "" else _label(entries["label-prefix"].value, "'label-prefix'", reading)
    labels = _labels(entries["labels"].value, reading) if "labels" in entries else ()
    return CiSettings(comment_from=level, label_prefix=prefix, labels=labels)


def _labels(node: Node, reading: Reading) -> tuple[LabelRow, ...]:
    if not isinstance(node, MapNode):
        reading.mapping(node, "'labels'", known=())
        return ()
    rows = []
    for entry in node.entries:
        if not _KEY.fullmatch(entry.key):
            message = f"'{clipped(entry.key)}' names nothing that a change can earn"
            reading.report(
                entry, message, f"write one of {', '.join(KINDS)}, a colon and the word: platform:rocm"
            )
        label = _label(entry.value, f"the label of '{clipped(entry.key)}'", reading)
        if label:
            rows.append(LabelRow(key=entry.key, label=label))
    return tuple(rows)


def _label(node: Node, what: str, reading: Reading) -> str:
    text = reading.text(node, what)
    if len(text) > _LONGEST_LABEL or not text.isprintable():
        reading.report(node, f"{what} is not a label: one line of at most {_LONGEST_LABEL} characters")
        return ""
    return text


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
