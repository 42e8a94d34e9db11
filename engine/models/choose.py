"""Choose the file of a repo that a reference stands for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..gguf.naming import QUANT_PREFERENCE
from ..hub.errors import HubNotFoundError
from ..hub.listing import HubModel, HubRepo
from ..models.references import RepoFileRef, RepoQuantRef, RepoRef


def choose(repo: HubRepo, ref: RepoRef | RepoQuantRef | RepoFileRef) -> HubModel:
    """The one model that ``ref`` stands for.

    Raises:
        HubNotFoundError: there is none, or more than one. The hint lists the choices.
    """
    if not repo.models:
        detail = f" ({repo.incomplete[0]} has missing parts)" if repo.incomplete else ""
        raise HubNotFoundError(f"{repo.repo} has no GGUF model{detail}.", hint="Search for a repo that ends in -GGUF.")
    if isinstance(ref, RepoFileRef):
        for model in repo.models:
            if any(ref.file == part.name for part in model.parts):
                return model
        same = [m for m in repo.models if any(ref.file == part.name.rsplit("/", 1)[-1] for part in m.parts)]
        if len(same) == 1:
            return same[0]
        raise HubNotFoundError(f"{repo.repo} has no complete model {ref.file}.", hint=_there_is(repo.models, "name"))
    if isinstance(ref, RepoQuantRef):
        fitting = [model for model in repo.models if model.quant.upper() == ref.quant]
        if not fitting:
            raise HubNotFoundError(f"{repo.repo} has no {ref.quant}.", hint=_there_is(repo.models, "quant"))
        return _only(repo, fitting, ref.quant)
    if len(repo.models) == 1:
        return repo.models[0]
    for quant in QUANT_PREFERENCE:
        fitting = [model for model in repo.models if model.quant == quant]
        if fitting:
            return _only(repo, fitting, quant)
    raise HubNotFoundError(f"{repo.repo} has several models.", hint=_there_is(repo.models, "name"))


def _only(repo: HubRepo, fitting: Sequence[HubModel], quant: str) -> HubModel:
    if len(fitting) > 1:
        names = ", ".join(f"{repo.repo}:{model.name}" for model in fitting[:4])
        raise HubNotFoundError(f"{repo.repo} has {len(fitting)} models in {quant}.", hint=f"Name the file: {names}.")
    return fitting[0]


def _there_is(models: Sequence[HubModel], field: Literal["name", "quant"]) -> str:
    names = list(dict.fromkeys((model.quant or model.name) if field == "quant" else model.name for model in models))
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"It has {', '.join(names[:20])}{more}."
