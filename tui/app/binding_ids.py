"""The ids of all key bindings, for ``config.toml``. Found by looking through the modules, so no list to keep."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from textual.binding import Binding
from textual.dom import DOMNode

from .. import modals, screens, widgets, wizard


def binding_ids(app: type[DOMNode]) -> frozenset[str]:
    """Every id of a binding of ``app`` or of a screen, dialog, widget or wizard step. Imports all of them."""
    owners = {app, *_owners()}
    bindings = (binding for owner in owners for binding in owner.__dict__.get("BINDINGS", ()))
    return frozenset(binding.id for binding in bindings if isinstance(binding, Binding) and binding.id)


def _owners() -> Iterator[type[DOMNode]]:
    for package in (modals, screens, widgets, wizard):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, type) and issubclass(value, DOMNode) and value.__module__ == module.name:
                    yield value
