"""``rules/roles.yml`` as a table: the role of a call by the name that is called."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Annotated, Final

from msgspec import Meta

from diffscope.source.model import Value
from diffscope.yaml.typed import Rows, read_file


class Role(Value, frozen=True, kw_only=True):
    """A role and the callee patterns that have it: dotted words with ``*`` for any run of characters, matching whole names."""

    name: str
    patterns: Annotated[tuple[str, ...], Meta(min_length=1)]


ROLES: Final = Annotated[tuple[Role, ...], Rows("name", value="patterns", what="role")]


class RoleTable:
    """Roles by callee."""

    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.roles = roles
        self.roles_of = lru_cache(maxsize=4096)(self._roles_of)

    @cached_property
    def _matchers(self) -> dict[str, re.Pattern[str]]:
        return {role.name: _compile(role.patterns) for role in self.roles}

    def _roles_of(self, callee: str) -> tuple[str, ...]:
        return tuple(role for role, matcher in self._matchers.items() if matcher.match(callee))


def load_roles(text: str, *, at: str) -> tuple[Role, ...]:
    """Return the roles of a ``roles.yml``: role -> list of callee patterns.

    Raises:
        RuleError: the file is wrong; the message lists every mistake.
    """
    roles: tuple[Role, ...] = read_file(ROLES, text, at=at)
    return roles


def _compile(texts: tuple[str, ...]) -> re.Pattern[str]:
    # Only `*` is special and it never nests, so the expression stays linear in practice; callees are short.
    return re.compile(
        "|".join(".*".join(re.escape(part) for part in text.split("*")) + r"\Z" for text in texts)
    )
