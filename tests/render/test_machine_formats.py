"""The formats that programs read: JSON, JSON lines, SARIF, rdjson, workflow commands, concise lines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import msgspec
import pytest

from diffscope.assessment.document import Assessment, Risk, RiskLevel
from diffscope.messages.model import Language, Text
from diffscope.render.formats.table import render
from diffscope.render.style import Style
from diffscope.rules.model import Severity
from tests.assessments import a_flag, an_assessment, an_empty_assessment, evidence, hostile

ENGLISH = Style()
SCHEMAS = Path(__file__).resolve().parents[2] / "fixtures" / "schemas"
SARIF = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8"))
NASTY = "a%b:c,d\r\n::error::x\x1b[0m\u202e](http://h) `#1` <b> ü"
ANYTHING = [
    pytest.param(an_assessment(), id="everything in every corner"),
    pytest.param(an_empty_assessment(), id="nothing flagged"),
    pytest.param(hostile(NASTY), id="hostile text everywhere"),
    pytest.param(an_assessment(flags=(a_flag(evidence=()),)), id="a flag without a place"),
]


def many_flags(severity: Severity, count: int) -> tuple[object, ...]:
    return tuple(
        a_flag(f"CP{number:03}", severity=severity, fingerprint=f"{number:03}") for number in range(count)
    )


@pytest.mark.parametrize("assessment", ANYTHING)
@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_round_trips(form: str, assessment: Assessment) -> None:
    """The document decodes to the same assessment, hostile text included, and holds no raw control character."""
    text = render([assessment], ENGLISH, form=form)
    assert msgspec.json.decode(text, type=Assessment) == assessment
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_json_starts_with_its_schema_and_keeps_the_order_of_the_fields() -> None:
    """A reader that streams meets the version first."""
    document = json.loads(render([an_assessment()], ENGLISH, form="json"))
    assert next(iter(document.items())) == ("schema", "diffscope.assessment/2")
    assert list(document) == [field.name for field in msgspec.structs.fields(Assessment)]


def test_json_lines_are_one_a_change() -> None:
    """Three changes, three lines, whatever line breaks a title holds."""
    text = render([an_assessment(), an_empty_assessment(), hostile("a\u2028b\nc")], ENGLISH, form="jsonl")
    assert len(text.splitlines()) == 3


@pytest.mark.parametrize("assessment", ANYTHING)
@pytest.mark.parametrize("language", Language)
def test_sarif_meets_the_schema(assessment: Assessment, language: Language) -> None:
    """Any assessment is SARIF 2.1.0 by the schema of OASIS, formats checked."""
    log = json.loads(render([assessment], Style(language=language), form="sarif"))
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(log)


@pytest.mark.parametrize("assessment", ANYTHING)
def test_sarif_gives_every_place_a_region(assessment: Assessment) -> None:
    """GitHub refuses a location without a first line (GH1003 of its own rules)."""
    for result in json.loads(render([assessment], ENGLISH, form="sarif"))["runs"][0]["results"]:
        places = [*result["locations"], *result.get("relatedLocations", ())]
        assert all(place["physicalLocation"]["region"]["startLine"] >= 1 for place in places)


def test_sarif_results() -> None:
    """Worst first; the first place is the location, the others are related; an old line is told in words; waivers suppress."""
    run = json.loads(render([an_assessment()], ENGLISH, form="sarif"))["runs"][0]
    shown = [
        (
            result["ruleId"],
            result["level"],
            result["locations"][0]["physicalLocation"].get("region"),
            "suppressions" in result,
        )
        for result in run["results"]
    ]
    assert shown == [
        ("CP102", "error", {"startLine": 41}, False),
        ("CF501", "warning", {"startLine": 17}, False),
        ("TC205", "note", {"startLine": 41}, True),
    ]
    related = run["results"][1]["relatedLocations"]
    assert [(place["physicalLocation"], place["message"]["text"]) for place in related] == [
        (
            {
                "artifactLocation": {"uri": "vllm/envs.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 1},
            },
            "`VLLM_USE_EMBER` lost its default (old side 203)",
        )
    ]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["CF501", "CP102", "TC205"]
    assert all(
        run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        for result in run["results"]
    )
    assert run["results"][0]["partialFingerprints"] == {"diffscope/v1": "cp102f00d"}
    assert run["automationDetails"] == {"id": "diffscope/90210"}


def test_sarif_never_swallows_what_was_not_judged() -> None:
    """Unknown rules and gaps are notifications of the tool."""
    run = json.loads(render([an_assessment()], ENGLISH, form="sarif"))["runs"][0]
    texts = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert texts == [
        "CP109 could not be judged: missing change.logic_areas: not computed",
        "parse: line 12 does not parse",
    ]


def test_sarif_paths_are_relative_uris_that_name_the_path() -> None:
    """A hostile path is quoted, never an absolute URI, and reads back as the path."""
    run = json.loads(render([hostile("//evil/ü #?.py")], ENGLISH, form="sarif"))["runs"][0]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri) == "//evil/ü #?.py"
    assert not uri.startswith("//")


def test_sarif_keeps_what_github_shows() -> None:
    """GitHub keeps 5,000 results: the worst ones."""
    flags = (*many_flags(Severity.LOW, 5000), a_flag("ZZ999", severity=Severity.CRITICAL))
    run = json.loads(render([an_assessment(flags=flags, waived=())], ENGLISH, form="sarif"))["runs"][0]
    assert len(run["results"]) == 5000
    assert run["results"][0]["ruleId"] == "ZZ999"


def test_annotations() -> None:
    """One command a place; `line` only where it is a line of the new file; a notice at the end says the rest."""
    assert render([an_assessment()], ENGLISH, form="github").splitlines() == [
        (
            "::error file=vllm/v1/attention/backends/ember_attn.py,line=41,title=CP102 Attention backend changed"
            "::EmberBackend.forward changed in an attention backend%0ARun the attention tests on every platform."
        ),
        (
            "::warning file=vllm/config/attention.py,line=17,title=CF501 Default changed"
            "::`AttentionConfig.use_ember` goes from False to True%0ASay it in the release notes."
        ),
        (
            "::warning file=vllm/envs.py,title=CF501 Default changed"
            "::`VLLM_USE_EMBER` lost its default (old side 203)%0ASay it in the release notes."
        ),
        (
            "::notice title=diffscope::#90210 [ROCm][Bugfix] Send cross attention to a backend that has it: Risk high; "
            "1 rule could not be judged; parse: vllm/odd.py: line 12 does not parse; no area for NOTICE.odd"
        ),
    ]


def annotated(*, status: str, known: tuple[tuple[int, str], ...] = ()) -> str:
    """Return the first command for code that went from line 40 of a file."""
    given, path = an_assessment(), "vllm/pools.py"
    symbols = tuple(
        msgspec.structs.replace(given.symbols[0], path=path, line=line, aspects=(aspect,))
        for line, aspect in known
    )
    flag = a_flag(evidence=(evidence(path, 40, side="old"),))
    file = msgspec.structs.replace(given.files[0], path=path, status=status)
    text = render([an_assessment(flags=(flag,), files=(file,), symbols=symbols)], ENGLISH, form="github")
    return text.partition("::")[2].partition(",title")[0].partition(" title")[0]


def test_annotations_of_removed_code_stand_at_the_nearest_line_that_is_left() -> None:
    """GitHub shows new lines only: the nearest changed symbol, or else the file."""
    near = ((12, "body"), (44, "added"), (41, "removed"))
    assert annotated(status="modified", known=near) == "error file=vllm/pools.py,line=44"
    assert annotated(status="modified") == "error file=vllm/pools.py"


def test_annotations_of_deleted_files_name_them_in_the_text_alone() -> None:
    """An annotation on a file that is gone is shown nowhere."""
    assert annotated(status="deleted", known=((12, "removed"),)) == "error"
    flag = a_flag(evidence=(evidence("vllm/pools.py", 40, side="old"),))
    file = msgspec.structs.replace(an_assessment().files[0], path="vllm/pools.py", status="deleted")
    text = render([an_assessment(flags=(flag,), files=(file,))], ENGLISH, form="github")
    assert text.startswith("::error title=CP102 Attention backend changed::vllm/pools.py: ")


def test_annotations_keep_github_caps() -> None:
    """At most ten of each kind, every flag once before any flag twice, and the rest counted."""
    flags = (
        *many_flags(Severity.HIGH, 12),
        *many_flags(Severity.MEDIUM, 3),
        a_flag(
            "QN811", severity=Severity.MEDIUM, evidence=tuple(evidence(line=line) for line in range(1, 30))
        ),
        *many_flags(Severity.INFO, 15),
    )
    lines = render([an_assessment(flags=flags)], ENGLISH, form="github").splitlines()
    kinds = [line.split(" ", 1)[0] for line in lines]
    assert {kind: kinds.count(kind) for kind in kinds} == {"::error": 10, "::warning": 10, "::notice": 10}
    assert "and 30 more places" in lines[-1]
    assert all(f"title=CP{number:03}" in "".join(lines) for number in range(3))


def test_places_that_were_not_kept_are_counted() -> None:
    """A flag keeps ten places: what counts them tells of the others too."""
    flag = a_flag(evidence=tuple(evidence(line=line) for line in range(1, 11)), more_places=2)
    given = an_assessment(flags=(flag,), waived=())
    assert "and 2 more places" in render([given], ENGLISH, form="github").splitlines()[-1]
    concise = render([given], ENGLISH, form="concise").splitlines()
    assert (len(concise), concise[-1]) == (11, f"{evidence().path}:10: error: and 2 more places [CP102]")
    assert "and 2 more places" in render([given], ENGLISH, form="text")
    assert "and 4 more places" in render([given], ENGLISH, form="markdown")
    (result,) = json.loads(render([given], ENGLISH, form="sarif"))["runs"][0]["results"]
    assert result["properties"]["places"] == 12


def test_sarif_quotes_the_changed_line_and_says_why_the_rule_exists() -> None:
    """Where the patch is known, the region of a flag has its line; old lines and unchanged ones have none."""
    place = evidence("vllm/a.py", 7)
    style = Style(excerpts={"new:vllm/a.py:7": ("7 - x = 1", "7 + x = 2 + 3", "8 + y")})
    flag = a_flag(evidence=(place,), why=Text(en="It runs often.", zh="经常运行。"))
    run = json.loads(render([an_assessment(flags=(flag,), waived=())], style, form="sarif"))["runs"][0]
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 7, "snippet": {"text": "x = 2 + 3"}}
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["fullDescription"]["text"], rule["helpUri"]) == (
        "It runs often.",
        "urn:diffscope:rule:CP102",
    )


def test_a_change_that_could_not_be_judged_warns() -> None:
    """`unknown` is a warning of its own."""
    risk = Risk(level=RiskLevel.UNKNOWN, because=())
    assert render([an_empty_assessment(risk=risk)], ENGLISH, form="github").startswith(
        "::warning title=diffscope::"
    )


def test_annotations_obey_nobody() -> None:
    """Each line is one command of ours; foreign text ends neither a property nor a line."""
    text = render([hostile(NASTY)], ENGLISH, form="github")
    assert all(re.match(r"::(error|warning|notice) [^\r\n]*$", line) for line in text.splitlines())
    properties = [line.split("::", 2)[1] for line in text.splitlines()]
    assert all(re.fullmatch(r"\w+ (file=[^,:]+,)?(line=\d+,)?title=[^,:]+", each) for each in properties)


def test_concise_lines() -> None:
    """What the matcher of mypy, which vLLM's workflows install, picks up; an old line is named, not pointed at."""
    lines = render([an_assessment()], ENGLISH, form="concise").splitlines()
    assert lines == [
        "vllm/v1/attention/backends/ember_attn.py:41: error: EmberBackend.forward changed in an attention backend [CP102]",
        "vllm/config/attention.py:17: warning: `AttentionConfig.use_ember` goes from False to True [CF501]",
        "vllm/envs.py:1: warning: `VLLM_USE_EMBER` lost its default (old side 203) [CF501]",
    ]
    matcher = re.compile(r"^(.+):(\d+):\s(error|warning):\s(.+)$")
    assert all(matcher.match(line) for line in lines)


def test_concise_lines_of_a_range_name_their_change() -> None:
    """One file holds many changes; a line says which it is of."""
    lines = render(
        [an_assessment()], msgspec.structs.replace(ENGLISH, is_many=True), form="concise"
    ).splitlines()
    number = an_assessment().change.pull.number
    assert lines
    assert all(f": #{number} " in line for line in lines)


def test_concise_is_empty_for_a_clean_change() -> None:
    """Nothing found, nothing printed."""
    assert render([an_empty_assessment()], ENGLISH, form="concise") == ""


def test_concise_never_breaks_a_line() -> None:
    """A path with a line feed stays on its line."""
    assert len(render([hostile("a\nb")], ENGLISH, form="concise").splitlines()) == 2


def test_rdjson() -> None:
    """reviewdog's DiagnosticResult: source, severity in capitals, ranges only for new lines."""
    document = json.loads(render([an_assessment()], ENGLISH, form="rdjson"))
    assert document["source"] == {"name": "diffscope"}
    assert document["diagnostics"] == [
        {
            "message": "Attention backend changed: EmberBackend.forward changed in an attention backend",
            "location": {
                "path": "vllm/v1/attention/backends/ember_attn.py",
                "range": {"start": {"line": 41}},
            },
            "severity": "ERROR",
            "code": {"value": "CP102"},
        },
        {
            "message": "Default changed: `AttentionConfig.use_ember` goes from False to True",
            "location": {"path": "vllm/config/attention.py", "range": {"start": {"line": 17}}},
            "severity": "WARNING",
            "code": {"value": "CF501"},
        },
        {
            "message": "Default changed: `VLLM_USE_EMBER` lost its default",
            "location": {"path": "vllm/envs.py"},
            "severity": "WARNING",
            "code": {"value": "CF501"},
        },
    ]
