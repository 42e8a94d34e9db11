"""What is installed is what is in the tree, and imports keep to the rules."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
FOLDERS = ("engine", "tui", "assets")


def sources() -> list[Path]:
    return [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*.py"))]


def test_the_package_list_is_the_tree() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    found = {
        "weighin." + ".".join(file.parent.relative_to(ROOT).parts) for file in sources() if file.name == "__init__.py"
    }
    assert sorted(listed) == sorted(found)


def test_the_wheel_holds_every_module_and_asset(tmp_path: Path) -> None:
    program = f"from setuptools.build_meta import build_wheel; build_wheel({str(tmp_path)!r})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = {name for name in wheel.namelist() if name.startswith("weighin/")}
    wanted = {f"weighin/{file.relative_to(ROOT).as_posix()}" for file in sources()}
    for folder in FOLDERS:
        for pattern in ("*.toml", "*.jsonl", "*.sql", "*.tcss", "*.md"):
            wanted |= {f"weighin/{file.relative_to(ROOT).as_posix()}" for file in (ROOT / folder).rglob(pattern)}
    assert wanted <= inside, sorted(wanted - inside)


@pytest.mark.parametrize("folder", FOLDERS)
def test_packages_are_not_imported_by_their_folder_names(folder: str) -> None:
    # `import engine` would work in a checkout and make every class exist twice.
    bare = re.compile(rf"^\s*(?:from|import)\s+{folder}\b", re.MULTILINE)
    for file in [*sources(), *(ROOT / "tests").rglob("*.py")]:
        assert not bare.search(file.read_text(encoding="utf-8")), file


def test_the_engine_runs_without_a_screen() -> None:
    program = (
        "import sys, weighin.engine.run.session, weighin.engine.prepare.demo\n"
        "bad = {'textual', 'rich', 'weighin.tui'} & set(sys.modules)\n"
        "sys.exit(f'imported: {bad}' if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
