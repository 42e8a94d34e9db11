"""`weighin pull` when a name, the hub or the connection is wrong: one clear sentence and exit code 2."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures.command_line import FILE, REPO, Weighin, cached
from fixtures.standin_hub import StandIn

from weighin.engine.hub.client import RetryPolicy


@pytest.mark.parametrize(
    ("arrange", "name", "words"),
    [
        (lambda s: None, "owner/none:Q4_0", "There is no repo owner/none"),
        (lambda s: s.add(REPO, {FILE: b"GGUF"}), f"{REPO}:IQ1_S", "has no IQ1_S. It has Q4_K_M"),
        (lambda s: s.add(REPO, {"README.md": b"x"}), REPO, "has no GGUF model"),
        (lambda s: s.add(REPO, {FILE: b"GGUF"}, gated="manual"), REPO, f"Accept the terms on http://127.0.0.1:.*/{REPO}"),
        (lambda s: s.add(REPO, {FILE: b"GGUF" * 100}), REPO, "cannot be used"),
        (lambda s: None, "llama-3.2-1b-instrukt", "Did you mean llama-3.2-1b-instruct"),
        (lambda s: None, "owner/repo/x.gguf", "owner/repo:x.gguf"),
        (lambda s: None, "./nothing.gguf", "no file or folder"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_downloaded_is_one_sentence(
    standin: StandIn, weighin: Weighin, arrange: Callable[[StandIn], object], name: str, words: str
) -> None:
    arrange(standin)
    code, out, err = weighin("pull", name)
    assert code == 2
    assert out == ""
    (sentence,) = [line for line in err.splitlines() if line.startswith("weighin: ")]
    assert re.search(words, sentence), sentence


def test_missing_access_names_the_page_and_a_bad_token_is_recognized(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)}, gated="manual")
    standin.token_required = "hf_another"
    page = f"{standin.url}/{REPO}"
    code, _, err = weighin("pull", REPO)
    assert code == 2
    assert page in err
    assert "hf auth login" in err
    code, _, err = weighin("pull", REPO, HF_TOKEN="hf_standin")
    assert code == 2
    assert page in err
    assert "your account has no access" in err
    code, _, err = weighin("pull", REPO, HF_TOKEN="hf_wrong")
    assert code == 2
    assert "Your token (HF_TOKEN) is rejected" in err
    assert page in err


def test_a_repo_without_gguf_files_suggests_the_catalog_model(standin: StandIn, weighin: Weighin) -> None:
    standin.add("meta-llama/Llama-3.2-1B-Instruct", {"model.safetensors": b"x"}, gated="manual")
    code, _, err = weighin("pull", "meta-llama/Llama-3.2-1B-Instruct")
    assert code == 2
    assert "weighin pull llama-3.2-1b-instruct" in err


def test_a_download_that_is_corrupt_twice_fails_and_leaves_no_file(
    standin: StandIn, weighin: Weighin, model: bytes, tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: model})
    standin.fault("corrupt", at=2_000_000, times=2)
    code, _, err = weighin("pull", REPO)
    assert code == 2
    assert "checksum" in err.splitlines()[-1]
    assert cached(tmp_path) == []
    assert weighin("pull", REPO)[0] == 0
    assert cached(tmp_path)[0].read_bytes() == model


def test_429_and_500_are_retried_and_reported(standin: StandIn, weighin: Weighin, model: bytes, tmp_path: Path) -> None:
    standin.add(REPO, {FILE: model})
    standin.fault("status", status=429, headers={"Retry-After": "1"}, port="hub", path="/api/")
    standin.fault("status", status=500)
    code, _, err = weighin("pull", REPO)
    assert code == 0
    assert "500" in err
    assert cached(tmp_path)[0].read_bytes() == model


def test_one_failure_does_not_stop_the_other_downloads(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})
    code, out, err = weighin("pull", "owner/none", REPO, "--json")
    assert code == 2
    rows = json.loads(out)
    assert "There is no repo owner/none" in rows[0]["error"]
    assert Path(rows[1]["path"]).read_bytes() == tiny_gguf(1)
    assert "owner/none" in err


def test_offline_errors_name_pull_and_bundles(standin: StandIn, weighin: Weighin) -> None:
    for command in (["pull", f"{REPO}:Q4_0"], ["bench", f"{REPO}:Q4_0"], ["run", "--model", "qwen3-1.7b"]):
        code, _, err = weighin(*command, HF_HUB_OFFLINE="1")
        assert code == 2
        assert f"`weighin pull {command[-1]}`" in err
        assert "weighin bundle import" in err
    assert standin.requests == []


def test_a_hub_that_cannot_be_reached_is_named(weighin: Weighin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RetryPolicy, "wait_s", lambda *_: 0.0)
    code, _, err = weighin("pull", REPO, HF_ENDPOINT="http://127.0.0.1:9")
    assert code == 2
    assert "http://127.0.0.1:9 cannot be reached" in err


def test_a_proxy_is_used_except_for_hosts_in_no_proxy(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})
    proxied = {"HF_ENDPOINT": "http://hub.invalid", "HTTP_PROXY": standin.url, "http_proxy": standin.url}
    weighin("pull", REPO, **proxied, NO_PROXY="")
    assert any(request.path.startswith("http://hub.invalid/api/models/") for request in standin.requests)
    assert weighin("pull", REPO, HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")[0] == 0


def test_an_ambiguous_name_is_refused_with_its_files(
    weighin: Weighin, tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    for folder in ("a", "b"):
        path = tmp_path / f"user/.lmstudio/models/{folder}/repo/twin-Q8_0.gguf"
        path.parent.mkdir(parents=True)
        path.write_bytes(tiny_gguf(6))
    code, _, err = weighin("pull", "twin-Q8_0")
    assert code == 2
    assert "2 models here are named 'twin-Q8_0'" in err
    assert "/a/repo/twin-Q8_0.gguf" in err


def test_a_mistyped_name_is_refused_before_anything_is_downloaded(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})
    code, _, err = weighin("run", "--model", REPO, "--model", "qwen3-1.7bb")
    assert code == 2
    assert "Did you mean qwen3-1.7b" in err
    assert standin.requests == []
