"""`weighin suites` as a user runs it."""

from __future__ import annotations

import json

import pytest
from fixtures.command_line import call


@pytest.mark.usefixtures("no_network")
def test_the_list_tells_where_each_suites_data_is() -> None:
    lines = call("suites").stdout.splitlines()
    assert any(line.startswith("gsm8k") and "needs 3 MB" in line for line in lines)
    assert any(line.startswith("needle") and "generated" in line for line in lines)
    rows = {row["name"]: row for row in json.loads(call("suites", "--json").stdout)}
    assert (rows["gsm8k"]["data"], rows["gsm8k"]["data_here"]) == ("missing", False)
    assert (rows["everyday-choice"]["data"], rows["everyday-choice"]["data_here"]) == ("built in", True)
