"""The risk families: the words of the reports, in English and Chinese, and the family of each rule code."""

from __future__ import annotations

from typing import Final

from diffscope.messages.model import Text

FAMILIES: Final[dict[str, Text]] = {
    "core-path": Text(en="Core-path change", zh="核心路径变更"),
    "missing-tests": Text(en="Missing test coverage", zh="缺少测试覆盖"),
    "insufficient-tests": Text(en="Insufficient test coverage", zh="测试覆盖不足"),
    "platform-compat": Text(en="Platform compatibility", zh="平台兼容性"),
    "interface-change": Text(en="Interface change", zh="接口变更"),
    "config-default": Text(en="Configuration default changed", zh="配置默认值变更"),
    "dependency-version": Text(en="Dependency version", zh="依赖版本"),
    "concurrency": Text(en="Concurrency and synchronisation", zh="并发与同步"),
    "kernel-safety": Text(en="Build and kernel safety", zh="编译与内核安全"),
    "quantization-numerics": Text(en="Quantization and numerics", zh="量化与数值精度"),
    "global-side-effect": Text(en="Global side effect", zh="全局配置副作用"),
    "feature-interaction": Text(en="Feature interaction (LoRA, spec decode, ...)", zh="功能组合兼容性"),
    "security": Text(en="Security surface", zh="安全面"),
    "ci-coverage": Text(en="CI does not run it", zh="CI 未覆盖"),
    "history": Text(en="Reverted before", zh="曾被回退"),
}
"""By wire word, in the order of the reports."""

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
    "SE": "security",
}
"""The family of each code by its first letters; the longest prefix decides. Codes are never reused, so two families may share letters."""


def family_of(code: str) -> str | None:
    """Return the family of a rule code; ``None`` where no prefix of the table fits it."""
    fitting = [prefix for prefix in FAMILY_OF_PREFIX if code.startswith(prefix)]
    return FAMILY_OF_PREFIX[max(fitting, key=len)] if fitting else None
