"""Comments, labels and check runs on a GitHub on loopback: posted twice, at the same time, by hand edited, forbidden."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from diffscope.adapters.github.access import Access
from diffscope.adapters.github.client import Client
from diffscope.adapters.github.posting import CheckAnnotation, CheckReport, Posted, Poster
from diffscope.errors import RemoteError
from tests.adapters.github_hosts import NUMBER, TOKEN
from tests.github_answers import comment as an_answer
from tests.github_server import NAME, Account, Fault, HostedPull, Reply, Site, refusal, serve
from tests.github_site import ROOT

MARKERS = ("<!-- mark -->", "<!-- end -->")
BODY = "<!-- mark -->\nhigh risk\n<!-- end -->"
WORKFLOW = "workflow-token"
READER = "read-only-token"
BOT = "github-actions[bot]"


@pytest.fixture
def site() -> Iterator[Site]:
    accounts = {
        TOKEN: Account("ada"),
        WORKFLOW: Account(BOT, is_installation=True),
        READER: Account(BOT, can_write=False, is_installation=True),
    }
    pull = HostedPull(NUMBER, "b" * 40, "a" * 40, labels=["v1"])
    with serve(Site(pulls={NUMBER: pull}, accounts=accounts)) as open_site:
        yield open_site


def poster(site: Site, token: str | None = WORKFLOW, *, dry_run: bool = False) -> Poster:
    return Poster(Client(Access(api_url=site.url, token=token), sleep=lambda _: None), NAME, dry_run=dry_run)


def post(
    site: Site,
    body: str = BODY,
    *,
    token: str | None = WORKFLOW,
    may_create: bool = True,
    dry_run: bool = False,
) -> Posted:
    return poster(site, token, dry_run=dry_run).post_comment(
        NUMBER, body, markers=MARKERS, may_create=may_create
    )


def bodies(site: Site) -> list[str]:
    return [one["body"] for one in site.comments.values()]


def writes(site: Site) -> list[str]:
    return [
        f"{one.method} {one.status}"
        for one in site.log
        if one.method != "GET" and not one.path.endswith("graphql")
    ]


def test_a_second_post_of_the_same_text_writes_nothing(site: Site) -> None:
    assert post(site) == Posted(what="comment", done="created")
    site.log.clear()
    assert post(site) == Posted(what="comment", done="unchanged")
    assert (bodies(site), writes(site)) == ([BODY], [])


def test_a_new_text_goes_into_the_same_comment(site: Site) -> None:
    post(site)
    assert post(site, f"{BODY} more") == Posted(what="comment", done="updated")
    assert bodies(site) == [f"{BODY} more"]


def test_after_an_edit_by_hand_there_is_still_one_comment(site: Site) -> None:
    post(site)
    (one,) = site.comments.values()
    one["body"] = "I changed this.\r\n<!-- end -->"
    assert post(site).done == "updated"
    assert bodies(site) == [BODY]


def test_after_somebody_deleted_it_a_new_one_is_made(site: Site) -> None:
    post(site)
    site.comments.clear()
    assert post(site).done == "created"


def test_a_forged_marker_is_left_alone(site: Site) -> None:
    issue = f"{ROOT}/repos/{NAME}/issues/{NUMBER}"
    site.comments[1] = an_answer(1, "mallory", BODY, issue=issue, root=ROOT)
    post(site)
    assert [(one["user"]["login"], one["body"]) for one in site.comments.values()] == [
        ("mallory", BODY),
        (BOT, BODY),
    ]


def test_nothing_to_say_makes_no_comment(site: Site) -> None:
    assert post(site, may_create=False).done == "none made: too little is flagged"
    assert (bodies(site), writes(site)) == ([], [])


def test_nothing_to_say_any_more_updates_the_one_that_stands(site: Site) -> None:
    post(site)
    post(site, "<!-- mark -->\nall clear", may_create=False)
    assert bodies(site) == ["<!-- mark -->\nall clear"]


@pytest.mark.parametrize("runs", [2, 5])
def test_runs_at_the_same_time_leave_one_comment(runs: int, site: Site) -> None:
    """Every run has looked and found nothing before the first one writes: the worst that can happen."""
    barrier = threading.Barrier(runs)

    def meet(method: str, path: str, _: Mapping[str, str]) -> Reply | None:
        if method == "POST" and path.endswith("/comments"):
            barrier.wait(timeout=20)
        return None

    site.overrides.append(meet)
    with ThreadPoolExecutor(runs) as pool:
        done = list(pool.map(lambda number: post(site, f"{BODY} {number}"), range(runs)))
    assert len(site.comments) == 1
    assert min(site.comments) == 101
    assert all(one.done.startswith("created") for one in done)


def test_a_comment_that_another_run_deletes_meanwhile_is_made_again(site: Site) -> None:
    post(site)

    def vanish(method: str, _: str, __: Mapping[str, str]) -> Reply | None:
        if method == "PATCH":
            site.comments.clear()
        return None

    site.overrides.append(vanish)
    assert post(site, f"{BODY} again").done == "created"
    assert bodies(site) == [f"{BODY} again"]


def test_the_comment_is_found_on_a_later_page(site: Site) -> None:
    issue = f"{ROOT}/repos/{NAME}/issues/{NUMBER}"
    for number in range(1, 251):
        site.comments[number] = an_answer(number, "ada", "talk", issue=issue, root=ROOT)
    post(site)
    assert post(site).done == "unchanged"
    assert len(site.comments) == 251


@pytest.mark.parametrize(
    ("token", "status"),
    [
        pytest.param(READER, 403, id="a fork's token may not write"),
        pytest.param(None, 401, id="there is no token"),
    ],
)
def test_without_permission_it_says_so_and_goes_on(token: str | None, status: int, site: Site) -> None:
    done = post(site, token=token)
    assert (done.refused, bodies(site)) == (True, [])
    assert str(status) in done.done
    labels = poster(site, token).post_labels(NUMBER, ["diffscope:high"], prefix="diffscope:", mapped=[])
    check = poster(site, token).post_check(a_check(1))
    assert (labels.refused, check.refused) == (True, True)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        pytest.param(TOKEN, "ada", id="a person's token"),
        pytest.param(WORKFLOW, BOT, id="a workflow's token asks by GraphQL"),
        pytest.param(None, BOT, id="nobody's: as a workflow would"),
    ],
)
def test_login(token: str | None, expected: str, site: Site) -> None:
    assert poster(site, token).login() == expected


def test_a_login_that_nobody_tells_is_the_workflows(site: Site) -> None:
    site.graphql = False
    assert poster(site).login() == BOT


def test_a_server_error_is_an_error(site: Site) -> None:
    site.faults.append(Fault("POST .*comments", 500, times=9))
    with pytest.raises(RemoteError, match="GitHub failed"):
        post(site)


def test_a_dry_run_reads_and_writes_nothing(site: Site) -> None:
    dry = poster(site, dry_run=True)
    assert post(site, dry_run=True).done == "would be created"
    assert (
        dry.post_labels(NUMBER, ["diffscope:high"], prefix="diffscope:", mapped=[]).done
        == "would be added diffscope:high"
    )
    assert dry.post_check(a_check(3)).done == "would be neutral, 3 annotations"
    assert (bodies(site), writes(site), site.pulls[NUMBER].labels) == ([], [], ["v1"])


def test_labels_follow_the_level_and_leave_others_alone(site: Site) -> None:
    one = poster(site)
    assert (
        one.post_labels(NUMBER, ["diffscope:high"], prefix="diffscope:", mapped=[]).done
        == "added diffscope:high"
    )
    assert (
        one.post_labels(NUMBER, ["diffscope:low"], prefix="diffscope:", mapped=[]).done
        == "added diffscope:low; taken off diffscope:high"
    )
    site.log.clear()
    assert one.post_labels(NUMBER, ["diffscope:low"], prefix="diffscope:", mapped=[]).done == "unchanged"
    assert (site.pulls[NUMBER].labels, writes(site)) == (["diffscope:low", "v1"], [])


def test_a_label_with_odd_characters_comes_off(site: Site) -> None:
    site.pulls[NUMBER].labels = ["diffscope: a/b #1?", "v1"]
    poster(site).post_labels(NUMBER, [], prefix="diffscope:", mapped=[])
    assert site.pulls[NUMBER].labels == ["v1"]


def test_a_label_that_somebody_takes_off_meanwhile_is_no_error(site: Site) -> None:
    site.pulls[NUMBER].labels = ["diffscope:low"]
    site.faults.append(Fault("DELETE", 404, refusal("Label does not exist")))
    assert not poster(site).post_labels(NUMBER, [], prefix="diffscope:", mapped=[]).refused


def a_check(count: int) -> CheckReport:
    annotations = tuple(
        CheckAnnotation(
            path=f"vllm/{n}.py",
            start_line=n + 1,
            end_line=n + 1,
            annotation_level="warning",
            title="t" * 300,
            message="m",
        )
        for n in range(count)
    )
    return CheckReport(
        name="diffscope",
        head="a" * 40,
        conclusion="neutral",
        title="high",
        summary="why",
        annotations=annotations,
    )


def test_a_check_run_has_all_annotations_in_parts_of_fifty(site: Site) -> None:
    assert poster(site).post_check(a_check(120)).done == "neutral, 120 annotations"
    (run,) = site.check_runs.values()
    assert [one["path"] for one in run["annotations"]] == [f"vllm/{n}.py" for n in range(120)]
    assert run["given"]["status"] == "completed"
    assert len(run["annotations"][0]["title"]) == 255


def test_the_same_check_run_is_posted_once_and_a_new_head_gets_its_own(site: Site) -> None:
    poster(site).post_check(a_check(2))
    assert poster(site).post_check(a_check(2)).done == "unchanged"
    assert poster(site).post_check(a_check(3)).done == "neutral, 3 annotations"
    assert len(site.check_runs) == 2
