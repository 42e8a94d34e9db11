"""`weighin pull` and `weighin search` against the stand-in hub: the right file, and no more requests than needed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from fixtures.command_line import FILE, REPO, Weighin
from fixtures.standin_hub import StandIn, sha256


def test_a_quant_of_a_repo_as_json(standin: StandIn, weighin: Weighin, model: bytes, tmp_path: Path) -> None:
    standin.add(REPO, {FILE: model, "some-Q8_0.gguf": b"GGUF"})
    code, out, err = weighin("pull", f"{REPO}:q4_k_m", "--json")
    assert code == 0, err
    (row,) = json.loads(out)
    assert Path(row["path"]).read_bytes() == model
    assert Path(row["path"]).name == FILE
    assert str(tmp_path / "hf/hub") in row["path"]  # HF_HOME alone
    assert (row["size_bytes"], row["quant"], row["repo"]) == (len(model), "Q4_K_M", REPO)
    assert row["sha256"] == row["files"][0]["sha256"]
    assert row["sha256"] == sha256(model)
    assert "apache-2.0, according to the uploader" in row["license"]
    assert f"downloading {len(model) / 1e6:.1f} MB" in err  # lines, because stderr is no terminal
    assert "\r" not in err
    assert all("authorization" not in request.headers for request in standin.seen("storage"))


def test_a_repo_without_a_quant_downloads_q4_k_m_and_says_so(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {"some-Q8_0.gguf": tiny_gguf(2), FILE: tiny_gguf(1)})
    code, out, err = weighin("pull", REPO)
    assert code == 0, err
    assert out.splitlines()[0].endswith(FILE)
    assert "SHA-256 " + sha256(tiny_gguf(1)) in out
    assert "using Q4_K_M" in err
    assert "Q8_0" in err


def test_a_file_and_a_catalog_name_download_together(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    catalog_repo = "bartowski/Llama-3.2-1B-Instruct-GGUF"
    standin.add(REPO, {"deep/x-Q8_0.gguf": tiny_gguf(1), FILE: tiny_gguf(2)})
    quants = {"Q4_K_M": tiny_gguf(3), "Q8_0": tiny_gguf(4)}
    standin.add(catalog_repo, {f"Llama-3.2-1B-Instruct-{quant}.gguf": data for quant, data in quants.items()})
    code, out, err = weighin("pull", f"{REPO}:x-Q8_0.gguf", "llama-3.2-1b-instruct:Q8_0", "--json")
    assert code == 0, err
    rows = json.loads(out)
    assert [row["file"] for row in rows] == ["deep/x-Q8_0.gguf", "Llama-3.2-1B-Instruct-Q8_0.gguf"]
    assert Path(rows[1]["path"]).read_bytes() == tiny_gguf(4)
    assert rows[1]["catalog"] == "llama-3.2-1b-instruct"
    assert "Llama 3.2 Community License" in rows[1]["license"]
    assert "weighin license llama-3.2-1b-instruct" in rows[1]["license"]


def test_a_catalog_model_is_downloaded_from_its_second_repo_when_the_first_is_missing(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add("unsloth/Llama-3.2-1B-Instruct-GGUF", {"Llama-3.2-1B-Instruct-Q4_K_M.gguf": tiny_gguf(3)})
    code, out, err = weighin("pull", "llama-3.2-1b-instruct")
    assert code == 0, err
    assert "unsloth--Llama-3.2-1B-Instruct-GGUF" in out


def test_downloaded_models_need_no_request_and_work_offline(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})
    assert weighin("pull", REPO)[0] == 0
    asked = len(standin.requests)
    for name in (REPO, f"{REPO}:Q4_K_M", f"{REPO}:{FILE}"):
        code, out, err = weighin("pull", name, HF_HUB_OFFLINE="1")
        assert code == 0, err
        assert out.splitlines()[0].endswith(FILE)
    assert weighin("pull", f"{REPO}:Q4_K_M")[0] == 0
    assert len(standin.requests) == asked


def test_a_gated_repo_is_downloaded_with_the_stored_token_which_storage_never_sees(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)}, gated="auto")
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf/token").write_text("hf_standin\n")
    code, _, err = weighin("pull", REPO)
    assert code == 0, err
    assert any(r.headers.get("authorization") == "Bearer hf_standin" for r in standin.seen("hub"))
    assert standin.seen("storage")
    assert all("authorization" not in request.headers for request in standin.seen("storage"))


def test_search_lists_repositories_and_says_when_there_are_none(
    standin: StandIn, weighin: Weighin, model: bytes
) -> None:
    standin.add(REPO, {FILE: model})
    standin.add("owner/closed-some-GGUF", {FILE: model}, gated="manual")
    code, out, _err = weighin("search", "some")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert set(lines) == {REPO, "owner/closed-some-GGUF"}
    assert "gated" in lines["owner/closed-some-GGUF"]
    assert "gated" not in lines[REPO]
    assert {row["repo"] for row in json.loads(weighin("search", "some", "--json")[1])} == set(lines)
    code, out, err = weighin("search", "nothing-like-it")
    assert (code, out) == (0, "")
    assert "no GGUF repository" in err
