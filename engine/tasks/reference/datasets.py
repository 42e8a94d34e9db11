"""Rows of reference data sets: from a folder, from the hub client's cache, or downloaded once from the hub.

A folder comes first, so that an air-gapped machine needs nothing else. It holds the data set's own files or one file
per split (``test.jsonl``, ``train.csv`` …), in ``datasets/SUITE`` of weighin's data folder or wherever the user says.
"""

from __future__ import annotations

import csv
import fnmatch
import gzip
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from ... import paths
from ...errors import DatasetError, WeighinError
from ...hub.bounded import files_up_to
from ...hub.client import ask, client_constants, connect
from ...hub.errors import HubError
from ...safe_names import cache_folder
from ..spec import Dataset, SuiteSpec

Where = Literal["built in", "generated", "folder", "hub cache", "missing"]
_MAX_FILE_BYTES = 4 * 2**30
_SUFFIXES = (".parquet", ".jsonl", ".jsonl.gz", ".json", ".csv", ".tsv")


class DataPresence(msgspec.Struct, frozen=True, kw_only=True):
    """Where a suite's data is."""

    where: Where
    files: tuple[Path, ...] = ()
    """The files of a reference suite whose data is here."""
    size_bytes: int = 0
    """Size of these files."""
    download: str = ""
    """Approximate download size of missing data, in words; empty when unknown."""

    @property
    def here(self) -> bool:
        """Whether the suite can run without a network."""
        return self.where != "missing"

    @property
    def words(self) -> str:
        """The state in a few words, for a table."""
        if self.here:
            return self.where
        return f"needs {self.download}" if self.download else "needs a download"


def read_dataset(spec: SuiteSpec, *, folder: Path | None = None) -> dict[str, list[dict[str, Any]]]:
    """All rows by split.

    Args:
        spec: a suite with a ``dataset``.
        folder: the user's own copy; a single file is the split that is asked.

    Raises:
        DatasetError: the files are missing and cannot be downloaded, or cannot be read; the hint says where to put
            them.
    """
    return {
        split: [row for file in files for row in read_rows(file)]
        for split, files in find_files(spec, folder=folder).items()
    }


def dataset_sha256(spec: SuiteSpec, *, folder: Path | None = None) -> str:
    """SHA-256 over the names and bytes of all files used, so that a run notices changes.

    Raises:
        DatasetError: as ``read_dataset``.
    """
    digest = hashlib.sha256()
    for split, files in sorted(find_files(spec, folder=folder).items()):
        for file in files:
            digest.update(f"{split}\0{file.name}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def find_files(spec: SuiteSpec, *, folder: Path | None = None) -> dict[str, list[Path]]:
    """The local files of each split, downloaded if they are missing.

    Raises:
        DatasetError: as ``read_dataset``.
    """
    dataset = _dataset(spec)
    own = folder or paths.data_dir() / "datasets" / spec.name
    files_by_split = _in_folder(own, dataset)
    if all(files_by_split.values()):
        return files_by_split
    if folder is not None:
        missing = ", ".join(split for split, files in files_by_split.items() if not files)
        raise DatasetError(
            f"{folder} has no files for the split {missing} of {spec.name}.", hint=f"It needs {_wanted(dataset)}."
        )
    return _from_hub(spec, dataset, own)


def local_files(spec: SuiteSpec) -> tuple[Literal["folder", "hub cache"] | None, list[Path]]:
    """Where the files of all splits are on this machine, and the files; None when any is missing. Opens no connection.

    Raises:
        DatasetError: the suite has no data set.
    """
    dataset = _dataset(spec)
    files_by_split = _in_folder(paths.data_dir() / "datasets" / spec.name, dataset)
    if all(files_by_split.values()):
        return "folder", [file for files in files_by_split.values() for file in files]
    files_by_split = _in_cache(dataset, Path(client_constants().HF_HUB_CACHE))
    if all(files_by_split.values()):
        return "hub cache", [file for files in files_by_split.values() for file in files]
    return None, []


def _dataset(spec: SuiteSpec) -> Dataset:
    if spec.dataset is None:
        raise DatasetError(f"The suite {spec.name} has no data set.", hint="Reinstall weighin.")
    return spec.dataset


def _wanted(dataset: Dataset) -> str:
    """The files a folder needs, in words."""
    return " and ".join(
        " or ".join(name for name in (pattern, dataset.also.get(split, ""), f"{split}.jsonl") if name)
        for split, pattern in dataset.files.items()
    )


def _in_folder(folder: Path, dataset: Dataset) -> dict[str, list[Path]]:
    if folder.is_file():
        # One file can only be one split: the last one, which is asked.
        return {split: [folder] for split in list(dataset.files)[-1:]} | {
            split: _in_folder(folder.parent, dataset)[split] for split in list(dataset.files)[:-1]
        }
    files_by_split = {}
    all_files = [file for file in folder.rglob("*") if file.is_file()]
    for split, pattern in dataset.files.items():
        name = pattern.rpartition("/")[2]
        files = sorted(file for file in all_files if fnmatch.fnmatch(file.relative_to(folder).as_posix(), pattern))
        files = files or sorted(
            file for file in all_files if file.parent == folder and fnmatch.fnmatch(file.name, name)
        )
        also = dataset.also.get(split, "")
        files = files or sorted(file for file in all_files if fnmatch.fnmatch(file.name.lower(), also.lower()))
        files = files or [file for suffix in _SUFFIXES if (file := folder / f"{split}{suffix}").is_file()][:1]
        files_by_split[split] = files
    return files_by_split


def _from_hub(spec: SuiteSpec, dataset: Dataset, own: Path) -> dict[str, list[Path]]:
    constants = client_constants()
    from huggingface_hub import HfApi, hf_hub_download

    by_hand = f"Put its files into {own}, or name their folder with --data {spec.name}=FOLDER."
    cached = _in_cache(dataset, Path(constants.HF_HUB_CACHE))
    if all(cached.values()):
        return cached
    hub = connect()

    def names_on_hub() -> list[str]:
        api = HfApi(endpoint=hub.endpoint, token=hub.usable_token or False)
        info = api.dataset_info(dataset.repo, revision=dataset.revision, timeout=hub.read_timeout_s)
        return [each.rfilename for each in info.siblings or ()]

    def download(name: str) -> Path:
        return Path(
            hf_hub_download(
                dataset.repo,
                name,
                repo_type="dataset",
                revision=dataset.revision,
                endpoint=hub.endpoint,
                token=hub.usable_token or False,
            )
        )

    try:
        names: list[str] = []
        if not constants.is_offline_mode():
            names = ask(hub, names_on_hub, subject=f"the data set {dataset.repo}", repo=f"datasets/{dataset.repo}")
        files_by_split = {}
        for split, pattern in dataset.files.items():
            wanted = sorted(name for name in names if fnmatch.fnmatch(name, pattern))
            if not wanted:
                raise DatasetError(f"{dataset.repo} has no file {pattern} here.", hint=by_hand)
            with files_up_to(_MAX_FILE_BYTES):
                files_by_split[split] = [download(name) for name in wanted]
    except HubError as error:
        raise DatasetError(f"The data of {spec.name} is not here. {error}", hint=by_hand) from error
    except WeighinError:
        raise
    except Exception as error:  # the client raises a dozen types; each means that the download failed
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise DatasetError(f"The data of {spec.name} ({dataset.repo}) is not here: {reason}", hint=by_hand) from None
    return files_by_split


def _in_cache(dataset: Dataset, cache: Path) -> dict[str, list[Path]]:
    """The files of each split in the hub client's cache. A split with missing parts counts as missing."""
    repo = cache / cache_folder(dataset.repo, "datasets")
    ref = repo / "refs" / dataset.revision
    snapshot = repo / "snapshots" / (ref.read_text(encoding="utf-8").strip() if ref.is_file() else dataset.revision)
    all_files = [file for file in snapshot.rglob("*") if file.is_file()]
    files_by_split = {}
    for split, pattern in dataset.files.items():
        files = sorted(file for file in all_files if fnmatch.fnmatch(file.relative_to(snapshot).as_posix(), pattern))
        parts = [int(match[1]) for file in files if (match := re.search(r"-of-(\d+)\.", file.name))]
        files_by_split[split] = files if not parts or len(parts) >= max(parts) else []
    return files_by_split


def data_presence(spec: SuiteSpec) -> DataPresence:
    """Where the data of ``spec`` is: part of weighin, in its data folder, in the hub client's cache, or missing.

    Raises:
        DatasetError: the suite has a format and no data set.
    """
    if not spec.format:
        return DataPresence(where="generated" if spec.generator else "built in")
    where, files = local_files(spec)
    if where is None:
        return DataPresence(where="missing", download=spec.dataset.size_hint if spec.dataset else "")
    return DataPresence(where=where, files=tuple(files), size_bytes=sum(file.stat().st_size for file in files))


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Every row of a Parquet, JSONL (gzipped or not), JSON, CSV or TSV file.

    Raises:
        DatasetError: it cannot be read.
    """
    rows = _read_any(file)
    wrong = next((number for number, row in enumerate(rows, 1) if not isinstance(row, dict)), 0)
    if wrong:
        raise DatasetError(
            f"Row {wrong} of the data file {file} has no named columns.", hint="Download the file again."
        )
    return rows


def _read_any(file: Path) -> list[dict[str, Any]]:
    try:
        if file.suffix == ".parquet":
            import pyarrow.parquet  # type: ignore[import-untyped]

            table = pyarrow.parquet.read_table(file)
            rows: list[dict[str, Any]] = table.to_pylist()
            return rows
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8-sig")
        kind = file.name.removesuffix(".gz").rpartition(".")[2].lower()
        if kind in ("csv", "tsv"):
            csv.field_size_limit(2**31 - 1)  # contracts and transcripts are longer than Python's 131,072 characters
            first = text.split("\n", 1)[0]
            lines = csv.DictReader(io.StringIO(text, newline=""), delimiter="\t" if kind == "tsv" else ",")
            if kind == "tsv" and "question" not in first:  # MGSM's own files have no header
                lines = csv.DictReader(
                    io.StringIO(text, newline=""), ["question", "answer_number"], delimiter="\t", quoting=csv.QUOTE_NONE
                )
            return [dict(row) for row in lines]
        if kind == "json":
            loaded = json.loads(text)
            return list(loaded) if isinstance(loaded, list) else [loaded]
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except Exception as error:  # broken bytes, JSON or Parquet: the file is damaged
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise DatasetError(f"The data file {file} cannot be read: {reason}.", hint="Download it again.") from None
