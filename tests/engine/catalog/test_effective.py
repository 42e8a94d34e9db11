"""Which license counts: the model's own text, its header, its tags or its base."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.catalog.effective import Clues, clues_of_file, effective_license, model_by_file_name
from weighin.engine.catalog.licenses import LicenseFileError, license_id, read_licenses, recognize_text
from weighin.engine.catalog.loading import load_catalog
from weighin.engine.catalog.report import file_verdict
from weighin.engine.catalog.verdict import Allowed, AllowedIf, NotAllowed, StatedUse, Unknown
from weighin.engine.errors import WeighinError
from weighin.engine.gguf.header import ArrayValue
from weighin.engine.hub.errors import NoSuchPathError
from weighin.engine.models.resolve import license_report

MIT = """MIT License

Copyright (c) 2024 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software …
"""
WHOLE_MIT = """MIT License

Copyright (c) 2024 Somebody
Copyright (c) 2025 Somebody Else, the Third and Company <somebody@example.org>

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""
DISPLAY = (
    "{start}, if the Software is used for products with more than 100 million monthly active users, or more than a sum"
    " in revenue, you shall prominently display “{name}”."
)
KIMI = WHOLE_MIT + "\n" + DISPLAY.format(start="Our only modification part is that", name="Kimi K2")
MINIMAX = WHOLE_MIT + "\n" + DISPLAY.format(start="Our only modification is that", name="MiniMax M2")
LLAMA_31 = "# LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\n\nLlama 3.1 Version Release Date: July 23, 2024\n…"
FALCON = """TII Falcon License
December 2024
This license is, in part, based on the Apache License Version 2.0, January 2004, with a series of modifications.
"""
META = "meta-llama/Llama-3.1-8B"


def based_on(repo: str) -> dict[str, object]:
    return {"general.base_model.count": 1, "general.base_model.0.repo_url": f"https://huggingface.co/{repo}"}


@pytest.mark.parametrize(
    ("tag", "key"),
    [
        ("license:Apache-2.0", "apache-2.0"),
        ("Apache License 2.0", "apache-2.0"),
        ("apache-2.0", "apache-2.0"),
        ("MIT", "mit"),
        ("llama3.1", "llama3.1"),
        ("Llama 3.1 Community License", "llama3.1"),
        ("llama3", "llama3"),
        ("gemma", "gemma"),
        ("https://ai.google.dev/gemma/terms", "gemma"),
        ("mrl", "mrl"),
        ("https://mistral.ai/licenses/MRL-0.1.md", "mrl"),
        ("qwen-research", "qwen-research"),
        ("https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/raw/main/LICENSE", "qwen-research"),
        ("lfm1.0", "lfm1.0"),
        ("LFM Open License v1.0", "lfm1.0"),
        ("falcon-llm-license", "falcon-llm-license"),
        ("https://falconllm.tii.ae/falcon-terms-and-conditions.html", "falcon-llm-license"),
        ("exaone", "exaone-1.1-nc"),
        ("nvidia-open-model-license", "nvidia-open-model-license"),
        ("nvidia_open_model", "nvidia-open-model-license"),
        ("tencent-hunyuan-community", "tencent-hunyuan"),
        ("cc-by-nc-4.0", "cc-by-nc-4.0"),
        ("LicenseRef-Gemma-Terms", "gemma"),
        ("other", None),
        ("llama2", "llama2"),
        ("llama3.3", "llama3.3"),
        ("license:llama4", "llama4"),
        ("qwen", "qwen"),
        ("kanana-open-license", "kanana"),
        ("CC-BY-NC-SA-4.0", "cc-by-nc-sa-4.0"),
        ("https://creativecommons.org/licenses/by-sa/4.0/", "cc-by-sa-4.0"),
        ("openmdw", "openmdw-1.0"),
        ("modified-mit", None),
        ("openrail", None),
        ("apache", None),
        ("", None),
    ],
)
def test_licenses_are_found_by_their_names(tag: str, key: str | None) -> None:
    assert license_id(tag, load_catalog().licenses) == key


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (MIT, ("mit",)),
        (LLAMA_31, ("llama3.1",)),
        (FALCON, ("falcon-llm-license",)),
        ("                Apache License\n          Version 2.0, January 2004\n…", ("apache-2.0",)),
        ("META LLAMA 3 COMMUNITY LICENSE AGREEMENT\n…", ("llama3",)),
        ("Gemma Terms of Use\n\nLast modified: March 24, 2025", ("gemma",)),
        ("EXAONE AI Model License Agreement 1.2 - NC\n…", ("exaone-1.2-nc",)),
        ("LICENSE TEXT\n\nLFM Open License v1.0\nTERMS", ("lfm1.0",)),
        ("Qwen RESEARCH LICENSE AGREEMENT\n…", ("qwen-research",)),
        (WHOLE_MIT, ("mit",)),
        (KIMI, ("modified-mit-kimi-k2",)),
        (MINIMAX, ("modified-mit-minimax-m2",)),
        # the same wording around another name, and a short addition: nobody has read those terms
        (MINIMAX.replace("MiniMax M2", "Another"), ()),
        (WHOLE_MIT + "\nThe Software shall not be used for anything that earns money, in any way.", ()),
        (KIMI + "You shall not use it on Sundays. " * 20, ()),
        ("LLAMA 2 COMMUNITY LICENSE AGREEMENT\n…", ("llama2",)),
        ("# LLAMA 3.3 COMMUNITY LICENSE AGREEMENT\n…", ("llama3.3",)),
        ("LLAMA 4 COMMUNITY LICENSE AGREEMENT\n…", ("llama4",)),
        ("Qwen LICENSE AGREEMENT\n…", ("qwen",)),
        ("Tongyi Qianwen LICENSE AGREEMENT\n…", ("tongyi-qianwen",)),
        ("OpenMDW License Agreement, version 1.1 (OpenMDW-1.1)\n…", ("openmdw-1.1",)),
        ("K-EXAONE AI Model License Agreement\n…", ("k-exaone",)),
        ("FAIR Noncommercial Research License\nv1", ("fair-noncommercial-research",)),
        ("DEEPSEEK LICENSE AGREEMENT\n\nVersion 1.0", ("deepseek",)),
        ("Attribution-NonCommercial-ShareAlike 4.0 International\n…", ("cc-by-nc-sa-4.0",)),
        ("Attribution-ShareAlike 4.0 International\n…", ("cc-by-sa-4.0",)),
        ("Attribution 4.0 International\n…", ("cc-by-4.0",)),
        (MIT + "\n" + LLAMA_31, ("mit", "llama3.1")),
        (MIT + "You shall not use it on Sundays. " * 100, ()),
        ("You may do as I say.", ()),
        ("This model is like one under the MIT License.", ()),
    ],
)
def test_license_texts_are_recognized_by_their_titles(text: str, keys: tuple[str, ...]) -> None:
    assert recognize_text(text, load_catalog().licenses) == keys


@pytest.mark.parametrize(
    ("clues", "licenses"),
    [
        # a model's own LICENSE wins over a tag, whichever is stricter
        (Clues(text=LLAMA_31, header={"general.license": "mit"}), ("llama3.1",)),
        (Clues(text=MIT, tags=["license:cc-by-nc-4.0"]), ("mit",)),
        (Clues(text=MIT, header={"general.license": "llama3.1"}, tags=["license:gemma"]), ("mit",)),
        # a header wins over tags
        (Clues(header={"general.license": "gemma"}, tags=["license:mit"]), ("gemma",)),
        (Clues(header={"general.license": ArrayValue(type=8, length=2)}), ("a list of 2 licenses",)),
        # "other" says nothing, so name and link count
        (Clues(header={"general.license": "other", "general.license.name": "qwen-research"}), ("qwen-research",)),
        (
            Clues(header={"general.license": "other", "general.license.link": "https://ai.google.dev/gemma/terms"}),
            ("gemma",),
        ),
        (Clues(tags=["license:other", "license_name:falcon-llm-license"]), ("falcon-llm-license",)),
        (
            Clues(tags=["license_link:https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE"]),
            ("qwen-research",),
        ),
        # a name and a license that disagree both count
        (Clues(header={"general.license": "apache-2.0", "general.license.name": "mrl"}), ("apache-2.0", "mrl")),
        (Clues(header={"general.license": "mit", "general.license.name": "house terms"}), ("mit", "house terms")),
        (Clues(header={"general.license": "mit", "general.license.link": "LICENSE"}), ("mit",)),
        (Clues(header={"general.license": "other", "general.license.link": "LICENSE"}), ("LICENSE",)),
        # the base's license is inherited, whatever the tag or text says
        (Clues(header={"general.license": "apache-2.0", **based_on(META)}), ("apache-2.0", "llama3.1")),
        (Clues(text=MIT, tags=[f"base_model:finetune:{META}"]), ("mit", "llama3.1")),
        (Clues(tags=["license:mit", "base_model:Qwen/Qwen2.5-3B"]), ("mit", "qwen-research")),
        (Clues(tags=["license:mit", "base_model:quantized:google/gemma-2-9b-it"]), ("mit", "gemma")),
        (
            Clues(
                header={
                    "general.license": "mit",
                    "general.base_model.count": 1,
                    "general.base_model.0.name": "Llama 3.2 3B",
                    "general.base_model.0.organization": "Meta Llama",
                }
            ),
            ("mit", "llama3.2"),
        ),
        # the catalog's licenses for the repo are added to an uploader's tag
        (
            Clues(tags=["license:apache-2.0"], repo="bartowski/Qwen2.5-3B-Instruct-GGUF"),
            ("apache-2.0", "qwen-research"),
        ),
        (Clues(text=MIT, repo="deepseek-ai/DeepSeek-R1-Distill-Llama-8B"), ("mit", "llama3.1")),
        (Clues(repo="NousResearch/Hermes-3-Llama-3.1-8B"), ("llama3", "llama3.1")),
        # a base by the same publisher adds nothing
        (Clues(tags=["license:mit", "base_model:acme/base"], repo="acme/chat"), ("mit",)),
        # an unknown base by another publisher is unknown
        (Clues(tags=["license:mit", "base_model:acme/base"], repo="other/chat"), ("mit", "license of acme/base")),
        (Clues(header={"general.license": "house-terms"}), ("house-terms",)),
        (Clues(text="You may do as I say.", text_name="LICENSE.txt"), ("the text of LICENSE.txt",)),
        (Clues(), ()),
    ],
)
def test_licenses_follow_from_the_clues(clues: Clues, licenses: tuple[str, ...]) -> None:
    assert effective_license(clues, load_catalog()).licenses == licenses


@pytest.mark.parametrize(
    "clues",
    [
        Clues(),
        Clues(header={"general.license": "other"}),
        Clues(header={"general.license": "house-terms"}),
        Clues(text="You may do as I say."),
        Clues(text=MIT, tags=["base_model:acme/base"]),
        Clues(tags=["license:other", "license_name:modified-mit"]),
        Clues(tags=["license:openrail"]),
        Clues(tags=["license:mit", "base_model:tencent/Hunyuan-A13B-Instruct"]),
        Clues(text=MIT + "You shall not use it on Sundays. " * 100),
        Clues(header={"general.license": "mit", **based_on("Qwen/Qwen3.8-Flash-Next")}),
    ],
)
def test_an_unknown_license_is_not_allowed(clues: Clues) -> None:
    catalog = load_catalog()
    assert isinstance(file_verdict(effective_license(clues, catalog), StatedUse(), catalog), Unknown)


@given(
    st.dictionaries(
        st.sampled_from(["general.license", "general.license.name", "general.license.link", "general.organization"]),
        st.text(max_size=12) | st.sampled_from(["other", "mit", "apache-2.0", "house terms"]),
    ),
    st.lists(st.sampled_from(["license:mit", "license:other", "license:bespoke", "base_model:acme/base"]), max_size=3),
    st.text(max_size=40),
)
def test_no_mix_of_clues_allows_an_unknown_license(header: dict[str, str], tags: list[str], text: str) -> None:
    catalog = load_catalog()
    found = effective_license(Clues(header=header, tags=tags, text=text), catalog)
    verdict = file_verdict(found, StatedUse(), catalog)
    if not found.licenses or not set(found.licenses) <= set(catalog.licenses):
        assert isinstance(verdict, Unknown | NotAllowed)


@given(st.text(max_size=200), st.sampled_from(["mit", "llama3.1", "gemma"]))
def test_text_before_or_after_does_not_hide_terms(noise: str, key: str) -> None:
    """A text that also holds another license's title never drops the stricter one."""
    catalog = load_catalog()
    title = catalog.licenses[key].titles[0]
    found = recognize_text(f"{noise}\n{title}\n{noise}", catalog.licenses)
    assert key in found or (key == "mit" and found == ())


def test_a_file_name_alone_leaves_a_condition() -> None:
    catalog = load_catalog()
    found = effective_license(Clues(file_name="Qwen2.5-7B-Instruct-Q4_K_M.gguf"), catalog)
    assert found.licenses == ("apache-2.0",)
    verdict = file_verdict(found, StatedUse(), catalog)
    assert isinstance(verdict, AllowedIf)
    assert "as its name says" in verdict.conditions[0]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("Llama-3.2-1B-Instruct-Q4_K_M.gguf", "llama-3.2-1b-instruct"),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "smollm2-135m-instruct"),
        ("qwen2.5-3b-instruct-q4_k_m-00001-of-00002.gguf", "qwen2.5-3b-instruct"),
        ("Llama-3.2-1B-Instruct-UD-Q4_K_XL.gguf", "llama-3.2-1b-instruct"),
        ("Llama-3.2-1B-Instruct-NVFP4.gguf", "llama-3.2-1b-instruct"),
        ("Llama-3.2-1B-Instruct-FP32.gguf", "llama-3.2-1b-instruct"),
        ("Llama-3.2-1B-Instruct.i1-IQ3_XXS.gguf", "llama-3.2-1b-instruct"),
        ("gemma-4-E2B_q4_0-it.gguf", "gemma-4-e2b-it"),
        ("phi-4-mini-Q4.gguf", None),
        ("phi-4-uncensored-Q4_K_M.gguf", None),
        ("model.gguf", None),
    ],
)
def test_models_are_found_by_file_name(name: str, model: str | None) -> None:
    found = model_by_file_name(name, load_catalog())
    assert (found.id if found else None) == model


def test_two_licenses_cannot_share_a_name(tmp_path: Path) -> None:
    entry = '[license.{}]\nname = "{}"\nspdx = "{}"\nosi_approved = true\nsource = "s"\naliases = ["shared"]\n'
    (tmp_path / "licenses.toml").write_text(entry.format("a", "A", "a") + entry.format("b", "B", "b"))
    with pytest.raises(LicenseFileError, match="'shared'"):
        read_licenses(tmp_path / "licenses.toml")


# Files


def write_gguf(path: Path, **metadata: str) -> Path:
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(str(path), "llama")
    for key, value in metadata.items():
        writer.add_string(f"general.{key.replace('__', '.')}", value)
    writer.add_tensor("token_embd.weight", np.zeros((2, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_file_is_judged_by_its_header(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m-Q4_0.gguf", name="Mine", license="other", license__name="mrl")
    report = license_report(str(file), StatedUse(), load_catalog())
    assert isinstance(report.verdict, NotAllowed)
    assert report.licenses == ("mrl",)
    assert "header" in report.decided_by
    assert report.lines()[0] == "m-Q4_0.gguf (Mine): not allowed"
    assert report.lines()[-1].endswith("not legal advice.")


def test_the_license_beside_a_file_wins(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m-Q4_0.gguf", license="mrl")
    write_gguf(tmp_path / "m-Q8_0.gguf", license="mrl")
    (tmp_path / "LICENSE.txt").write_text(MIT, encoding="utf-8")
    report = license_report(str(file), StatedUse(), load_catalog())
    assert isinstance(report.verdict, Allowed)
    assert "LICENSE.txt" in report.decided_by


@pytest.mark.parametrize("quant", ["NVFP4", "FP32", "UD-Q4_K_XL", "i1-IQ3_XXS"])
def test_every_quant_of_one_model_shares_the_license_beside_it(tmp_path: Path, quant: str) -> None:
    file = write_gguf(tmp_path / "m-Q4_0.gguf", license="mrl")
    write_gguf(tmp_path / f"m-{quant}.gguf", license="mrl")
    (tmp_path / "LICENSE").write_text(MIT, encoding="utf-8")
    assert license_report(str(file), StatedUse(), load_catalog()).licenses == ("mit",)


def test_a_license_in_a_folder_of_several_models_is_ignored(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m-Q4_0.gguf", license="mrl")
    write_gguf(tmp_path / "n-Q4_0.gguf")
    (tmp_path / "LICENSE").write_text(MIT, encoding="utf-8")
    report = license_report(str(file), StatedUse(), load_catalog())
    assert isinstance(report.verdict, NotAllowed)
    assert "2 models" in report.notes[0]
    assert clues_of_file(file, {}).text == ""


def test_a_file_without_a_license_is_unknown(tmp_path: Path) -> None:
    report = license_report(str(write_gguf(tmp_path / "m-Q4_0.gguf")), StatedUse(), load_catalog())
    assert isinstance(report.verdict, Unknown)
    assert "treat as not allowed" in report.lines()[0]


def test_licenses_and_models_are_judged_by_name() -> None:
    catalog = load_catalog()
    assert license_report("license:gemma", StatedUse(), catalog).licenses == ("gemma",)
    hermes = license_report("Hermes-3-Llama-3.1-8B".lower(), StatedUse(), catalog)
    assert "comes from its base, meta-llama/Llama-3.1-8B" in hermes.notes[0]
    with pytest.raises(WeighinError, match="Did you mean"):
        license_report("llama-3.1-8b-instrct", StatedUse(), catalog)
    with pytest.raises(NoSuchPathError, match="no file"):
        license_report("/nowhere/model.gguf", StatedUse(), catalog)
