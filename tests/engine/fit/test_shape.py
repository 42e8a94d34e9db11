"""Dimensions of catalog models, checked against published figures."""

from __future__ import annotations

import msgspec
import pytest

from weighin.engine.catalog.loading import load_catalog
from weighin.engine.errors import ModelFileError
from weighin.engine.fit.shape import catalog_dimensions
from weighin.engine.gguf.architectures import parameter_count, tensor_shapes


def test_most_of_the_catalog_can_be_measured_and_the_rest_says_why() -> None:
    measurable, reasons = 0, dict[str, str]()
    for model in load_catalog().models:
        try:
            dimensions = catalog_dimensions(model)
        except ModelFileError as error:
            reasons[model.id] = error.what
            continue
        measurable += 1
        assert parameter_count(tensor_shapes(dimensions)) == pytest.approx(model.parameters.total, rel=0.01)
    for name, reason in reasons.items():
        assert reason.startswith(f"{name} cannot be measured without its file: ")
    assert measurable >= 0.75 * len(load_catalog().models)


@pytest.mark.parametrize(
    ("name", "width"),
    # The widths in the models' own configurations; LFM2's after its adjustment to two thirds, rounded up to 256.
    [("apertus-8b-instruct-2509", 21_504), ("lfm2-1.2b", 8192), ("lfm2.5-2.6b", 10_752)],
)
def test_an_unpublished_width_is_solved(name: str, width: int) -> None:
    assert catalog_dimensions(load_catalog().find(name)).n_ff == width


def test_dimensions_that_do_not_add_up_are_refused() -> None:
    model = load_catalog().find("qwen3-1.7b")
    wrong = msgspec.structs.replace(model, dimensions=msgspec.structs.replace(model.dimensions, n_layer=20))
    with pytest.raises(ModelFileError, match=r"billion parameters, not 1\.72"):
        catalog_dimensions(wrong)


@pytest.mark.parametrize(
    ("name", "rope"),
    [
        ("llama-3.2-1b-instruct", "llama3"), ("smollm3-3b", ""), ("phi-3-mini-4k-instruct", ""),
        ("phi-3.5-mini-instruct", "longrope"), ("phi-4", ""), ("ministral-3-3b-instruct-2512", "yarn"),
    ],
)  # fmt: skip
def test_extended_contexts_add_small_tensors(name: str, rope: str) -> None:
    assert catalog_dimensions(load_catalog().find(name)).rope == rope
