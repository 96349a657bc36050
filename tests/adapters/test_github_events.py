"""What happened on GitHub, read from a loopback GitHub: how many calls, whose words, and what becomes of refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from diffscope.adapters.cache.cache import open_cache
from diffscope.adapters.github.access import Access
from diffscope.adapters.github.client import Client, RetryPolicy
from diffscope.adapters.github.events import read_github_events
from diffscope.adapters.github.trees import GitHubStore
from diffscope.errors import RemoteError
from diffscope.products.report.dynamics.events import Comment, Events, Review
from diffscope.source.window import Window
from tests.cli.harness import Outcome, Project
from tests.github_server import Account, Fault, HostedItem, Site, refusal, serve

TOKEN = "t0ken"
HOUR = Window(start=1765364460, end=1765368060)
"""2025-12-10T11:01:00Z to 12:01:00Z."""
ITEMS = (
    HostedItem(
        number=387,
        title="[Bug]: illegal memory access with fp8",
        created_at="2025-12-10T11:43:00Z",
        author="reporter",
        labels=("bug",),
        body="Eight H100.",
        comments=(("ann", "2025-12-10T11:50:00Z"), ("ann", "2025-12-10T12:01:00Z")),
    ),
    HostedItem(
        number=386,
        title="[v1] Prefix masks in the Triton backend",
        created_at="2025-12-10T11:01:00Z",
        author="builder",
        is_pull=True,
        labels=("v1", "ready"),
        files=("vllm/v1/attention/backends/triton_attn.py",),
        comments=(("mergify[bot]", "2025-12-10T11:02:00Z"),),
        reviews=(("ben", "2025-12-10T11:30:00Z"),),
        reviewed=(("ben", "APPROVED", "2025-12-10T11:31:00Z"),),
    ),
    HostedItem(
        number=370,
        title="Merged in the hour",
        created_at="2025-12-09T00:00:00Z",
        is_pull=True,
        closed_at="2025-12-10T11:20:00Z",
        merged_at="2025-12-10T11:20:00Z",
        files=tuple(f"vllm/m{at:03}.py" for at in range(120)),
    ),
    HostedItem(
        number=300,
        title="An older talk",
        created_at="2025-11-01T00:00:00Z",
        author="dependabot[bot]",
        comments=(("ben", "2025-12-10T11:05:00Z"), ("cy", "2025-12-10T11:06:00Z")),
    ),
    HostedItem(number=388, title="At the end, outside", created_at="2025-12-10T12:01:00Z"),
    HostedItem(
        number=299, title="Closed later", created_at="2025-11-01T00:00:00Z", closed_at="2025-12-11T00:00:00Z"
    ),
)


@pytest.fixture
def site() -> Iterator[Site]:
    with serve(Site(items={one.number: one for one in ITEMS}, accounts={TOKEN: Account("ada")})) as opened:
        yield opened


def client(site: Site, *, token: str | None = TOKEN, cache: Path | None = None) -> Client:
    store = None if cache is None else GitHubStore(open_cache(cache))
    access = Access(api_url=site.url, token=token)
    return Client(access, store=store, patience=RetryPolicy(tries=0), sleep=lambda _: None)


def read(site: Site, **wanted: object) -> Events:
    return read_github_events(client(site, **wanted), HOUR)  # type: ignore[arg-type]


def without_reviews(events: Events) -> Events:
    pulls = tuple(msgspec.structs.replace(item, reviews=None) for item in events.pulls)
    return msgspec.structs.replace(events, pulls=pulls)


def test_an_hour_is_seven_calls(site: Site) -> None:
    """Four searches, two lists of comments, one GraphQL query for paths and for what was only talked about."""
    events = read(site)
    assert len(site.log) == 7
    assert [item.number for item in events.issues] == [387, 300]
    assert [item.number for item in events.pulls] == [386, 370]
    known = {item.number: item for item in (*events.issues, *events.pulls)}
    assert known[386].files == ("vllm/v1/attention/backends/triton_attn.py",)
    assert (known[370].merged_at, known[387].body) == ("2025-12-10T11:20:00Z", "Eight H100.")
    assert (known[386].labels, known[300].author) == (("ready", "v1"), "dependabot[bot]")
    assert (events.since, events.until) == ("2025-12-10T11:01:00Z", "2025-12-10T12:01:00Z")


def test_comments_of_the_window_only_and_who_is_a_bot(site: Site) -> None:
    """The start is inside, the end is not; comments on lines count; GitHub says who is a program."""
    known = {item.number: item.comments for item in (*read(site).issues, *read(site).pulls)}
    assert known[387] == (
        Comment(
            author="ann", created_at="2025-12-10T11:50:00Z", is_bot=False, association="NONE", text="words"
        ),
    )
    assert [(each.author, each.is_bot) for each in known[386]] == [("mergify[bot]", True), ("ben", False)]
    assert [each.author for each in known[300]] == ["ben", "cy"]


def test_what_github_calls_authors_and_how_reviews_ended(site: Site) -> None:
    """Reviews come with the paths; one that is not sent yet is none."""
    known = {item.number: item for item in (*read(site).issues, *read(site).pulls)}
    assert known[386].reviews == (
        Review(author="ben", state="APPROVED", created_at="2025-12-10T11:31:00Z", is_bot=False),
    )
    assert (known[386].is_draft, known[387].is_draft, known[370].reviews) == (False, None, ())
    assert {known[number].association for number in (386, 387, 300)} == {"CONTRIBUTOR"}


def test_a_long_list_of_paths_is_cut_and_says_so(site: Site) -> None:
    """A hundred are enough to know what a change is about."""
    events = read(site)
    (cut,) = [item for item in events.pulls if item.number == 370]
    assert len(cut.files or ()) == 100
    assert [(gap.what, gap.reason) for gap in events.gaps] == [
        ("files", "only the first 100 paths of #370 were read")
    ]


def test_a_second_reading_costs_nothing_of_the_limit(site: Site, tmp_path: Path) -> None:
    """Every GET is answered by 304; what is told is the same."""
    first = read(site, cache=tmp_path)
    site.log.clear()
    again = client(site, cache=tmp_path)
    assert read_github_events(again, HOUR) == first
    assert again.unchanged == 6
    assert [one.status for one in site.log if one.method == "GET"] == [304] * 6


def test_without_a_token_items_are_asked_for_one_by_one(site: Site) -> None:
    """GraphQL asks for a token; the same is told but for the reviews, which are not known then."""
    assert read(site, token=None) == without_reviews(read(site))


def test_without_a_token_only_the_first_twenty_are(site: Site) -> None:
    """Sixty requests an hour is all there is; what was not asked for is a gap, not an empty list of files."""
    for number in range(400, 430):
        site.items[number] = HostedItem(
            number=number, title="t", created_at="2025-12-10T11:30:00Z", is_pull=True, files=("a.py",)
        )
    events = read(site, token=None)
    assert sum(item.files is None for item in events.pulls) == 12
    assert "the changed paths of 12 pull requests are not known; with GITHUB_TOKEN" in events.gaps[0].reason
    assert len([one for one in site.log if "/files" in one.path]) == 20


def test_a_span_with_more_than_a_search_shows_is_halved(site: Site) -> None:
    """GitHub shows a thousand of any number; nothing is lost or doubled."""
    for number in range(2000, 3100):
        minute, second = divmod(number - 2000, 60)
        site.items[number] = HostedItem(
            number=number, title="t", created_at=f"2025-12-10T11:{minute + 5:02}:{second:02}Z"
        )
    assert len(read(site).issues) == 1100 + 2


LIMITED = refusal("API rate limit exceeded for user")
RESET = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}


def test_a_limit_before_anything_is_an_error_with_a_hint(site: Site) -> None:
    """Nothing is known, so nothing is told."""
    site.faults.append(Fault("GET /search", 403, LIMITED, RESET, times=99))
    with pytest.raises(RemoteError, match="rate limit is used up") as caught:
        read(site)
    assert "wait" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("match", "what"),
    [
        pytest.param(
            r"GET /search.*is%3Apr\+closed|GET /search.*is%3Apr.closed", "closed-pulls", id="a search"
        ),
        pytest.param("GET .*/issues/comments", "comments", id="comments"),
        pytest.param("GET .*/pulls/comments", "comments", id="comments on lines"),
    ],
)
def test_a_limit_on_the_way_keeps_what_was_read(site: Site, match: str, what: str) -> None:
    """The rest is a gap with GitHub's reason."""
    site.faults.append(Fault(match, 403, LIMITED, RESET, times=99))
    events = read(site)
    assert [gap.what for gap in events.gaps if "rate limit" in gap.reason] == [what]
    assert [item.number for item in events.issues][:1] == [387]


def test_a_search_that_ran_out_of_time_says_so(site: Site) -> None:
    """GitHub then gives a part and says so in a flag."""
    site.is_search_cut = True
    assert {gap.what for gap in read(site).gaps} >= {
        "new-issues",
        "closed-issues",
        "new-pulls",
        "closed-pulls",
    }


def test_graphql_that_fails_leaves_rest(site: Site) -> None:
    """The same is told, with more calls; the reviews are not known."""
    whole = read(site)
    site.graphql = False
    assert read(site) == without_reviews(whole)


def run(site: Site, project: Project, *arguments: str) -> Outcome:
    environ = {"DIFFSCOPE_API_URL": site.url, "GITHUB_TOKEN": TOKEN}
    return project.run("report", "--layout", "dynamics", *arguments, environ=environ)


WINDOW = ("--since", "2025-12-10T11:01:00Z", "--until", "2025-12-10T12:01:00Z")
HEADINGS = [
    "# vLLM 开发动态报告 - 2025-12-10",
    "## vLLM 项目开发动态分析报告",
    "### 📊 每日开发状态摘要",
    "### 🎯 AMD/ROCm 生态相关动态",
    "### 💬 高热度讨论分析",
    "### 🔥 热门话题与趋势分析",
    "### 🛠️ 重点技术变更",
    "### 📈 开发活跃度观察",
    "### 💡 值得关注的问题",
    "## 📋 附录：详细数据列表",
    "### 新增 Issue",
    "### 已关闭 Issue",
    "### 新增 PR",
    "### 已合并 PR",
    "### 关闭但未合并的 PR",
]


def test_the_report_from_github_is_the_report_of_the_saved_events(site: Site, tmp_path: Path) -> None:
    """Byte for byte; section by section as the published one."""
    project = Project(tmp_path, {})
    told = run(site, project, *WINDOW, "--lang", "zh", "--save-events", "hour.json")
    assert told.exit_code == 0, told.err
    assert [line for line in told.out.splitlines() if line.startswith("#")] == HEADINGS
    assert "> 时间窗口: 2025-12-10 19:01 (UTC+8) ~ 2025-12-10 20:01 (UTC+8)" in told.out
    assert "> 数据统计: 新 Issue 1 | 关闭 Issue 0 | 新 PR 1 | 合并 PR 1 | 关闭未合并 PR 0" in told.out
    calls = len(site.log)
    replayed = run(site, project, "--events", "hour.json", "--lang", "zh")
    assert (replayed.out, len(site.log)) == (told.out, calls)


def test_what_is_missing_is_no_zero(site: Site, tmp_path: Path) -> None:
    """A list that GitHub refused is unknown in the counts, and the negative of the AMD section is not claimed."""
    site.faults.append(Fault("GET /search.*closed", 403, LIMITED, RESET, times=99))
    told = run(site, Project(tmp_path, {}), *WINDOW, "--lang", "zh")
    assert told.exit_code == 0
    assert "关闭 Issue 未知 | 新 PR 1 | 合并 PR 未知 | 关闭未合并 PR 未知" in told.out
    assert "**本周期无 AMD/ROCm 生态相关更新。**" not in told.out
    assert "列表未读全，不能断言没有" in told.out
    assert "- 合并与关闭的 PR：GitHub's rate limit is used up" in told.out
    assert "rate limit is used up" in told.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param((), "no window is given", id="no window"),
        pytest.param(("--since", "2025-12-10T11:01Z"), "--since with a time needs --until", id="a time alone"),
        pytest.param(("--since", "2025-12-10T11:01", "--until", "2025-12-11"), "not a time with an offset", id="no offset"),
        pytest.param(("--since", "2025-12-11", "--until", "2025-12-10"), "before it starts", id="backwards"),
        pytest.param(("--week", "2025-W50"), "has no week", id="a week"),
    ],
)  # fmt: skip
def test_windows_that_are_none(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """Told before GitHub is asked."""
    outcome = Project(tmp_path, {}).run("report", "--layout", "dynamics", *arguments)
    assert (outcome.exit_code, words in outcome.err) == (2, True), outcome.err


def test_no_network_is_two_lines(tmp_path: Path) -> None:
    """An error and a hint."""
    outcome = Project(tmp_path, {}).run("report", "--layout", "dynamics", "--since", "2025-12-10")
    assert outcome.exit_code == 2
    assert "GitHub could not be reached" in outcome.err
    assert "hint:" in outcome.err


def test_a_day_of_nothing(site: Site, tmp_path: Path) -> None:
    """Zeros, and every section says so."""
    told = run(site, Project(tmp_path, {}), "--since", "2024-01-01", "--format", "json")
    document = json.loads(told.out)
    assert (document["new_issues"], document["gaps"], document["amd_checked"]) == ([], [], 0)
    assert (document["since"], document["until"]) == ("2023-12-31T16:00:00Z", "2024-01-01T16:00:00Z")
