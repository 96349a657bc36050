"""The table of formats and the words of the interface."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diffscope.assessment.document import RiskLevel
from diffscope.cli.options import LANGUAGES, LEVELS
from diffscope.errors import UsageError
from diffscope.messages.model import Language
from diffscope.messages.say import texts
from diffscope.project.answers import AmdState
from diffscope.render.formats.table import RENDERERS, render
from diffscope.render.style import Style
from diffscope.render.words import Words
from diffscope.rules.model import Severity, family_title
from diffscope.source.model import SourceKind
from tests.assessments import an_assessment, an_empty_assessment

PACKAGE = Path(__file__).resolve().parents[2] / "diffscope"
RENDER, PRODUCTS = PACKAGE / "render", PACKAGE / "products"


@pytest.mark.parametrize("form", RENDERERS)
@pytest.mark.parametrize("language", Language)
def test_every_format_renders_every_assessment_and_ends_its_last_line(form: str, language: Language) -> None:
    for assessment in (an_assessment(), an_empty_assessment()):
        text = render([assessment], Style(language=language), form=form)
        assert text == "" or text.endswith("\n")


@pytest.mark.parametrize("form", [form for form, each in RENDERERS.items() if each.many])
def test_formats_of_many_hold_many(form: str) -> None:
    one = render([an_assessment()], Style(), form=form)
    assert render([an_assessment(), an_assessment()], Style(), form=form).count(one) == 2


@pytest.mark.parametrize("form", [form for form, each in RENDERERS.items() if not each.many])
def test_formats_of_one_refuse_many(form: str) -> None:
    with pytest.raises(UsageError, match=f"format {form} holds one change, and 2 were asked for") as caught:
        render([an_assessment(), an_assessment()], Style(), form=form)
    assert caught.value.hint == "use --format jsonl for many changes"


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown format 'yaml'") as caught:
        render([an_assessment()], Style(), form="yaml")
    assert caught.value.hint == f"one of {', '.join(RENDERERS)}"


def test_the_command_line_offers_what_there_is() -> None:
    """Languages and levels are written out so that --help imports little; they must not drift."""
    assert tuple(language.value for language in Language) == LANGUAGES
    assert tuple(word for word in ("none", *(s.value for s in Severity)) if word != "info") == LEVELS


def test_no_word_is_dead() -> None:
    """Every key is asked for somewhere in the formats; one that is asked for and missing raises KeyError at once."""
    files = [*RENDER.rglob("*.py"), *PRODUCTS.rglob("*.py"), *RENDER.glob("templates/*.j2")]
    sources = "\n".join(file.read_text(encoding="utf-8") for file in files)
    keys = [code.removeprefix("word.") for code in texts(Language.ENGLISH) if code.startswith("word.")]
    made = {f"source-{source.value}" for source in SourceKind}
    made |= {f"mirror-{state.value}" for state in AmdState}
    made |= {f"ci-{what}" for what in ("added", "removed", "starts", "stops")}
    made |= {f"near-{status}" for status in ("off", "preview", "deprecated")}
    made |= {level.value for level in (*RiskLevel, *Severity)}
    asked = set(re.findall(r"[\"']([a-z0-9-]+)[\"']", sources))
    assert [key for key in keys if key not in made | asked] == []


def test_a_family_of_somebody_else_goes_by_its_name() -> None:
    """A team's own rules may bring a family that we have no title for."""
    assert Words(Language.CHINESE).family("core-path") == family_title("core-path").zh
    assert Words(Language.CHINESE).family("house-rules") == "house-rules"
