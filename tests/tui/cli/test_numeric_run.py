"""Numbers from a model's output to its score, through the command line."""

from __future__ import annotations

import json
from pathlib import Path

from fixtures.command_line import QUICK_SPEED, Weighin
from fixtures.scripted_models import write_scripted_model

GOLDS = ("12500", "500", "-5", "5", "3/4", "4", "1.234,56", "1.234", "1,00,000", "1")
SAID = {
    "spaced": ("Le prix est de 12 500 euros", "12500"),
    "minus": ("In 5-7 days it will be \u22125 degrees [1].", "-5"),
    "german": ("1.234,56", "1.234,56"),
}


def test_each_output_is_right_for_its_own_number_only(weighin: Weighin, tmp_path: Path) -> None:
    models = [
        part
        for name, (text, _gold) in SAID.items()
        for part in ("-m", str(write_scripted_model(tmp_path / f"{name}.gguf", text)))
    ]
    rows = [json.dumps({"id": gold, "prompt": f"{n}?", "answer": gold}) for n, gold in enumerate(GOLDS)]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))
    (tmp_path / "plan.toml").write_text(f"[consistency]\nitems = 0\n[speed]\n{QUICK_SPEED}")
    code, _, err = weighin(
        *("run", "plan.toml", "-d", "rows.jsonl", "--scorer", "numeric", "-t", "1", "-c", "512", "--no-race"), *models
    )
    assert code == 0, err
    code, out, err = weighin("show", "--answers", "--json")
    assert code == 0, err
    right = {(each["candidate"], each["item"]) for each in json.loads(out)["answers"] if each["correct"]}
    assert right == {(name, gold) for name, (_text, gold) in SAID.items()}
