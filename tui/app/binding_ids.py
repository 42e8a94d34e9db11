"""The keys that can be remapped, by the id of their binding."""

from __future__ import annotations

from textual.binding import Binding


def binding_ids() -> frozenset[str]:
    """Every id that a binding of the app, of a screen, of a step or of a dialog carries."""
    from ..modals.compare import CompareScreen
    from ..modals.dialogs import AskText, Choose, Confirm, ErrorDialog
    from ..modals.help import HelpScreen
    from ..screens.answers import AnswersScreen
    from ..screens.history import HistoryScreen
    from ..screens.live import LiveScreen
    from ..screens.results import ResultsScreen
    from ..widgets.matrix import AnswerMatrix
    from ..wizard.candidates import CandidatesStep
    from ..wizard.fetch import FetchScreen
    from ..wizard.review import ReviewStep
    from ..wizard.screen import WizardScreen
    from .app import WeighinApp

    owners = (
        WeighinApp,
        LiveScreen,
        ResultsScreen,
        AnswersScreen,
        AnswerMatrix,
        HistoryScreen,
        WizardScreen,
        CandidatesStep,
        ReviewStep,
        FetchScreen,
        HelpScreen,
        CompareScreen,
        Confirm,
        Choose,
        AskText,
        ErrorDialog,
    )
    bindings = (binding for owner in owners for binding in owner.BINDINGS)
    return frozenset(b.id for b in bindings if isinstance(b, Binding) and b.id)
