"""The link between judge and program: what crosses it, and what a hostile program can do with it."""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
import types
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

if not sys.platform.startswith("linux"):
    pytest.skip("the sandbox is for Linux", allow_module_level=True)

from weighin.engine.sandbox.inside.peer import ClosedError, Peer, Remote, RemoteError

_numbers = st.integers() | st.floats(allow_nan=False) | st.complex_numbers(allow_nan=False)
_leaves = st.none() | st.booleans() | _numbers | st.text() | st.binary()
_keys = st.integers() | st.text() | st.tuples(st.booleans(), st.integers())
_values = st.recursive(
    _leaves | st.frozensets(_keys) | st.sets(_keys),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(_keys, inner),
    max_leaves=20,
)


@contextlib.contextmanager
def _linked(names: dict[str, Any]) -> Iterator[Peer]:
    """The judge's end of a link whose other end serves ``names``."""
    ours, theirs = socket.socketpair()
    server = threading.Thread(target=Peer(theirs.fileno(), names).serve)
    server.start()
    try:
        yield Peer(ours.fileno())
    finally:
        ours.shutdown(socket.SHUT_RDWR)
        server.join()
        ours.close()
        theirs.close()


@settings(deadline=None, max_examples=60)
@given(st.lists(_values, max_size=5))
def test_plain_values_cross_unchanged(values: list[Any]) -> None:
    with _linked({"same": lambda x: x, "kind": lambda x: type(x).__name__}) as peer:
        same, kind = peer.look_up("same"), peer.look_up("kind")
        for value in values:
            back = same(value)
            assert back == value
            assert type(back) is type(value)
            assert kind(value) == type(value).__name__


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers()), st.dictionaries(st.text(), st.integers()), st.sets(st.integers()))
def test_changes_come_back_into_the_same_objects(items: list[int], table: dict[str, int], group: set[int]) -> None:
    def change(items: list[int], table: dict[str, int], group: set[int]) -> None:
        items.reverse()
        items.append(1)
        table["new"] = 2
        group.add(3)

    given_items, given_table, given_group = list(items), dict(table), set(group)
    with _linked({"change": change}) as peer:
        peer.look_up("change")(given_items, given_table, given_group)
    assert given_items == [*reversed(items), 1]
    assert given_table == {**table, "new": 2}
    assert given_group == group | {3}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
_tags = st.sampled_from(["object", "own", "module", "int", "float", "str", "list", "dict", "set", "range", "Fraction"])
_coded = st.tuples(_tags, _json).map(list) | _json
_replies = st.fixed_dictionaries(
    {},
    optional={
        "value": _coded,
        "error": _json,
        "changed": st.lists(st.tuples(st.integers(-3, 3), _coded).map(list), max_size=2) | _json,
    },
)


@settings(deadline=None, max_examples=300)
@given(st.lists(_replies | _json.filter(lambda value: not isinstance(value, dict)), min_size=1, max_size=3))
def test_a_hostile_answer_becomes_a_plain_value_or_an_error(replies: list[Any]) -> None:
    items, group = [1], {2}
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for reply in replies:
            body = json.dumps(reply).encode()
            theirs.sendall(len(body).to_bytes(4, "big") + body)
        theirs.shutdown(socket.SHUT_WR)
        judge = Peer(ours.fileno())
        try:
            value = judge.ask("call", Remote(judge, 0), items, group)
        except Exception as error:  # the kinds that may end the judge, such as SystemExit, are not among these
            assert type(error).__module__ in ("builtins", Peer.__module__)  # noqa: PT017
        else:
            assert _is_harmless(value), value
    assert _is_harmless(items), items
    assert _is_harmless(group), group


def _is_harmless(value: object) -> bool:
    """Whether all its methods come from built-in types and modules of the standard library."""
    if type(value) in (list, tuple, set, frozenset):
        return all(map(_is_harmless, cast("Iterable[object]", value)))
    if type(value) is dict:
        return all(map(_is_harmless, (*value.keys(), *value.values())))
    if type(value) is types.ModuleType:
        return value.__name__.partition(".")[0] in sys.stdlib_module_names
    return value is None or type(value) in (bool, int, float, str, range, Fraction, Remote)


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["call", "get", "item", "iter", "next", "eq", "str", "name", "import", ""]),
    _coded | st.just(["own", 0]),
    st.lists(_coded, max_size=2),
)
def test_the_judge_allows_only_calls_of_functions_it_passed(operation: str, on: Any, args: list[Any]) -> None:
    called = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        order = {"do": operation, "on": on, "args": args, "kwargs": [], "name": "called"}
        for message in (order, {"value": None}):
            body = json.dumps(message).encode()
            theirs.sendall(len(body).to_bytes(4, "big") + body)
        judge = Peer(ours.fileno())
        judge.ask("call", Remote(judge, 0), lambda *given: called.append(given))
        asked = json.loads(_message(theirs))
        assert asked["do"] == "call"
        reply = json.loads(_message(theirs))
    if operation != "call":
        assert "error" in reply
        assert not called
    if "value" in reply:
        assert on == ["own", 0] or on[0] == "own"
        assert called


def _message(end: socket.socket) -> bytes:
    length = int.from_bytes(end.recv(4, socket.MSG_WAITALL), "big")
    return end.recv(length, socket.MSG_WAITALL)


def test_a_message_too_long_or_cut_off_closes_the_link() -> None:
    for sent in (b"\xff\xff\xff\xff", b"\0\0\0\x09{}", b"\0\0", b"\0\0\0\x02[]", b"\0\0\0\x02{,"):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(sent)
            theirs.shutdown(socket.SHUT_WR)
            judge = Peer(ours.fileno())
            with pytest.raises(ClosedError):
                judge.ask("call", Remote(judge, 0))


def test_remote_objects_never_equal_plain_values_and_keep_their_identity() -> None:
    class Equal:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    kept = Equal()
    with _linked({"make": lambda: kept, "is_kept": lambda x: x is kept}) as peer:
        made = peer.look_up("make")()
        assert not made == 5  # noqa: SIM201
        assert made != "text"
        assert peer.look_up("is_kept")(made) is True
        with pytest.raises(LookupError):
            peer.look_up("nothing")


def test_other_errors_arrive_as_the_built_in_error_they_derive_from() -> None:
    class OwnError(KeyError):
        pass

    def fail() -> None:
        raise OwnError("x")

    with _linked({"fail": fail, "bad": lambda: b"\xff".decode()}) as peer:
        with pytest.raises(KeyError):
            peer.look_up("fail")()
        with pytest.raises(RemoteError):  # UnicodeDecodeError cannot be made from a text alone
            peer.look_up("bad")()
