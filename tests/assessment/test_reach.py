"""How far changed modules reach; what the change itself adds is said to be new."""

from __future__ import annotations

from diffscope.facts.model import ImportFact, ModuleFact
from diffscope.messages.model import Language
from diffscope.render.view_model import AssessmentView
from diffscope.render.words import Words
from tests.assessment.test_assess import assessed
from tests.assessment.test_scores import CORE, facts_of
from tests.taxonomies import a_file

NEW = "vllm/v1/engine/pools.py"
MODULE = ModuleFact(
    path=NEW,
    line=0,
    category="source",
    area="engine",
    module="vllm.v1.engine.pools",
    is_new=True,
    distance=None,
    fan_in=0,
    reach=0,
)


def an_import(module: str, target: str, name: str | None = None, *, change: str = "added") -> ImportFact:
    return ImportFact(
        path=CORE,
        line=3,
        category="source",
        area="engine",
        module=module,
        change=change,
        target=target,
        name=name,
    )


def said(*imports: ImportFact, language: Language = Language.ENGLISH) -> str:
    facts = facts_of("Add pools", a_file(NEW, 30), module=(MODULE,), imports=imports)
    found = assessed(facts)
    return AssessmentView(found, Words(language)).reach(found.modules[0])


def test_a_module_that_the_change_adds_is_new() -> None:
    """The graph of the base counts nobody: that is no fact about it."""
    assert said() == "new module"
    assert said(language=Language.CHINESE) == "新增模块"


def test_importers_that_the_change_makes_are_named() -> None:
    """By the module, by a name of it, or by its package; what goes, what is another, and the module itself do not count."""
    imports = (
        an_import("vllm.v1.engine.core", "vllm.v1.engine.pools", "Pool"),
        an_import("vllm.v1.engine.async_llm", "vllm.v1.engine", "pools"),
        an_import("vllm.v1.engine.utils", "vllm.v1.engine.pools", change="removed"),
        an_import("vllm.v1.engine.other", "vllm.v1.engine.pools_more", "Pool"),
        an_import("vllm.v1.engine.pools", "vllm.v1.engine", "pools"),
    )
    assert said(*imports) == "new module, imported by vllm.v1.engine.async_llm, vllm.v1.engine.core"
    assert said(*imports, language=Language.CHINESE) == (
        "新增模块、由 vllm.v1.engine.async_llm、vllm.v1.engine.core 导入"
    )
