"""Recorded changes: what goes in comes out, nothing that could be source goes in, a foreign file is refused."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET

from diffscope.adapters.changes.files import (
    LONGEST_CODE,
    RecordedSource,
    bundled_records,
    encode_record,
    write_record,
)
from diffscope.errors import InputError, NotFoundError, UsageError
from diffscope.facts.model import (
    CallFact,
    ChangeFact,
    ChangeFacts,
    CiFacts,
    CiPipeline,
    GraphFacts,
    ModuleFact,
    Nearest,
    StepRun,
    StepSet,
    SymbolFact,
)
from diffscope.messages.model import message
from diffscope.project.answers import Reason
from diffscope.source.model import Gap, PullRequest, RepoPath, SourceKind

CHANGE = ChangeFact(
    title="Mend it",
    kind="bugfix",
    files=1,
    additions=2,
    deletions=1,
    source_files=1,
    code_added=2,
    code_removed=1,
    test_files=0,
    test_code_added=0,
    logic_symbols=1,
)
FACTS = ChangeFacts(
    pull=PullRequest(
        repository="vllm-project/vllm",
        source=SourceKind.CLONE,
        title="Mend it",
        number=7,
        body="diffscope: waive CP101 because",
    ),
    change=CHANGE,
    module=(
        ModuleFact(path="vllm/a.py", module="vllm.a", distance=None, fan_in=3),
        ModuleFact(path="vllm/b.py", module="vllm.b", distance=UNSET, chain=None),
    ),
    symbol=(
        SymbolFact(
            path="vllm/a.py", line=3, symbol="f", kind="function", aspects=("body",), logic=True, public=True
        ),
    ),
    call=(
        CallFact(
            path="vllm/a.py",
            line=4,
            change="added",
            callee="g",
            role="other",
            arguments="x, " * 100,
            guards=("y " * 100,),
        ),
    ),
    nearest_tests=(Nearest(path="tests/test_a.py", score=1.5, reasons=("imports it",)),),
    ci=CiFacts(
        pipelines=(CiPipeline(name="vllm_ci", runs=1, steps=2),),
        steps=(
            StepRun(
                pipeline="vllm_ci",
                reason=Reason.DEPENDENCY,
                entry="vllm/",
                path=RepoPath("vllm/a.py"),
                on=(StepSet(queue="mi300_1", mirror="amd", parallelism=2, steps=("basic",)),),
            ),
        ),
        minutes=30,
    ),
    graph=GraphFacts(commit="1" * 40, digest="d", modules=2, exact=True),
    gaps=(Gap(what="parse", message=message("gap.graph-file-unparsed", line=3)),),
)


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    """Unknown stays unknown, nothing stays nothing; only the source says that it is a record."""
    write_record(tmp_path, FACTS)
    found = RecordedSource(tmp_path).facts(7)
    assert found.pull == msgspec.structs.replace(FACTS.pull, source=SourceKind.RECORDED, body=None)
    assert (found.change, found.module, found.symbol) == (FACTS.change, FACTS.module, FACTS.symbol)
    assert (found.nearest_tests, found.graph, found.gaps) == (FACTS.nearest_tests, FACTS.graph, FACTS.gaps)
    assert found.labels is UNSET
    assert found.ci == FACTS.ci


def test_a_record_holds_no_source_and_no_body() -> None:
    """Long expressions are cut, the body is dropped."""
    record = json.loads(encode_record(FACTS))
    facts = record["facts"]
    assert "body" not in facts["pull"]
    (call,) = facts["call"]
    assert len(call["arguments"]) == len(call["guards"][0]) == LONGEST_CODE


def test_a_record_reads_well() -> None:
    """A fact is a line, so that a change of one fact is a change of one line."""
    lines = encode_record(FACTS).decode().splitlines()
    assert '{"path":"vllm/a.py","module":"vllm.a","distance":null,"fan_in":3},' in lines
    assert '{"path":"vllm/b.py","module":"vllm.b","chain":null}' in lines
    assert (
        '{"pipeline":"vllm_ci","reason":"dependency","entry":"vllm/","path":"vllm/a.py",'
        '"on":[{"queue":"mi300_1","mirror":"amd","parallelism":2,"steps":["basic"]}]}'
    ) in lines


def test_recording_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    """A record of a record is that record, but for its source."""
    file = write_record(tmp_path, FACTS)
    first = file.read_bytes()
    write_record(tmp_path, RecordedSource(tmp_path).facts(7))
    assert file.read_bytes() == first.replace(b'"source":"clone"', b'"source":"recorded"')


def test_numbers_are_those_of_the_files(tmp_path: Path) -> None:
    write_record(tmp_path, FACTS)
    (tmp_path / "README.md").write_text("", encoding="utf-8")
    (tmp_path / "notes.json").write_text("", encoding="utf-8")
    assert RecordedSource(tmp_path).numbers() == (7,)


def test_a_change_that_is_not_on_record(tmp_path: Path) -> None:
    write_record(tmp_path, FACTS)
    with pytest.raises(NotFoundError, match="pull request 8 has no recorded facts") as caught:
        RecordedSource(tmp_path).facts(8)
    assert caught.value.hint == "recorded are 7, ..."


WRONG = [
    pytest.param(b"", "not a record: ", id="an empty file"),
    pytest.param(b'{"schema":"diffscope.facts/3"}', "not a record: ", id="a record without facts"),
    pytest.param(encode_record(FACTS)[:-30], "not a record: ", id="a record that was cut off"),
    pytest.param(
        encode_record(FACTS).replace(b"diffscope.facts/3", b"diffscope.facts/9"),
        "schema 'diffscope.facts/9' is not",
        id="a record of another version",
    ),
]


@pytest.mark.parametrize(("data", "message"), WRONG)
def test_files_that_are_no_records(data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "7.json").write_bytes(data)
    with pytest.raises(InputError, match=message) as caught:
        RecordedSource(tmp_path).facts(7)
    assert caught.value.at == str(tmp_path / "7.json")
    assert caught.value.hint


def test_a_change_without_a_number_has_no_file(tmp_path: Path) -> None:
    bare = msgspec.structs.replace(FACTS, pull=msgspec.structs.replace(FACTS.pull, number=None))
    with pytest.raises(InputError, match="without a number"):
        write_record(tmp_path, bare)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot write a record"):
        write_record(tmp_path / "file", FACTS)


@pytest.mark.parametrize("number", RecordedSource().numbers())
def test_every_record_that_ships_can_be_read(number: int) -> None:
    """Each decodes, is of the pull request of its name, and holds no body."""
    facts = RecordedSource().facts(number)
    assert facts.pull.number == number
    assert facts.pull.body is None


def test_records_stay_small() -> None:
    """The whole collection ships in the wheel."""
    assert sum(file.stat().st_size for file in bundled_records().glob("*.json")) < 2_000_000
