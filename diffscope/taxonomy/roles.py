"""What calls do, by the name of what they call: ``rules/roles.yml`` as a table."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache

from diffscope.errors import RuleError
from diffscope.source.model import Value
from diffscope.yaml.strict import ListNode, MapNode, ScalarNode, load_strict


class Role(Value, frozen=True, kw_only=True):
    """A role and the callee patterns that have it: dotted words with ``*`` for any run of characters, matching whole names."""

    name: str
    patterns: tuple[str, ...]


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
        RuleError: the file is not such a mapping.
        YamlError: the file is not strict YAML.
    """
    root = load_strict(text, at=at)
    if not isinstance(root, MapNode):
        raise RuleError("not a mapping of roles", at=at, hint="write `role: [pattern, ...]` lines")
    roles = []
    for entry in root.entries:
        items = entry.value.items if isinstance(entry.value, ListNode) else ()
        texts = tuple(item.text for item in items if isinstance(item, ScalarNode))
        if not texts or len(texts) != len(items):
            raise RuleError(f"role `{entry.key}` needs a list of callee patterns", at=f"{at}:{entry.line}")
        roles.append(Role(name=entry.key, patterns=texts))
    return tuple(roles)


def _compile(texts: tuple[str, ...]) -> re.Pattern[str]:
    # Only `*` is special and it never nests, so the expression stays linear in practice; callees are short.
    return re.compile(
        "|".join(".*".join(re.escape(part) for part in text.split("*")) + r"\Z" for text in texts)
    )
