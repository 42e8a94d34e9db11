from __future__ import annotations
from ..host import BoardScreen
class ResultsScreen(BoardScreen):
    BINDINGS = []
