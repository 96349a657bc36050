"""The risk families by name, and the family of each rule code."""

from __future__ import annotations

from typing import Final

from diffscope.messages.model import Language, Text
from diffscope.messages.say import title

FAMILIES: Final = (
    "core-path",
    "missing-tests",
    "insufficient-tests",
    "platform-compat",
    "interface-change",
    "config-default",
    "dependency-version",
    "concurrency",
    "kernel-safety",
    "quantization-numerics",
    "global-side-effect",
    "feature-interaction",
    "security",
    "ci-coverage",
    "history",
    "review-hygiene",
)
"""By wire word, in the order of the reports; their titles stand in ``messages/texts/families.yml``."""

FAMILY_OF_PREFIX: Final[dict[str, str]] = {
    "CP": "core-path",
    "TC": "missing-tests",
    "TC203": "insufficient-tests",
    "TC204": "insufficient-tests",
    "TC205": "insufficient-tests",
    "CI": "ci-coverage",
    "PF": "platform-compat",
    "IF": "interface-change",
    "CF": "config-default",
    "DP": "dependency-version",
    "CC": "concurrency",
    "KS": "kernel-safety",
    "QN": "quantization-numerics",
    "GS": "global-side-effect",
    "FI": "feature-interaction",
    "HI": "history",
    "RH": "review-hygiene",
    "SE": "security",
}
"""The family of each code by its first letters; the longest prefix decides. Codes are never reused, so two families may share letters."""

_QUESTIONS: Final[dict[str, str]] = {
    "missing-tests": "tests",
    "insufficient-tests": "tests",
    "ci-coverage": "ci",
    "history": "history",
    "review-hygiene": "review",
}

HINTS: Final = "review-hygiene"
"""What its rules say is a hint for author and reviewer, and never raises the level, a score or a count of risk."""


def question_of(family: str) -> str:
    """Return what a family asks about: ``tests``, ``ci``, ``history``, ``review`` or, all others, ``change`` itself."""
    return _QUESTIONS.get(family, "change")


def family_of(code: str) -> str | None:
    """Return the family of a rule code; ``None`` where no prefix of the table fits it."""
    fitting = [prefix for prefix in FAMILY_OF_PREFIX if code.startswith(prefix)]
    return FAMILY_OF_PREFIX[max(fitting, key=len)] if fitting else None


def family_title(name: str) -> Text:
    """Return the title of a family; one of somebody's own goes by its name."""
    return Text(en=title("family", name, Language.ENGLISH), zh=title("family", name, Language.CHINESE))
