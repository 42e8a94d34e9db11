"""The key bar: what fits, what a click does, what is grayed out."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from weighin.tui.widgets.keybar import Key, KeyBar, fitting

keys = st.lists(
    st.builds(
        Key, st.text("ab", min_size=1, max_size=3), st.sampled_from("abc?"), st.text("xy", max_size=8), st.just(True)
    ),
    max_size=12,
)


@given(keys, st.integers(0, 120))
def test_keys_keep_their_order_and_help_its_place(given_keys: list[Key], width: int) -> None:
    kept = fitting(given_keys, width)
    rest = iter(given_keys)
    assert all(key in rest for key in kept)
    helps = sum(key.width for key in given_keys if key.shown == "?")
    assert sum(key.width for key in kept) <= max(width, helps)
    if sum(key.width for key in given_keys) <= width:
        assert list(kept) == given_keys


class Bar(App[None]):
    """Two keys, one of them disabled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "ask", "Ask"),
        Binding("b", "beg", "Beg"),
        Binding("x", "ask", "Ask"),
        Binding("z", "hidden", "Hidden", show=False),
    ]
    ENABLE_COMMAND_PALETTE = False
    asked = 0
    begged = 0
    may_beg = False

    def compose(self) -> ComposeResult:
        yield KeyBar()

    def action_ask(self) -> None:
        self.asked += 1

    def action_beg(self) -> None:
        self.begged += 1

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return True if action != "beg" or self.may_beg else None


async def test_a_click_does_what_the_key_does() -> None:
    app = Bar()
    async with app.run_test(size=(40, 5)) as pilot:
        await pilot.pause()
        bar = app.query_one(KeyBar)
        assert bar.render().plain == " a Ask  b Beg "
        await pilot.click(KeyBar, offset=(2, 0))
        await pilot.click(KeyBar, offset=(9, 0))  # grayed out
        await pilot.click(KeyBar, offset=(30, 0))  # beside them all
        assert (app.asked, app.begged) == (1, 0)
        assert [key.enabled for key in bar.keys if key.key == "b"] == [False]
        app.may_beg = True
        app.refresh_bindings()
        await pilot.pause()
        await pilot.click(KeyBar, offset=(9, 0))
        assert app.begged == 1


async def test_a_narrow_terminal_drops_whole_keys() -> None:
    app = Bar()
    async with app.run_test(size=(10, 5)) as pilot:
        await pilot.pause()
        assert app.query_one(KeyBar).render().plain == " a Ask "
        await pilot.resize_terminal(40, 5)
        await pilot.pause()
        assert app.query_one(KeyBar).render().plain == " a Ask  b Beg "
