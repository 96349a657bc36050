"""What deserves a look, and why."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.adapters.events import read_events
from diffscope.products.report.dynamics.changes import Reach, reach_of
from diffscope.products.report.dynamics.dynamics import Dynamics, build_dynamics
from diffscope.products.report.dynamics.events import Comment, EventGap, Events, Item, Review
from diffscope.products.report.dynamics.suspects import gravest
from tests.cli.harness import ROOT
from tests.graph_builders import graph as graph_of
from tests.taxonomies import bundled

SINCE, UNTIL, WHEN = "2025-12-16T00:00:00Z", "2025-12-17T00:00:00Z", "2025-12-16T08:00:00Z"


def dynamics(events: Events, **known: object) -> Dynamics:
    return build_dynamics(events, since=events.since, until=events.until, taxonomy=bundled(), **known)  # type: ignore[arg-type]


def item(number: int, title: str, **fields: object) -> Item:
    return Item(**({"number": number, "title": title, "author": "ann", "created_at": WHEN} | fields))  # type: ignore[arg-type]


def reasons(found: Dynamics) -> list[tuple[int, list[tuple[str, str, int | None]]]]:
    return [
        (one.item.number, [(each.kind, each.found, each.count) for each in one.signals])
        for one in found.watch
    ]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("[Bug]: illegal memory access with fp8", "crash"),
        ("[Bug]: EngineDeadError after a day", "crash"),
        ("Docker image crashes at start", "crash"),
        ("[Bug]: server hangs with PP", "hang"),
        ("[Bug]: CUDA out of memory", "memory"),
        ("[Bug]: OOMs since 0.12", "memory"),
        ("[Performance]: decode is slower", "regression"),
        ("[Bug]: wrong logprobs", "accuracy"),
        ("[Bug]: accuracy drop on GSM8K", "accuracy"),
        ("CVE-2025-1234 in a dependency", "security"),
        ("[Feature]: survive crashes of the client", None),
        ("[Usage]: is it stuck?", None),
        ("[Bug]: change of frozen configs, leaky ReLU, nanoseconds", None),
    ],
)
def test_grave_words_of_titles(title: str, kind: str | None) -> None:
    """Whole words, of reports only."""
    found = gravest(title)
    assert (found and found[1].kind) == kind


def test_a_busy_day() -> None:
    """The gravest first; each with what says so."""
    found = dynamics(read_events(ROOT / "fixtures" / "events" / "busy_day.json"))
    assert (found.amd_checked, found.amd_with_files) == (39, 27)
    assert reasons(found) == [
        (31010, [("security", "Security", None), ("label", "security", None)]),
        (29001, [("accuracy", "wrong logprobs", None), ("talk", "", 2), ("old", "", 107)]),
        (31001, [("hang", "hangs", None), ("talk", "", 3)]),
        (31002, [("accuracy", "garbage", None), ("unanswered", "", None)]),
        (31003, [("memory", "OOM", None), ("unanswered", "", None)]),
        (31008, [("regression", "slower", None), ("unanswered", "", None)]),
        (31028, [("doubt", "本次修改在解析请求时检查图像大小，可能影响自定义的加载器。", None)]),
        (31022, [("doubt", "This is a breaking change for callers of `SchedulerConfig`.", None)]),
    ]


def test_of_what_is_not_known_nothing_is_said() -> None:
    """Without comments nobody is called unanswered, without a graph nothing is called untested."""
    pull = item(2, "[Core] x", files=("vllm/config.py",))
    gaps = (EventGap(what="comments", reason="refused"),)
    events = Events(
        repository="vllm-project/vllm",
        since=SINCE,
        until=UNTIL,
        issues=(item(1, "[Bug]: x"),),
        pulls=(pull,),
        gaps=gaps,
    )
    assert reasons(dynamics(events)) == [(1, [("bug", "", None)])]


def test_closed_and_quiet_items_are_not_watched() -> None:
    """What was closed within the window, what neither is new nor was talked about, and talk after the end."""
    old = {"created_at": "2025-01-01T00:00:00Z"}
    late = (Comment(author="ben", created_at=UNTIL), Comment(author="cy", created_at=UNTIL))
    issues = (
        item(1, "[Bug]: crash", closed_at=WHEN),
        item(2, "[Bug]: crash", **old),
        item(3, "[Bug]: crash", comments=late, **old),
    )
    assert (
        dynamics(Events(repository="vllm-project/vllm", since=SINCE, until=UNTIL, issues=issues)).watch == ()
    )


def test_changes_without_a_test_where_much_depends_on_them() -> None:
    """By the graph: who imports the module, or whether a request passes it; with a test nothing is said."""
    files = {"vllm/config.py": "x = 1", "vllm/v1/engine/core.py": "import vllm.config", "vllm/rare.py": ""}
    files |= {f"vllm/m{at}.py": "def f():\n    import vllm.config" for at in range(60)}
    files["tests/test_config.py"] = "import vllm.config"
    graph = graph_of(files, serving=("vllm/v1/engine/core.py",))
    assert reach_of(["vllm/rare.py", "vllm/config.py", "tests/test_config.py", "docs/a.md"], graph) == Reach(
        path="vllm/config.py", importers=61, serving="", tests=1
    )
    assert reach_of(["vllm/new.py", "docs/a.md"], graph) is None
    pulls = (
        item(1, "a", files=("vllm/config.py",), merged_at=WHEN, closed_at=WHEN),
        item(2, "b", files=("vllm/config.py", "tests/test_config.py")),
        item(3, "c", files=("vllm/rare.py",)),
        item(4, "d", files=("vllm/v1/engine/core.py",)),
    )
    found = dynamics(
        Events(repository="vllm-project/vllm", since=SINCE, until=UNTIL, pulls=pulls),
        graph=graph,
        graph_commit="c" * 40,
    )
    assert found.graph_commit == "c" * 40
    assert [one.number for one in found.changes] == [4, 2, 1, 3]
    assert reasons(found) == [
        (1, [("untested", "vllm/config.py", 61)]),
        (4, [("untested-serving", "vllm/v1/engine/core.py", None)]),
    ]


def test_activity_is_what_github_says() -> None:
    """First-timers, members, drafts and the last decision of each reviewer; bots review nothing, later reviews do not count."""

    def review(author: str, state: str, hour: int) -> Review:
        return Review(author=author, state=state, created_at=f"2025-12-16T{hour:02}:00:00Z")

    pulls = (
        item(
            1,
            "a",
            association="FIRST_TIME_CONTRIBUTOR",
            reviews=(review("ben", "CHANGES_REQUESTED", 9), review("ben", "APPROVED", 10)),
        ),
        item(
            2,
            "b",
            author="ben",
            association="MEMBER",
            is_draft=True,
            reviews=(
                review("cy", "APPROVED", 9),
                review("dora", "CHANGES_REQUESTED", 9),
                review("dora", "COMMENTED", 10),
            ),
        ),
        item(3, "c", author="cy", reviews=(review("gemini-code-assist[bot]", "COMMENTED", 9),)),
        item(4, "d", author="cy"),
        item(
            5,
            "e",
            author="dependabot[bot]",
            reviews=(
                review("ann", "COMMENTED", 9),
                msgspec.structs.replace(review("ann", "APPROVED", 9), created_at=UNTIL),
            ),
        ),
    )
    found = dynamics(
        Events(
            repository="vllm-project/vllm",
            since=SINCE,
            until=UNTIL,
            pulls=pulls,
            issues=(item(9, "q", author="cy"),),
        )
    )
    told = found.activity
    assert [(one.name, one.issues, one.pulls) for one in told.contributors] == [
        ("cy", 1, 2),
        ("ann", 0, 1),
        ("ben", 0, 1),
    ]
    assert (told.newcomers, told.members, told.strangers) == (("ann",), ("ben",), 1)
    assert (told.approved, told.disputed, told.commented, told.unreviewed) == ((1,), (2,), (5,), (3,))
    assert (told.drafts, told.reviews_unknown) == ((2,), 1)
    assert [one.number for one in found.unanswered] == [9, 4, 3]
