"""The event of a workflow, as GitHub writes it and as nobody should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from diffscope.adapters.events import CiEvent, Trigger, read_event
from diffscope.errors import InputError, UsageError
from tests.adapters.github_events import BASE, HEAD, NAME, ZERO, merge_group, pull_request, push, workflow_run
from tests.adapters.github_models import models


def read(name: str, payload: object, folder: Path) -> CiEvent:
    path = folder / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload), encoding="utf-8")
    return read_event({"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)})


def test_a_pull_request(tmp_path: Path) -> None:
    event = read(
        "pull_request", pull_request(title="[Core] A title", body=None, labels=["v1", "ready"]), tmp_path
    )
    assert event == CiEvent(
        trigger=Trigger.PULL_REQUEST,
        repository=NAME,
        base=BASE,
        head=HEAD,
        number=7,
        title="[Core] A title",
        body="",
        author_login="ada",
        labels=("ready", "v1"),
        url=f"https://github.example/{NAME}/pull/7",
        head_repository="ada/vllm",
    )
    assert event.head_repository == "ada/vllm"


def test_a_pull_request_within_the_repository_is_no_fork(tmp_path: Path) -> None:
    event = read("pull_request", pull_request(head_repository=NAME), tmp_path)
    assert event.head_repository == event.repository


def test_a_pull_request_of_a_deleted_fork_and_account_is_one(tmp_path: Path) -> None:
    payload = pull_request()
    payload["pull_request"]["head"]["repo"] = payload["pull_request"]["user"] = None
    event = read("pull_request", payload, tmp_path)
    assert (event.head_repository, event.author_login) == ("?/?", None)


def test_a_merge_group_names_its_pull_request(tmp_path: Path) -> None:
    event = read("merge_group", merge_group(message="[Core] A title (#7)\n\nmore"), tmp_path)
    assert (event.base, event.head, event.number, event.title) == (BASE, HEAD, 7, "[Core] A title (#7)")


def test_a_push_of_a_squash_commit_names_its_pull_request(tmp_path: Path) -> None:
    event = read("push", push(message="[Core] A title (#7)\n\nmore"), tmp_path)
    assert (event.base, event.head, event.number, event.title) == (BASE, HEAD, 7, "[Core] A title")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(ZERO, HEAD, (None, HEAD), id="a new branch has no before"),
        pytest.param(BASE, ZERO, (BASE, None), id="a deleted branch has no after"),
    ],
)
def test_a_push_that_makes_or_deletes_a_branch(
    before: str, after: str, expected: tuple[str | None, str | None], tmp_path: Path
) -> None:
    event = read("push", push(before=before, after=after), tmp_path)
    assert (event.base, event.head) == expected


def test_a_workflow_run_names_what_started_it(tmp_path: Path) -> None:
    event = read("workflow_run", workflow_run(), tmp_path)
    assert (event.head, event.source_event, event.head_repository, event.number) == (
        HEAD,
        "pull_request",
        "ada/vllm",
        None,
    )


def without(payload: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name != key}


def with_head(sha: object) -> dict[str, Any]:
    payload = pull_request()
    payload["pull_request"]["head"]["sha"] = sha
    return payload


DAMAGED = [
    pytest.param("pull_request", "{", "not as documented", id="cut off"),
    pytest.param("pull_request", "[]", "not as documented", id="a list"),
    pytest.param("pull_request", without(pull_request(), "pull_request"), "has no data on a pull_request", id="another event's file"),
    pytest.param("pull_request", without(pull_request(), "repository"), "not as documented", id="no repository"),
    pytest.param("push", without(push(), "after"), "has no data on a push", id="a push without its commit"),
    pytest.param("pull_request", with_head(7), "not as documented", id="a number for a commit"),
    pytest.param("pull_request", with_head("--upload-pack=id"), "not a commit id", id="an option for a commit"),
    pytest.param("pull_request", with_head("main"), "not a commit id", id="a branch for a commit"),
    pytest.param("pull_request", with_head(f"{HEAD}\n"), "not a commit id", id="a commit with a line feed"),
    pytest.param("push", {**push(), "repository": {"full_name": "a/b\nx=1"}}, "names no repository", id="a name with a line feed"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "payload", "message"), DAMAGED)
def test_a_damaged_event_is_refused(name: str, payload: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(name, payload, tmp_path)
    assert caught.value.at == str(tmp_path / "event.json")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_event({"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path / "none")})


def test_outside_a_workflow_the_hint_is_what_to_run() -> None:
    with pytest.raises(UsageError) as caught:
        read_event({})
    assert caught.value.hint == "elsewhere use: diffscope classify, or diffscope ci --pull NUMBER"


def test_another_event_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to judge on the event 'schedule'"):
        read("schedule", {}, tmp_path)


def test_our_events_have_the_fields_that_github_describes() -> None:
    """Every key of our payloads stands in the models that others made from GitHub's description of webhooks."""
    for kind, payload in (
        (models().WebhookPullRequestSynchronize, pull_request()),
        (models().WebhookMergeGroupChecksRequested, merge_group()),
        (models().WebhookPush, push()),
        (models().WebhookWorkflowRunCompleted, workflow_run()),
    ):
        assert payload.keys() <= kind.model_fields.keys(), kind.__name__
        for key in payload.keys() & {
            "pull_request",
            "merge_group",
            "workflow_run",
            "repository",
            "head_commit",
        }:
            inner = kind.model_fields[key].annotation
            fields = getattr(inner, "model_fields", None) or next(
                (
                    part.model_fields
                    for part in getattr(inner, "__args__", ())
                    if hasattr(part, "model_fields")
                ),
                {},
            )
            assert payload[key].keys() <= {*fields, *(field.alias for field in fields.values())}, (
                kind.__name__,
                key,
            )
