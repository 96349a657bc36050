"""schema, cache, init, settings."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from diffscope.adapters.config.settings import Settings, parse_settings
from diffscope.cli.generate.schema import DOCUMENTS, schema_text
from diffscope.cli.init import TEXT
from diffscope.errors import ConfigurationError
from diffscope.render.formats.table import render
from diffscope.render.style import Style
from tests.assessments import an_assessment, an_empty_assessment, hostile
from tests.cli.conftest import MakeProject
from tests.cli.harness import Outcome


@pytest.mark.parametrize("document", DOCUMENTS)
def test_schema_is_a_schema(document: str, project: MakeProject) -> None:
    """Each document has one, by an implementation that is not ours."""
    outcome = project().run("schema", document)
    assert (outcome.exit_code, outcome.err) == (0, "")
    jsonschema.Draft202012Validator.check_schema(json.loads(outcome.out))


def test_schema_is_of_the_assessment_unless_told_otherwise(project: MakeProject) -> None:
    """The document that most readers read is the default."""
    assert project().run("schema").out == schema_text("assessment")


@pytest.mark.parametrize(
    "make",
    [an_assessment, an_empty_assessment, lambda: hostile("\x1b\u202e")],
    ids=["full", "empty", "hostile"],
)
def test_assessments_meet_their_schema(make: object) -> None:
    """What is printed as JSON validates, every required key there and every enum word known."""
    assert callable(make)
    document = json.loads(render([make()], Style(), form="json"))
    jsonschema.Draft202012Validator(json.loads(schema_text("assessment"))).validate(document)


def test_an_unknown_document_names_the_known_ones(project: MakeProject) -> None:
    known = ", ".join(repr(name) for name in DOCUMENTS)
    message = f"Invalid value for '[{'|'.join(DOCUMENTS)}]': 'rule' is not one of {known}."
    assert project().run("schema", "rule") == Outcome(
        2, "", f"error: {message}\nhint: diffscope schema --help\n"
    )


def test_cache_tells_where_it_is_and_clears(project: MakeProject) -> None:
    """An empty cache has a place and a size; clearing twice is no error."""
    here = project()
    info = here.run("cache", "info")
    assert info.exit_code == 0
    assert info.out.splitlines()[0].startswith(str(here.cache))
    assert here.run("cache", "clear").exit_code == 0
    assert here.run("cache", "clear") == Outcome(0, "0.0 MB freed\n", "")


def test_cache_speaks_json(project: MakeProject) -> None:
    """For monitoring: the same facts as a document."""
    document = json.loads(project().run("cache", "info", "--format", "json").out)
    assert document["assessments"]["path"].endswith("assessments-1.sqlite3")
    assert document["assessments"]["limit"] == 4 << 30
    assert set(document) == {"path", "bytes", "limit", "spaces", "notes", "assessments"}


def test_init_writes_what_the_reader_reads(project: MakeProject) -> None:
    """The first diffscope.yml parses, and states the defaults."""
    here = project()
    assert here.run("init") == Outcome(0, "", "wrote diffscope.yml; next: diffscope rules list\n")
    written = (here.folder / "diffscope.yml").read_text(encoding="utf-8")
    assert written == TEXT
    settings = parse_settings(written)
    assert (settings.lang, settings.format, settings.fail_on) == ("en", "text", "none")


def test_init_never_overwrites_unasked(project: MakeProject) -> None:
    """A second run is refused, --force is not."""
    here = project({"diffscope.yml": "lang: zh\n"})
    refused = Outcome(2, "", "error: diffscope.yml: it exists already\nhint: diffscope init --force\n")
    assert here.run("init") == refused
    assert (here.folder / "diffscope.yml").read_text(encoding="utf-8") == "lang: zh\n"
    assert here.run("init", "--force").exit_code == 0


def test_init_into_a_folder_that_is_not_there(project: MakeProject) -> None:
    told = "error: nowhere/diffscope.yml: cannot write the settings: No such file or directory\n"
    expected = f"{told}hint: make the folder first, or name another file\n"
    assert project().run("init", "nowhere") == Outcome(2, "", expected)


def test_settings_are_found_above_up_to_the_top_of_the_repository(project: MakeProject) -> None:
    """A folder of the repository has its settings; a repository below does not inherit them."""
    here = project({"diffscope.yml": "lang: fr\n", "a/b/x": "", "other/.git/x": "", "other/c/x": ""})
    message = "error: {path}:1:7: unknown word 'fr' in 'lang'\nhint: known: en, zh\n"
    assert here.run("schema").err == message.format(path=here.folder / "diffscope.yml")
    deeper = type(here)(here.folder.parent, {})
    deeper.folder = here.folder / "a" / "b"
    assert deeper.run("schema").exit_code == 2
    deeper.folder = here.folder / "other" / "c"
    assert deeper.run("schema").exit_code == 0


def test_settings_by_name(project: MakeProject) -> None:
    """--config and DIFFSCOPE_CONFIG name a file; one that is not there is an error."""
    here = project({"team.yml": "fail-on: high\n"})
    assert here.run("--config", "team.yml", "schema").exit_code == 0
    missing = (
        "error: no.yml: cannot be read: No such file or directory\nhint: name another file: --config FILE\n"
    )
    assert here.run("--config", "no.yml", "schema") == Outcome(2, "", missing)
    assert here.run("schema", environ={"DIFFSCOPE_CONFIG": "no.yml"}) == Outcome(2, "", missing)


WRONG = [
    pytest.param("lang: de\nfoo: 1\nfail-on: always\n", ["lang", "foo", "fail-on"], id="every mistake at once"),
    pytest.param("- a\n", ["a mapping"], id="not a mapping"),
    pytest.param("lang: en\nlang: zh\n", ["lang"], id="a key twice"),
    pytest.param("rules: {ignor: [CP101]}\n", ["ignor", "did you mean 'ignore'?"], id="a misspelt key of the rules"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "named"), WRONG)
def test_settings_that_are_wrong(text: str, named: list[str]) -> None:
    """Each mistake is named, with its line."""
    with pytest.raises(ConfigurationError) as caught:
        parse_settings(text)
    said = f"{caught.value} {caught.value.hint}"
    assert all(word in said for word in named), said
    assert "diffscope.yml" in said


def test_no_settings_are_settings() -> None:
    """An empty file leaves every default."""
    assert parse_settings("\n") == Settings()


def test_settings_must_be_text(tmp_path: Path, project: MakeProject) -> None:
    """A file that is not UTF-8 says so."""
    here = project({"diffscope.yml": b"lang: \xff\n"})
    expected = f"error: {here.folder / 'diffscope.yml'}: the file is not UTF-8\nhint: save it as UTF-8\n"
    assert here.run("schema") == Outcome(2, "", expected)
