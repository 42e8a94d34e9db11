from __future__ import annotations
from ..host import BoardScreen
class HistoryScreen(BoardScreen):
    BINDINGS = []
