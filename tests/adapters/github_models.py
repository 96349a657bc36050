"""githubkit's models, which others generated from GitHub's OpenAPI description; importing them takes as long as a hundred tests."""

from __future__ import annotations

import warnings
from functools import cache
from types import ModuleType


@cache
def models() -> ModuleType:
    """Return the module that holds them."""
    with warnings.catch_warnings():
        # A field of one generated model is called `schema`, which pydantic remarks on.
        warnings.simplefilter("ignore")
        from githubkit_schemas.v2022_11_28 import models as found  # noqa: PLC0415
    return found
