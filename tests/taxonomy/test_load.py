"""The taxonomy files: read strictly, every mistake at once, each with its line and the nearest word."""

from __future__ import annotations

import pytest

from diffscope.errors import RuleError
from diffscope.taxonomy.model import Taxonomy, read_tables
from tests.taxonomies import bundled, bundled_texts, texts_with

AREA = 'title: {en: "A", zh: "甲"}'


def mistakes(**files: str) -> str:
    """Return what the loader says of the bundled files with some written otherwise."""
    with pytest.raises(RuleError) as caught:
        read_tables(texts_with(**files))
    return f"{caught.value} ({caught.value.hint})"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param({"platforms": "platforms: {rocm: {titel: 1}}"}, "platforms.yml:1:20: unknown key 'titel' in the platform 'rocm' (did you mean 'title'?)", id="an unknown key is met with the nearest one"),
        pytest.param({"platforms": "platform: {}"}, "platforms.yml:1:1: the file lacks 'platforms' (add 'platforms:')", id="a missing section is named"),
        pytest.param({"platforms": 'platforms:\n  rocm:\n    title: {en: "R"}'}, "platforms.yml:3:12: 'title' of the platform 'rocm' lacks 'zh' (add 'zh:')", id="a title needs both languages"),
        pytest.param({"areas": f'areas:\n  a:\n    {AREA}\n    own: ["/root"]\n'}, "areas.yml:4:11: the glob '/root' is wrong", id="a glob that does not compile is refused with its line"),
        pytest.param({"areas": f'areas:\n  a:\n    {AREA}\n    words: ["***"]\n'}, "areas.yml:4:13: '***' is not a phrase (write words, with '*' at the end or before a single one)", id="a phrase without a word is refused"),
        pytest.param({"areas": f'areas:\n  a:\n    {AREA}\n    words: ["a*b"]\n'}, "'a*b' is not a phrase", id="a star inside a phrase is refused"),
        pytest.param({"areas": f'areas:\n  a:\n    {AREA}\n    words: "attn"\n'}, "areas.yml:4:12: 'words' of the area 'a' must be a list, not the text 'attn'", id="a text where a list belongs is refused"),
        pytest.param({"areas": f"areas:\n  a:\n    {AREA}\n    words: [1]\n"}, "areas.yml:4:13: an entry of 'words' of the area 'a' must be text, not the number '1'", id="a number where text belongs is refused"),
        pytest.param({"areas": "areas: [a]"}, "areas.yml:1:8: 'areas' must be a mapping, not a list", id="a list where a mapping belongs is refused"),
        pytest.param({"categories": 'categories: {sauce: ["a/**"]}\nlanguages: {}\nchange_types: {}'}, "categories.yml:1:14: unknown category 'sauce' (did you mean 'source'?)", id="an unknown category is met with the nearest one"),
        pytest.param({"tags": "tags: {x: {areas: [attentoin]}}"}, "tags.yml:1:20: unknown area 'attentoin' in an entry of 'areas' of the tag 'x' (did you mean 'attention'?)", id="a tag that names an unknown area is refused"),
        pytest.param({"tags": "tags: {x: {kinds: [bugfx]}}"}, "unknown kind 'bugfx' in an entry of 'kinds' of the tag 'x' (did you mean 'bugfix'?)", id="a tag that names an unknown kind is refused"),
        pytest.param({"tags": "tags: {x: {shapes: [move]}}"}, "unknown word 'move' in an entry of 'shapes' of the tag 'x' (did you mean 'moves'?)", id="a tag that names an unknown shape is refused"),
        pytest.param({"tags": 'tags: {x: {share: "much"}}'}, "tags.yml:1:19: 'share' of the tag 'x' must be a number, not the text 'much'", id="text where a number belongs is refused"),
        pytest.param({"areas": "areas: {a: {}}\nareas: {}"}, "duplicate key 'areas'", id="what strict YAML refuses is reported too"),
        pytest.param({"areas": "areas: {a: "}, "areas.yml:2:1: not valid YAML: ", id="a file that is no YAML is reported, not raised through"),
        pytest.param({"areas": ""}, "the file must be a mapping", id="an empty file is refused"),
    ],
)  # fmt: skip
def test_mistake(files: dict[str, str], said: str) -> None:
    assert said in mistakes(**files)


def test_every_mistake_of_every_file_is_told_at_once() -> None:
    """An author who mends one mistake at a time needs as many runs as mistakes."""
    message = mistakes(
        areas="areas: {a: {wrods: []}}",
        platforms="platforms: {b: {wrods: []}}",
        surfaces="surfaces: {c: {wrods: []}}",
    )
    lines = [line for line in message.splitlines() if "unknown key 'wrods'" in line]
    wrong = {line.partition(":")[0] for line in lines}
    assert wrong == {"areas.yml", "platforms.yml", "surfaces.yml"}


def test_missing_number_of_a_score_is_named() -> None:
    """A score with a number too few would silently count nothing for it."""
    text = bundled_texts()["scores.yml"].replace("  merged: ", "  # merged: ", 1)
    assert "'importance' lacks 'merged'" in mistakes(scores=text)


def test_missing_kind_of_the_scores_is_named() -> None:
    """Every kind has a start."""
    lines = [line for line in bundled_texts()["scores.yml"].splitlines() if not line.startswith("  bugfix:")]
    assert "'kinds' lacks 'bugfix'" in mistakes(scores="\n".join(lines))


def test_missing_file_is_named() -> None:
    texts = {name: text for name, text in bundled_texts().items() if name != "tags.yml"}
    with pytest.raises(RuleError, match=r"missing from the taxonomy: tags\.yml"):
        read_tables(texts)


def test_bundled_files_load_to_the_same_tables_each_time() -> None:
    assert read_tables(bundled_texts()) == bundled().tables


AREA_NAMES = """attention quantization moe eplb linear mamba kernels scheduler kv-cache kv-offload kv-transfer engine executor worker model-runner
sampler spec-decode structured-output lora compilation cuda-graph models model-loading multimodal renderer tokenizer frontend pooling tool-calling
reasoning config distributed platform plugins metrics profiling benchmarks rust dependencies build ci docs examples tests core-utils"""


def test_area_names_are_the_promised_ones() -> None:
    """Feeds rely on these names: others may be added, none of these may go."""
    assert set(bundled().areas) >= set(AREA_NAMES.split())


def test_kinds_are_the_promised_ones() -> None:
    kinds = {rule.name for rule in bundled().tables.kinds.kinds}
    assert kinds == {
        "bugfix",
        "feature",
        "refactor",
        "performance",
        "model",
        "test",
        "ci",
        "build",
        "docs",
        "revert",
    }


def test_change_types_are_the_promised_ones() -> None:
    assert bundled().change_types == (
        "core-logic", "data-contract", "dependency-wiring", "entrypoint", "configuration", "test-coverage", "rename-or-move", "deletion",
        "documentation", "infrastructure", "cosmetic",
    )  # fmt: skip


def test_digest_changes_with_any_table() -> None:
    """An assessment names the rules that made it by this."""
    scores = bundled_texts()["scores.yml"].replace("size: 0.44", "size: 0.45", 1)
    assert Taxonomy(read_tables(texts_with(scores=scores))).digest != bundled().digest
    assert Taxonomy(read_tables(bundled_texts())).digest == bundled().digest
