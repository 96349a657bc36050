"""The vocabulary is read off the value types: nothing is declared twice, nothing is left out."""

from __future__ import annotations

import re

import msgspec
import pytest

from diffscope.facts import model as values
from diffscope.facts.vocabulary import fact_type, families, field_called, records, shared_fields

FAMILIES = families()
FIELDS = [(family.name, field) for family in FAMILIES.values() for field in family.fields]


def subclasses(kind: type) -> set[type]:
    direct = {each for each in kind.__subclasses__() if each is not values.Located}
    return direct | {grand for each in direct for grand in subclasses(each)}


def test_every_fact_type_is_a_family() -> None:
    """A fact that collectors make and rules cannot ask would be dead."""
    types = subclasses(values.Fact) | subclasses(values.Located)
    assert {fact_type(name) for name in FAMILIES} == types


@pytest.mark.parametrize("name", FAMILIES)
def test_family_has_every_field_of_its_type(name: str) -> None:
    """Oracle: msgspec's own list of fields, in its order."""
    assert [field.name for field in FAMILIES[name].fields] == [
        field for field in fact_type(name).__struct_fields__ if field != "kind_reasons"
    ]
    assert FAMILIES[name].sentence


def test_a_field_alone_is_that_of_its_family() -> None:
    """Asked by itself it is read without the others; a name that no rule may ask gives none."""
    assert [field_called(name, field.name) for name, field in FIELDS] == [field for _, field in FIELDS]
    assert {field_called(name, word) for name in FAMILIES for word in ("nothing", "kind_reasons")} == {None}


def test_every_field_has_a_sentence_and_a_type() -> None:
    """What rule authors read is whole."""
    for family, field in FIELDS:
        assert re.search(r"[.:]", field.sentence), (family, field)
        assert field.sentence.strip() == field.sentence
        assert field.type in ("text", "number", "truth", "texts")


def test_closed_words_stand_in_the_sentence() -> None:
    """What the loader refuses is what the page says. Of a field beside another of the same words it names that."""
    assert any(field.choices for _, field in FIELDS)
    assert all(
        word in field.sentence
        for _, field in FIELDS
        for word in field.choices
        if field.name != "changed_side"
    )


def test_a_sentence_that_lists_words_declares_them() -> None:
    """The page must not promise a closed set that the loader does not keep."""
    listed = re.compile(r"^`?[a-z-]+`?(?: \([^)]*\))?(?:,? (?:or )?`?[a-z-]+`?(?: \([^)]*\))?)*\.$")
    lists = [
        (family, field)
        for family, field in FIELDS
        if " or " in field.sentence and listed.match(field.sentence)
    ]
    assert lists
    assert [(family, field.name) for family, field in lists if not field.choices] == []


CLOSED = {
    "change.kind": ("bugfix", "feature", "refactor", "performance", "model", "test", "ci", "build", "docs", "revert"),
    "symbol.side": ("new", "old"),
    "guard.change": ("added", "removed", "moved", "body"),
    "override.what": ("override", "sibling", "caller", "orphan", "named"),
    "symbol.vouched": ("changed", "existing", "none"),
    "option.consequence": ("info", "low", "medium", "high", "critical"),
}  # fmt: skip
OPEN = ["change.title_tags", "file.language", "guard.names", "call.role", "symbol.surfaces", "symbol.area"]


@pytest.mark.parametrize("name", CLOSED)
def test_a_type_or_the_words_of_a_sentence_close_the_set(name: str) -> None:
    family, _, field = name.partition(".")
    declared = FAMILIES[family].field(field)
    assert declared is not None
    assert declared.choices == CLOSED[name]


@pytest.mark.parametrize("name", OPEN)
def test_a_sentence_with_examples_leaves_it_open(name: str) -> None:
    family, _, field = name.partition(".")
    declared = FAMILIES[family].field(field)
    assert declared is not None
    assert declared.choices == ()


def test_null_and_unknown_are_read_off_the_types() -> None:
    """``distance`` may be both, ``kind`` neither."""
    module = FAMILIES["module"]
    shown = {field.name: (field.type, field.may_be_null, field.may_be_unknown) for field in module.fields}
    assert shown["distance"] == ("number", True, True)
    assert shown["fan_in"] == ("number", False, True)
    assert shown["entry"] == ("text", True, True)
    assert shown["is_new"] == ("truth", False, False)
    assert shown["platforms"] == ("texts", False, False)


def test_shared_fields_are_those_of_a_place() -> None:
    """Every family but the change has them."""
    assert [field.name for field in shared_fields()] == list(values.Located.__struct_fields__)


def test_records_of_each_family() -> None:
    """A family's records come by its word; the change is its own only record."""
    change = values.ChangeFact(
        title="", kind="docs", files=0, additions=0, deletions=0, source_files=0, code_added=0, code_removed=0,
        test_files=0, test_code_added=0, logic_symbols=0,
    )  # fmt: skip
    pull = msgspec.convert({"repository": "r", "source": "patch", "title": ""}, values.PullRequest)
    imported = values.ImportFact(path="a.py", change="added", target="b")
    found = values.ChangeFacts(pull=pull, change=change, imports=(imported,))
    assert records(found, "change") == (change,)
    assert records(found, "import") == (imported,)
    assert all(records(found, name) == () for name in FAMILIES if name not in ("change", "import"))
