"""The keys: which ids a config file may remap, and which keys hold on a screen now."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen


def keys_of(screen: Screen[object]) -> list[tuple[str, str]]:
    """Key and explanation of everything that can be done on ``screen``, each once, remapped keys as they are now."""
    rows: dict[str, tuple[list[str], str]] = {}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.system or not binding.description:
            continue
        words = binding.tooltip or binding.description
        keys, _ = rows.setdefault(binding.action, ([], words))
        keys.append(screen.app.get_key_display(binding))
    return [(" ".join(dict.fromkeys(keys)), words) for keys, words in rows.values()]


def binding_ids() -> frozenset[str]:
    """Every id that a binding of the app, of a mode's screen or of a dialog carries."""
    from .app import WeighinApp
    from .modals.dialogs import AskText, Choose, Confirm, ErrorDialog
    from .modals.help import HelpScreen
    from .screens.answers import AnswersScreen
    from .screens.history import HistoryScreen
    from .screens.live import LiveScreen
    from .screens.results import ResultsScreen

    owners = (
        WeighinApp,
        LiveScreen,
        ResultsScreen,
        AnswersScreen,
        HistoryScreen,
        HelpScreen,
        Confirm,
        Choose,
        AskText,
        ErrorDialog,
    )
    bindings = (binding for owner in owners for binding in owner.BINDINGS)
    return frozenset(b.id for b in bindings if isinstance(b, Binding) and b.id)
