"""A rule and the catalogue of rules, as values: what load.py makes of rule files and what engine/evaluate.py runs."""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Final

import msgspec

from diffscope.messages.model import Text
from diffscope.rules.language.conditions import ALWAYS, Condition, EvidenceQuery
from diffscope.rules.model import RuleCode, Severity
from diffscope.source.model import Value

GRAMMAR: Final = 2
"""Raised when the same rule text comes to mean something else."""


class Stage(Enum):
    """How far a rule has come; the value is the wire word."""

    PREVIEW = "preview"
    """Not measured yet, or too often wrong: runs only where it is selected by its code."""
    STABLE = "stable"
    DEPRECATED = "deprecated"
    """On its way out: runs only where it is selected by its code."""


class Status(Value, frozen=True, kw_only=True):
    """How far a rule has come, and the version of diffscope since which."""

    stage: Stage
    since: str


class SeverityStep(Value, frozen=True, kw_only=True):
    """A severity, where a condition holds."""

    to: Severity
    when: Condition


class Rule(Value, frozen=True, kw_only=True):
    """One rule, checked: every word in it is known."""

    code: RuleCode
    name: str
    family: str
    status: Status
    severity: Severity
    """Where no step holds."""
    severity_steps: tuple[SeverityStep, ...] = ()
    """The first that holds decides."""
    title: Text
    why: Text
    remedy: Text
    check: Text | None = None
    """What to check, as a template like ``says``, filled with the first place."""
    limits: Text | None = None
    """What the rule is known to get wrong or cannot see."""
    when: Condition = ALWAYS
    """What must hold besides: without it a rule fires where there is evidence."""
    says: Text
    evidence: EvidenceQuery
    names: tuple[str, ...] = ()
    """Named lists and predicates that it uses, sorted."""
    covers: tuple[str, ...] = ()
    confidence: str = "high"
    """The most that its flags have: less for what rests on the words of a title alone."""
    """Codes or globs of them: of equal severity this rule is the head of their flags at its places."""
    origin: str
    """The rule file, as it was handed in."""


class Catalogue(Value, frozen=True, kw_only=True):
    """Every rule, sorted by code. Two catalogues with the same digest judge alike and speak alike."""

    rules: tuple[Rule, ...]
    words: tuple[tuple[str, str], ...] = ()
    """Words of closed sets in Chinese, sorted."""
    digest: str

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalogue) and self.digest == other.digest

    def rule(self, code: str) -> Rule | None:
        """Return the rule of a code."""
        return next((rule for rule in self.rules if rule.code == code), None)


def make_catalogue(rules: tuple[Rule, ...], words: tuple[tuple[str, str], ...] = ()) -> Catalogue:
    """Return a catalogue, sorted, with the digest of all that bears on its flags."""
    ordered = tuple(sorted(rules, key=lambda rule: rule.code))
    # Where a rule file lies and how far it is measured elsewhere must not change the digest.
    content = [msgspec.structs.replace(rule, origin="", names=()) for rule in ordered]
    encoded = msgspec.msgpack.encode((GRAMMAR, content, words))
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return Catalogue(rules=ordered, words=words, digest=digest)


def encode_catalogue(catalogue: Catalogue) -> bytes:
    """Return the compiled form: what ``decode_catalogue`` reads back a hundred times faster than rule files."""
    return msgspec.msgpack.encode(catalogue)


def decode_catalogue(data: bytes) -> Catalogue | None:
    """Return the catalogue of a compiled form; ``None`` where it is none."""
    try:
        return msgspec.msgpack.decode(data, type=Catalogue)
    except msgspec.MsgspecError:
        return None
