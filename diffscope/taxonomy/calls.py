"""What a call means by its name: ``rules/roles.yml`` (roles of callees) and ``rules/kernels.yml`` (kernels that are written in Python) as tables."""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import Annotated, Final

from msgspec import Meta

from diffscope.messages.model import Text
from diffscope.source.model import Value
from diffscope.yaml.typed import Rows

Names = Annotated[tuple[str, ...], Meta(min_length=1)]


class KernelLanguage(Value, frozen=True, kw_only=True):
    """A language of device code: the packages that it is imported from, and the decorators that make a function such code."""

    name: str
    title: Text
    imports: Names
    kernels: Names
    device: tuple[str, ...] = ()


class CallRole(Value, frozen=True, kw_only=True):
    """What calls do in such code, and the patterns of their callees."""

    name: str
    patterns: Names


class KernelTables(Value, frozen=True, kw_only=True):
    """The file as values."""

    languages: Annotated[tuple[KernelLanguage, ...], Rows("name", what="language")] = ()
    calls: Annotated[tuple[CallRole, ...], Rows("name", value="patterns", what="role")] = ()
    tuning: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()


KERNELS: Final = KernelTables


class KernelTable:
    """Answers about decorators, callees and names of device code."""

    def __init__(self, tables: KernelTables) -> None:
        self.tables = tables
        self.role_of = lru_cache(maxsize=4096)(self._role_of)
        self.roles_of_call = lru_cache(maxsize=8192)(self._roles_of_call)

    def may_hold(self, source: bytes) -> bool:
        """Return whether a file names a package of any of the languages."""
        return self._roots.search(source) is not None

    def is_tuning(self, name: str) -> bool:
        """Return whether what is given under a name only tunes."""
        return self._tuning.match(name) is not None

    def is_size(self, name: str) -> bool:
        """Return whether a name is that of a block's size."""
        return self._sizes.match(name) is not None

    def is_mask(self, name: str) -> bool:
        """Return whether an argument says which lanes read and write."""
        return name in self.tables.masks

    def _role_of(self, decorator: str) -> tuple[str, str] | None:
        """Return language and role (``kernel`` or ``device``) of what a decorator stands on; the decorator is a dotted name."""
        for language, kernels, device in self._decorators:
            if kernels.match(decorator):
                return language, "kernel"
            if device.match(decorator):
                return language, "device"
        return None

    def _roles_of_call(self, callee: str) -> tuple[str, ...]:
        return tuple(role for role, pattern in self._calls if pattern.match(callee))

    @cached_property
    def _roots(self) -> re.Pattern[bytes]:
        words = [word for language in self.tables.languages for word in language.imports]
        return re.compile(rb"\b(?:" + "|".join(map(re.escape, words)).encode() + rb")" if words else rb"(?!)")

    @cached_property
    def _decorators(self) -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
        return tuple(
            (each.name, _compile(each.kernels), _compile(each.device)) for each in self.tables.languages
        )

    @cached_property
    def _calls(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((each.name, _compile(each.patterns)) for each in self.tables.calls)

    @cached_property
    def _tuning(self) -> re.Pattern[str]:
        return _compile(self.tables.tuning)

    @cached_property
    def _sizes(self) -> re.Pattern[str]:
        return _compile(self.tables.sizes)


def _compile(texts: tuple[str, ...]) -> re.Pattern[str]:
    # Only `*` is special and it never nests; names are short. Without texts nothing matches.
    each = (".*".join(re.escape(part) for part in text.split("*")) for text in texts)
    return re.compile(f"(?:{'|'.join(each)})\\Z" if texts else r"(?!)")


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
