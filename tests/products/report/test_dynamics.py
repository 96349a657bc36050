"""Dynamics of saved events: what is inside the window, whose it is, who spoke."""

from __future__ import annotations

import pytest

from diffscope.adapters.events import read_events
from diffscope.errors import InputError
from diffscope.products.report.dynamics.activity import Quote, is_bot
from diffscope.products.report.dynamics.changes import areas_of, purposes, technical, topics
from diffscope.products.report.dynamics.dynamics import Dynamics, build_dynamics
from diffscope.products.report.dynamics.events import Comment, Events, Item
from tests.cli.harness import ROOT
from tests.taxonomies import bundled


def of(name: str) -> Dynamics:
    events = read_events(ROOT / "fixtures" / "events" / f"{name}.json")
    return build_dynamics(events, since=events.since, until=events.until, taxonomy=bundled())


def numbers(items: tuple[Item, ...]) -> list[int]:
    return [item.number for item in items]


def test_a_quiet_hour() -> None:
    """Counts by what happened inside the window; a pull request that was closed only is not new."""
    found = of("quiet_hour")
    assert numbers(found.new_issues) == [90387]
    assert numbers(found.new_pulls) == [90388, 90386, 90385]
    assert (found.closed_issues, found.merged_pulls, numbers(found.closed_pulls)) == ((), (), [90348])
    assert (found.amd, found.amd_checked, found.amd_with_files, found.amd_with_text) == ((), 5, 2, 1)


def test_the_published_hour() -> None:
    """What the report that is published of this hour says and facts can carry: no AMD, what the reporter ran on, nobody's talk."""
    found = of("published_hour")
    assert (found.amd, found.amd_checked, found.amd_with_files, found.amd_with_text) == ((), 5, 4, 5)
    assert [(one.number, one.words, one.is_absent) for one in found.amd_near] == [
        (30387, ("ROCm", "HIP"), True)
    ]
    told = {one.number: one for one in found.changes}
    assert [*told] == [30387, 30386, 30385, 30388]
    assert (told[30387].areas, told[30387].platforms) == (("kv-cache", "quantization", "attention"), ())
    assert told[30385].areas == ("model-runner", "models", "compilation")
    assert told[30387].environment is not None
    assert told[30387].environment.gpus == ("8 × NVIDIA H100 80GB HBM3",)
    assert (
        told[30385].doubt
        == "I am not sure about the change to `_model_forward`: it might break out-of-tree runners."
    )
    topics = {topic.name: topic.numbers for topic in found.topics}
    assert topics["attention"] == (30387, 30386)
    assert (topics["quantization"], topics["compilation"]) == ((30387,), (30385,))
    assert [(one.item.number, [each.kind for each in one.signals]) for one in found.watch] == [
        (30387, ["crash", "unanswered"]),
        (30385, ["doubt"]),
    ]
    assert (found.activity.members, found.activity.drafts) == (("Isotr0py", "markmc", "NickLucche"), (30386,))


def test_what_bots_and_people_say() -> None:
    """The first sentence of the first two people; of bots each its first, where nobody else spoke."""
    talks = {talk.item.number: talk for talk in of("published_hour").talks}
    assert talks[30388].quotes == (
        Quote(
            author="chatgpt-codex-connector[bot]",
            text="You have reached your Codex usage limits for code reviews.",
        ),
    )
    talks = {talk.item.number: talk for talk in of("busy_day").talks}
    assert talks[31020].quotes == (
        Quote(author="ben", text="How does this work with MLA?"),
        Quote(author="ann", text="The same tables serve it."),
    )
    assert (talks[31020].members, talks[31020].bot_names) == (("ben", "ann"), ("gemini-code-assist[bot]",))


def test_bug_reports_keep_their_place_on_a_busy_day() -> None:
    """Of eight that are told three are the gravest reports, however much was merged; what crashes or hangs leads."""
    changes = [one.number for one in of("busy_day").changes]
    assert (len(changes), {31010, 31002, 31001} <= set(changes)) == (8, True)
    assert [number for number in changes if number in (31010, 31002, 31001)] == [31010, 31002, 31001]


def test_bots_are_no_people() -> None:
    """By name, by `[bot]`, or as GitHub says; words before the window do not count."""
    talks = {talk.item.number: talk for talk in of("quiet_hour").talks}
    assert (talks[90388].people, talks[90388].bots) == (0, 2)
    assert (talks[90385].people, talks[90385].bots) == (0, 1)


def test_a_busy_hour() -> None:
    """The start is inside, the end is not; a merged pull request is not `closed without a merge`."""
    found = of("busy_hour")
    assert (numbers(found.new_pulls), numbers(found.merged_pulls), found.closed_pulls) == (
        [90410],
        [90409],
        (),
    )
    assert [(talk.item.number, talk.people, talk.speakers) for talk in found.talks] == [
        (90401, 3, ("ann", "ben"))
    ]
    assert [talk.item.number for talk in found.watch] == [90401]
    assert [(topic.name, topic.numbers) for topic in found.topics] == [
        ("attention", (90410, 90409)),
        ("kernels", (90410,)),
    ]


def test_amd_is_found_by_author_label_and_path() -> None:
    """Each reason is named."""
    (related,) = of("busy_hour").amd
    assert [(reason.where, reason.found, reason.files) for reason in related.because] == [
        ("author", "kay-amd", None),
        ("label", "rocm", None),
        ("file", "csrc/rocm/attention.cu", 2),
    ]


@pytest.mark.parametrize(
    ("title", "is_related"),
    [
        pytest.param("[ROCm] Fix a kernel", True, id="rocm in brackets"),
        pytest.param("Crash on MI300X", True, id="a card"),
        pytest.param("gfx950 support", True, id="an architecture"),
        pytest.param("Use hipBLASLt", True, id="a library"),
        pytest.param("Ship a chip on a ship", False, id="hip inside other words"),
        pytest.param("Amdahl's law", False, id="amd at the start of a name"),
        pytest.param("Fix illegal access on H100", False, id="somebody else's card"),
    ],
)
def test_words_of_amd(title: str, *, is_related: bool) -> None:
    """Words count, parts of words do not."""
    item = Item(number=1, title=title, author="ann", created_at="2025-01-01T00:30:00Z")
    events = Events(
        repository="vllm-project/vllm",
        since="2025-01-01T00:00:00Z",
        until="2025-01-01T01:00:00Z",
        issues=(item,),
    )
    assert (
        bool(build_dynamics(events, since=events.since, until=events.until, taxonomy=bundled()).amd)
        is is_related
    )


@pytest.mark.parametrize(
    ("title", "areas"),
    [
        pytest.param(
            "[Bug]: loading a model with an fp8 cache fails", ("quantization",), id="a word of speech"
        ),
        pytest.param("[Model] Add an fp8 model", ("models", "quantization"), id="a bracket"),
        pytest.param("[Bug]: support for a new model is slow", ("models",), id="a new model"),
    ],
)
def test_models_are_named_on_purpose(title: str, areas: tuple[str, ...]) -> None:
    """Nearly every report is about some model."""
    item = Item(number=1, title=title, author="a", created_at="2025-01-01T00:30:00Z")
    assert areas_of(item, bundled()) == areas


@pytest.mark.parametrize(
    ("name", "told", "answer"),
    [("dependabot[bot]", None, True), ("Mergify", None, True), ("robotics-fan", None, False), ("ann", True, True), ("mergify", False, False)],
)  # fmt: skip
def test_is_bot(name: str, *, told: bool | None, answer: bool) -> None:
    """What GitHub says wins over the name."""
    assert is_bot(name, told=told) is answer


@pytest.mark.parametrize("time", ["yesterday", "2025-12-10T11:00:00", ""])
def test_a_time_without_an_offset_is_refused(time: str) -> None:
    """A guess of the zone would move events between windows."""
    item = Item(
        number=1, title="x", author="a", created_at=time, comments=(Comment(author="b", created_at=time),)
    )
    events = Events(
        repository="vllm-project/vllm",
        since="2025-01-01T00:00:00Z",
        until="2025-01-02T00:00:00Z",
        issues=(item,),
    )
    with pytest.raises(InputError, match="not a time with an offset"):
        build_dynamics(events, since=events.since, until=events.until, taxonomy=bundled())


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param("## Purpose\n\nMove prefix masks to Triton. And more.", "Move prefix masks to Triton.", id="heading"),
        pytest.param("<!-- say why -->\n\nFix a crash of the fp8 cache", "Fix a crash of the fp8 cache", id="comment"),
        pytest.param("```sh\nvllm serve a b c d\n```\nServe it with a fix.", "Serve it with a fix.", id="code"),
        pytest.param("- [ ] one two three four\n- [x] five six seven eight", "", id="a list of boxes"),
        pytest.param("FIX #1234\n\nThe cache is read twice here.", "The cache is read twice here.", id="a fixed issue"),
        pytest.param("## Purpose\n## Test Plan\n## Test Result", "", id="an empty template"),
        pytest.param(None, "", id="no text"),
        pytest.param("word " * 100, ("word " * 48)[:239].rstrip() + "…", id="without an end"),
    ],
)  # fmt: skip
def test_what_its_author_says(body: str | None, sentence: str) -> None:
    """The first sentence of prose, never a heading, a box, code or a template's comment."""
    item = Item(number=1, title="x", author="a", created_at="2025-01-01T00:30:00Z", body=body)
    assert technical(item, is_pull=True, taxonomy=bundled()).said == sentence


def test_a_change_by_its_paths() -> None:
    """Tests and documentation follow; other items that the text names are told, its own number and HTML are not."""
    files = ("tests/v1/core/test_scheduler.py", "vllm/v1/core/sched/scheduler.py", "docs/a.md")
    body = "Follows #30072 and vllm#3, not &#8217;"
    item = Item(
        number=7, title="[Core] x", author="a", created_at="2025-01-01T00:30:00Z", files=files, body=body
    )
    found = technical(item, is_pull=True, taxonomy=bundled())
    assert (found.sources, found.tests, found.areas[0], found.mentions) == (1, 1, "scheduler", (30072,))
    assert found.paths == ("vllm/v1/core/sched/scheduler.py", "docs/a.md", "tests/v1/core/test_scheduler.py")
    assert found.state == "open"


def test_topics_are_areas_then_words_of_two() -> None:
    """A word is left out where an area stands for the same items; states of work are no topics."""
    made = [
        Item(
            number=at,
            title=f"[Perf][Attention] {at}",
            author="a",
            created_at="2025-01-01T00:30:00Z",
            labels=("ready",),
        )
        for at in (1, 2)
    ]
    lone = Item(number=3, title="[Perf] x", author="a", created_at="2025-01-01T00:30:00Z")
    told = [technical(item, is_pull=True, taxonomy=bundled()) for item in (*made, lone)]
    assert [(topic.name, topic.numbers, topic.is_area) for topic in topics(told)] == [
        ("perf", (3, 2, 1), False),
        ("attention", (2, 1), True),
    ]


@pytest.mark.parametrize(
    ("title", "body", "purpose"),
    [
        pytest.param("[Core] Whisper support torch.compile", "", "performance", id="a word of the title"),
        pytest.param("[v1] Add a lamp", "The old one is slow in the cellar.", "performance", id="the author's first sentence"),
        pytest.param("[Bug]: crash with fp8 weights", "", "low-precision", id="that it is a bug does not say of what"),
        pytest.param("Read fp8 weights faster", "", "low-precision", id="what is narrower comes first"),
        pytest.param("[CI] Split the slow step", "", "upkeep", id="CI that is slow is CI"),
        pytest.param("[Docs] Describe performance", "", "documentation", id="documents are documents"),
        pytest.param("Tidy the lamp", "", None, id="nothing is said"),
    ],
)  # fmt: skip
def test_what_an_item_is_for(title: str, body: str, purpose: str | None) -> None:
    item = Item(number=1, title=title, author="a", created_at="2025-01-01T00:30:00Z", body=body)
    found = purposes([technical(item, is_pull=True, taxonomy=bundled())])
    assert [topic.name for topic in found] == ([purpose] if purpose else [])
