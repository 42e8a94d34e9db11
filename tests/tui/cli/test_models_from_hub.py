"""MODEL in `run`, `bench`, `fit`, `local` and `bundle`: names of the hub and of other programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from fixtures.command_line import FAST, FILE, QUICK_SPEED, REPO, Weighin
from fixtures.standin_hub import SHA, StandIn

from weighin.engine.gguf.files import file_sha256


def test_bench_downloads_first_and_says_so(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes]
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})
    code, out, err = weighin("bench", f"{REPO}:Q4_K_M", "--json", "-p", "16", "-n", "4", "-r", "1", "-c", "512")
    assert code in {0, 1}, err
    assert "downloading" in err
    events = [json.loads(line) for line in out.splitlines()]
    (card,) = events[0]["candidates"]
    assert card["name"] == "some-Q4_K_M"  # by the name of its file, not by its hash


def test_fit_of_a_hub_name_downloads_only_the_header(standin: StandIn, weighin: Weighin, model: bytes) -> None:
    standin.add(REPO, {FILE: model + bytes(20_000_000)})
    code, out, err = weighin("fit", f"{REPO}:Q4_K_M", "--context", "128", "--json")
    assert code == 0, err
    row = json.loads(out)
    assert (row["name"], row["label"], row["size_bytes"]) == (
        f"{REPO}:Q4_K_M",
        "measured (hollow)",
        len(model) + 20_000_000,
    )
    assert row["generation_tokens_per_second"] > 0
    assert standin.bytes_sent() < 2_000_000
    assert weighin("pull", REPO)[0] == 0
    code, out, err = weighin("fit", f"{REPO}:Q4_K_M", "--context", "128", "--json")
    assert code == 0, err
    assert json.loads(out)["label"] == "measured (real file)"


def test_a_split_model_is_pulled_measured_and_carried(
    standin: StandIn, weighin: Weighin, tiny_split: dict[str, bytes], tmp_path: Path
) -> None:
    standin.add(REPO, {f"deep/{name}": data for name, data in tiny_split.items()})
    code, out, err = weighin("pull", f"{REPO}:F32", "--json")
    assert code == 0, err
    (row,) = json.loads(out)
    assert [Path(file["path"]).read_bytes() for file in row["files"]] == list(tiny_split.values())
    assert row["size_bytes"] == sum(map(len, tiny_split.values()))
    assert row["sha256"] == file_sha256(Path(row["path"]))
    code, out, err = weighin("bench", REPO, "--json", "-p", "16", "-n", "4", "-r", "1", "-c", "512", HF_HUB_OFFLINE="1")
    assert code in {0, 1}, err
    (tmp_path / "plan.toml").write_text(f"candidates = [{{ id = 'a', path = '{REPO}:F32', name = 'A' }}]\n")
    code, _, err = weighin("bundle", "create", "plan.toml", "--to", "carried")
    assert code == 0, err
    box = {"HF_HOME": str(tmp_path / "box/hf"), "WEIGHIN_HOME": str(tmp_path / "box/home"), "HF_HUB_OFFLINE": "1"}
    code, out, err = weighin("bundle", "import", "carried", "--json", **box)
    assert code == 0, err
    path = Path(json.loads(out)["plan"]["candidates"][0]["path"])
    assert path.parts[-4:] == ("snapshots", SHA, "deep", "part-F32-00001-of-00003.gguf")
    assert {part.name: part.read_bytes() for part in path.parent.iterdir()} == tiny_split
    assert weighin("pull", f"{REPO}:F32", **box)[0] == 0


def test_a_plan_may_name_models_on_the_hub(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes], choice_file: Path, tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans/plan.toml").write_text(
        f"item_limit = 4\nsuites = [{{ name = 'mine', data = '{choice_file}' }}]\n"
        f"candidates = [{{ id = 'a', path = '{REPO}:Q4_K_M', name = 'A' }}]\n[settings]\nn_ctx = 512\nn_threads = 1\n"
        "[speed]\n" + QUICK_SPEED
    )
    code, out, err = weighin("run", "plans/plan.toml")
    assert code == 0, err
    assert "downloading" in err
    assert "▶" in out
    assert "A" in out


def test_a_saved_plan_has_the_path_in_the_cache(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    standin.add(REPO, {FILE: tiny_gguf(1)})
    code, _, err = weighin("run", "--model", REPO, "--save-plan", "plan.toml", *FAST)
    assert code == 0, err
    assert f"snapshots/{SHA}/{FILE}" in (tmp_path / "plan.toml").read_text()


def ollama_store(tmp_path: Path, data: bytes) -> None:
    import hashlib

    root = tmp_path / "user/.ollama/models"
    digest = hashlib.sha256(data).hexdigest()
    blob = root / f"blobs/sha256-{digest}"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(data)
    manifest = root / "manifests/registry.ollama.ai/library/tinything/1b"
    manifest.parent.mkdir(parents=True)
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}"}
    manifest.write_text(json.dumps({"layers": [layer]}))


def test_models_of_ollama_and_lm_studio_are_listed_and_run(
    standin: StandIn, weighin: Weighin, tiny_gguf: Callable[[int], bytes], tmp_path: Path
) -> None:
    ollama_store(tmp_path, tiny_gguf(5))
    studio = tmp_path / "user/.lmstudio/models/owner/repo/studio-thing-Q8_0.gguf"
    studio.parent.mkdir(parents=True)
    studio.write_bytes(tiny_gguf(6))
    code, out, err = weighin("local", "--json")
    assert code == 0, err
    assert {(row["name"], row["source"]) for row in json.loads(out)} == {
        ("tinything:1b", "ollama"), ("studio-thing-Q8_0", "lm-studio"),
    }  # fmt: skip
    assert "ollama:tinything:1b" in weighin("local")[1]
    names = ["ollama:tinything:1b", "tinything:1b", "studio-thing-Q8_0", "lm-studio:studio-thing-q8_0"]
    code, out, err = weighin("pull", *names, "--json")
    assert code == 0, err
    rows = json.loads(out)
    assert rows[0]["path"] == rows[1]["path"]
    assert rows[2]["path"] == rows[3]["path"] == str(studio)
    code, out, err = weighin("bench", "tinything:1b", "--json", "-p", "16", "-n", "4", "-r", "1", "-c", "512")
    assert code in {0, 1}, err
    assert json.loads(out.splitlines()[0])["candidates"][0]["name"] == "tinything:1b"
    assert standin.requests == []
