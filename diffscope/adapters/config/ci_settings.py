"""The ``ci`` section of ``diffscope.yml``: what ``diffscope ci`` posts on a pull request.

::

    ci:
      comment-from: medium                # none | low | medium | high | critical: from which level a comment is made
      label-prefix: "diffscope:"          # the level becomes a label: diffscope:high; "" for none
      labels:                             # other labels that a change earns
        "level:critical": "needs two reviewers"
        "platform:rocm": "rocm"

A key of ``labels`` is ``level``, ``family``, ``area``, ``platform``, ``kind`` or ``tag``, a colon and the word. Labels with the prefix and
labels named here are taken off again when a change no longer earns them; no other label is ever touched.
"""

from __future__ import annotations

from typing import Final

from diffscope.patterns import lazy_regex
from diffscope.source.model import Value
from diffscope.yaml.reading import Reading, clipped
from diffscope.yaml.strict import MapNode, Node

DEFAULT_PREFIX: Final = "diffscope:"
KINDS: Final = ("level", "family", "area", "platform", "kind", "tag")
LEVELS: Final = ("none", "low", "medium", "high", "critical")
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
