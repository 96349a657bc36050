"""diffscope: classifies the diffs of vLLM pull requests.

The names below are the public surface; each is imported when it is first used, so that ``import diffscope`` costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from diffscope.version import VERSION

if TYPE_CHECKING:
    from diffscope.api import classify as classify
    from diffscope.api import report as report
    from diffscope.assessment.document import Assessment as Assessment
    from diffscope.errors import DiffscopeError as DiffscopeError
    from diffscope.messages.model import Language as Language
    from diffscope.products.report.model import Digest as Digest
    from diffscope.products.report.render.formats import render_digest as render_digest
    from diffscope.render.formats.table import render as render
    from diffscope.render.style import Style as Style
    from diffscope.rules.model import Flag as Flag
    from diffscope.rules.model import Severity as Severity
    from diffscope.workspace import Workspace as Workspace

__version__ = VERSION

_PLACES = {
    "Assessment": "diffscope.assessment.document",
    "Digest": "diffscope.products.report.model",
    "DiffscopeError": "diffscope.errors",
    "Flag": "diffscope.rules.model",
    "Language": "diffscope.messages.model",
    "Severity": "diffscope.rules.model",
    "Style": "diffscope.render.style",
    "Workspace": "diffscope.workspace",
    "classify": "diffscope.api",
    "render_digest": "diffscope.products.report.render.formats",
    "report": "diffscope.api",
}

_VERBS = {"render": "diffscope.render.formats.table"}
"""Verbs that share their name with a package: ``diffscope.render(assessments, style)`` and ``diffscope.render.style`` both hold."""

__all__ = ["__version__", *_PLACES, *_VERBS]  # noqa: PLE0604 - names of the table above


class _Verb(ModuleType):
    """A package that can be called by its name."""

    def __call__(self, *arguments: object, **options: object) -> object:
        name = self.__name__.rpartition(".")[2]
        return getattr(import_module(_VERBS[name]), name)(*arguments, **options)


class _Package(ModuleType):
    """This package. The import system hands it each subpackage that is imported, whoever imports it first."""

    def __setattr__(self, name: str, value: object) -> None:
        if name in _VERBS and isinstance(value, ModuleType):
            value.__class__ = _Verb
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    if name in _VERBS:
        return import_module(f"{__name__}.{name}")
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'diffscope' has no attribute {name!r}")
    return getattr(import_module(place), name)


def __dir__() -> list[str]:
    return sorted(__all__)
