"""The words of reports: areas and kinds by the names that readers of a report use, in each language."""

from __future__ import annotations

from diffscope.messages.model import Language
from diffscope.render.area_words import AREA_TITLES

_KINDS = {
    "bugfix": ("bug fixes", "缺陷修复"),
    "feature": ("features", "新功能"),
    "refactor": ("refactorings", "重构"),
    "performance": ("performance", "性能优化"),
    "model": ("models", "模型支持"),
    "test": ("tests", "测试"),
    "ci": ("CI", "CI"),
    "build": ("build", "构建"),
    "docs": ("documentation", "文档"),
    "revert": ("reverts", "回滚"),
}

_TAGS = {
    "ci/build": "CI 与构建",
    "documentation": "文档",
    "frontend": "前端",
    "kernel": "内核",
    "kv-connector": "KV 连接器",
    "multi-modality": "多模态",
    "new-model": "新模型",
    "speculative-decoding": "投机解码",
}
"""Tags in Chinese that are called neither as a kind nor as an area."""
_ONE = {
    "bugfix": "bug fix",
    "feature": "feature",
    "refactor": "refactoring",
    "model": "model",
    "test": "test",
    "revert": "revert",
}
"""What one of a kind is called in English, where that differs."""


def area_title(name: str, language: Language) -> str:
    """Return how a report calls an area or a platform; one of somebody's own goes by its name."""
    known = AREA_TITLES.get(name)
    if known is not None:
        return known[language is Language.CHINESE]
    return name if language is Language.CHINESE else name.replace("-", " ").capitalize()


def kind_title(name: str, language: Language) -> str:
    """Return how a report calls a kind of change."""
    return _KINDS.get(name, (name, name))[language is Language.CHINESE]


def kind_one(name: str, language: Language) -> str:
    """Return what one change of a kind is called."""
    return (
        kind_title(name, language)
        if language is Language.CHINESE
        else _ONE.get(name, kind_title(name, language))
    )


def kind_counted(name: str, count: int, language: Language) -> str:
    """Return how many changes of a kind there are, as a report says it: ``1 feature``, ``26 bug fixes``."""
    if language is Language.CHINESE:
        return f"{kind_title(name, language)} {count} 个"
    return f"{count} {(kind_one if count == 1 else kind_title)(name, language)}"


def tag_title(name: str, language: Language) -> str:
    """Return how a tag is called in a line about one change: in English as it is written."""
    if language is not Language.CHINESE:
        return name
    return _TAGS.get(name) or (kind_title if name in _KINDS else area_title)(name, language)
