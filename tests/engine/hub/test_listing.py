"""Listing and searching against the stand-in, and every way the hub says no."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from fixtures.standin_hub import Clock, StandIn

from weighin.engine.hub import errors
from weighin.engine.hub.client import RetryPolicy
from weighin.engine.hub.download import download_model
from weighin.engine.hub.listing import access_problem, check_access, list_repo, search
from weighin.engine.models.references import RepoFileRef, RepoQuantRef, RepoRef
from weighin.engine.models.resolve import choose

REPO = "owner/some-GGUF"


@pytest.fixture
def repo(standin: StandIn, make_hub: Callable[..., Any], make_content: Callable[..., bytes]) -> Any:
    names = [
        "some-Q8_0.gguf",
        "some-Q4_K_M.gguf",
        "sub/some-F16-00001-of-00002.gguf",
        "sub/some-F16-00002-of-00002.gguf",
    ]
    files = {name: make_content(1000 + n, n) for n, name in enumerate(names)}
    files |= {"mmproj-some-F16.gguf": b"GGUFx", "README.md": b"# card", "half-Q2_K-00001-of-00002.gguf": b"GGUFh"}
    standin.add(REPO, files)
    return list_repo(make_hub(), REPO)


def test_models_parts_sizes_hashes(repo: Any, standin: StandIn) -> None:
    assert repo.sha == "1234567890abcdef1234567890abcdef12345678"
    assert (repo.license, repo.gated) == ("apache-2.0", "no")
    assert repo.base_models == ("base/model",)
    assert [(m.name, m.quant, len(m.parts)) for m in repo.models] == [
        ("some-Q8_0.gguf", "Q8_0", 1),
        ("some-Q4_K_M.gguf", "Q4_K_M", 1),
        ("sub/some-F16-00001-of-00002.gguf", "F16", 2),
    ]
    assert repo.models[2].size_bytes == 1002 + 1003
    assert all(len(part.sha256) == 64 for model in repo.models for part in model.parts)
    assert repo.incomplete == ("half-Q2_K",)


def test_a_reference_chooses_one_model_of_a_repo(repo: Any) -> None:
    assert choose(repo, RepoRef(REPO)).quant == "Q4_K_M"
    assert choose(repo, RepoQuantRef(REPO, "F16")).name.startswith("sub/")
    assert choose(repo, RepoFileRef(REPO, "some-Q8_0.gguf")).quant == "Q8_0"
    assert choose(repo, RepoFileRef(REPO, "some-F16-00002-of-00002.gguf")).quant == "F16"
    with pytest.raises(errors.HubNotFoundError, match="Q8_0, Q4_K_M, F16"):
        choose(repo, RepoQuantRef(REPO, "IQ1_S"))
    with pytest.raises(errors.HubNotFoundError, match="mmproj"):
        choose(repo, RepoFileRef(REPO, "mmproj-some-F16.gguf"))


def test_two_models_of_one_quant_must_be_named(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add(REPO, {"a-Q4_0.gguf": b"GGUFa", "b-Q4_0.gguf": b"GGUFb"})
    listed = list_repo(make_hub(), REPO)
    with pytest.raises(errors.HubNotFoundError, match=r"owner/some-GGUF:a-Q4_0\.gguf"):
        choose(listed, RepoQuantRef(REPO, "Q4_0"))


def test_a_repo_without_models(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add(REPO, {"README.md": b"x"})
    with pytest.raises(errors.HubNotFoundError, match="no GGUF"):
        choose(list_repo(make_hub(), REPO), RepoRef(REPO))


@pytest.mark.parametrize("sizes", ["in the tree", "in headers"])
def test_a_mirror_that_lists_no_sizes_is_asked_in_other_ways(
    standin: StandIn, make_hub: Callable[..., Any], make_content: Callable[..., bytes], sizes: Any
) -> None:
    files = {"README.md": b"# card", "a-Q4_0.gguf": make_content(1000), "sub/b-Q8_0.gguf": make_content(3000, 2)}
    standin.add(REPO, files, sizes=sizes)
    hub = make_hub()
    listed = list_repo(hub, REPO)
    assert [(model.name, model.size_bytes) for model in listed.models] == [
        ("a-Q4_0.gguf", 1000),
        ("sub/b-Q8_0.gguf", 3000),
    ]
    for model in listed.models:
        assert download_model(hub, listed, model).read_bytes() == files[model.name]


def test_unsafe_names_are_left_out(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add(REPO, {"../../evil-Q4_0.gguf": b"GGUF", "/abs-Q4_0.gguf": b"GGUF", "ok-Q4_0.gguf": b"GGUF"})
    assert [m.name for m in list_repo(make_hub(), REPO).models] == ["ok-Q4_0.gguf"]


def test_search_results_are_read(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add("owner/tiny-llama-GGUF", {}, gated="manual")
    standin.add("owner/other-GGUF", {})
    (hit,) = search(make_hub(), "llama tiny")
    assert (hit.repo, hit.gated, hit.license, hit.parameters) == ("owner/tiny-llama-GGUF", "manual", "apache-2.0", 1000)
    assert "filter=gguf" in standin.seen("hub")[-1].path


def test_missing_and_private_repos(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add("owner/secret", {"s-Q4_0.gguf": b"GGUF"}, private=True)
    for name in ("owner/secret", "owner/none"):
        with pytest.raises(errors.HubNotFoundError, match="hf auth login"):
            list_repo(make_hub(), name)
    assert list_repo(make_hub(token="hf_standin"), "owner/secret").repo == "owner/secret"
    with pytest.raises(errors.HubNotFoundError, match="spelling"):
        list_repo(make_hub(token="hf_standin"), "owner/none")
    with pytest.raises(errors.HubNotFoundError, match="revision"):
        list_repo(make_hub(token="hf_standin"), "owner/secret", revision="nope")


def test_a_bad_token_hides_no_public_repo_and_is_told_once(
    standin: StandIn, make_hub: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    standin.add(REPO, {"s-Q4_0.gguf": b"GGUF"})
    hub = make_hub(token="hf_wrong")
    assert list_repo(hub, REPO).repo == REPO
    assert list_repo(hub, REPO).repo == REPO
    assert ["is rejected by the hub" in line for line in caplog.messages] == [True]
    assert [bool(request.headers.get("authorization")) for request in standin.seen("hub")] == [True, False, False]


def test_a_bad_token_is_the_reason_when_a_repo_needs_one(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add(REPO, {"s-Q4_0.gguf": b"GGUF"}, private=True)
    with pytest.raises(errors.BadTokenError, match="Invalid credentials"):
        list_repo(make_hub(token="hf_wrong"), REPO)


def test_gated_repos_name_the_page(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add(REPO, {"s-Q4_0.gguf": b"GGUF"}, gated="manual")
    for hub, hint in ((make_hub(), "Log in"), (make_hub(token="hf_standin"), "Accept the terms")):
        standin.token_required = "hf_another"
        listed = list_repo(hub, REPO)
        problem = access_problem(hub, listed)
        assert problem is not None
        assert hint in str(problem)
        assert f"{standin.url}/{REPO}" in str(problem)
    standin.token_required = "hf_standin"
    check_access(make_hub(token="hf_standin"), REPO)


def test_api_calls_wait_for_429_and_survive_500(standin: StandIn, make_hub: Callable[..., Any], clock: Clock) -> None:
    standin.add(REPO, {"s-Q4_0.gguf": b"GGUF"})
    standin.fault("status", status=429, headers={"Retry-After": "3"}, port="hub", path="/api/")
    standin.fault("status", status=503, port="hub", path="/api/")
    assert list_repo(make_hub(), REPO).models
    assert sum(clock.slept) >= 3


def test_a_hub_that_stays_broken(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.add(REPO, {"s-Q4_0.gguf": b"GGUF"})
    standin.fault("status", status=500, port="hub", times=99)
    with pytest.raises(errors.ServerTroubleError, match="500"):
        list_repo(make_hub(), REPO)


def test_a_hub_that_never_answers(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.fault("stall", port="hub", times=99)
    hub = make_hub(read_timeout_s=0.2, retry=RetryPolicy(attempts=2))
    with pytest.raises(errors.StalledError):
        list_repo(hub, REPO)
    with pytest.raises(errors.StalledError):
        search(hub, "anything")


def test_an_answer_that_is_no_answer(standin: StandIn, make_hub: Callable[..., Any]) -> None:
    standin.fault("status", status=200, port="hub", times=99)
    with pytest.raises(errors.ServerTroubleError):
        search(make_hub(), "anything")
    with pytest.raises(errors.HubError):
        list_repo(make_hub(), REPO)
