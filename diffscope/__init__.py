"""diffscope: classifies the diffs of vLLM pull requests.

The names below are the public surface; each is imported when it is first used, so that ``import diffscope`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from diffscope.version import VERSION

if TYPE_CHECKING:
    from diffscope.api import classify as classify
    from diffscope.assessment.values import Assessment as Assessment
    from diffscope.errors import DiffscopeError as DiffscopeError
    from diffscope.render.formats import render as render
    from diffscope.render.style import Language as Language
    from diffscope.render.style import Style as Style
    from diffscope.rules.values import Flag as Flag
    from diffscope.rules.values import Severity as Severity
    from diffscope.workspace import Workspace as Workspace

__version__ = VERSION

_PLACES = {
    "Assessment": "diffscope.assessment.values",
    "DiffscopeError": "diffscope.errors",
    "Flag": "diffscope.rules.values",
    "Language": "diffscope.render.style",
    "Severity": "diffscope.rules.values",
    "Style": "diffscope.render.style",
    "Workspace": "diffscope.workspace",
    "classify": "diffscope.api",
    "render": "diffscope.render.formats",
}

__all__ = ["__version__", *_PLACES]  # noqa: PLE0604 - names of the table above


def __getattr__(name: str) -> object:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'diffscope' has no attribute {name!r}")
    return getattr(import_module(place), name)


def __dir__() -> list[str]:
    return sorted(__all__)
