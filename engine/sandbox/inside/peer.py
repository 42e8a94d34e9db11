"""Lets two processes use each other's objects without trusting what the other sends.

Plain values (numbers, texts, lists, dicts, …) cross as copies of exactly the built-in types: a subclass with its own
``==`` arrives as the plain value. Everything else stays where it is and crosses as a number, for which the other side
gets a ``Remote``. A message is four bytes of length and JSON; nothing is unpickled.
"""

from __future__ import annotations

import builtins
import json
import operator
import os
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_MAX_MESSAGE_BYTES = 64 << 20
_MAX_DEPTH = 60
_MAX_CALLS_WITHIN_CALLS = 40
_CHANGEABLE = (list, dict, set, bytearray)


class ClosedError(Exception):
    """The other process has ended."""


class RemoteError(Exception):
    """The other process raised an error that is not a built-in one, or sent an invalid message."""


class Remote:
    """An object in the other process. It never equals a plain value, whatever its own ``==`` says."""

    def __init__(self, peer: Peer, number: int) -> None:
        self._peer = peer
        self._number = number

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return self._peer.ask("call", self, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return self._peer.ask("get", self, name)

    def __getitem__(self, key: object) -> Any:
        return self._peer.ask("item", self, key)

    def __contains__(self, value: object) -> bool:
        return self._peer.ask("contains", self, value) is True

    def __iter__(self) -> Iterator[Any]:
        iterator = self._peer.ask("iter", self)
        if not isinstance(iterator, Remote):
            raise RemoteError("an iterator was sent as a plain value")
        while True:
            try:
                yield self._peer.ask("next", iterator)
            except StopIteration:
                return

    def __next__(self) -> Any:
        return self._peer.ask("next", self)

    def __len__(self) -> int:
        return int(self._peer.ask("len", self))

    def __bool__(self) -> bool:
        return self._peer.ask("bool", self) is True

    def __str__(self) -> str:
        return str(self._peer.ask("str", self))

    def __repr__(self) -> str:
        return str(self._peer.ask("repr", self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remote) and self._peer.ask("eq", self, other) is True

    def __hash__(self) -> int:
        return self._number


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "call": lambda function, *args, **kwargs: function(*args, **kwargs),
    "get": getattr,
    "item": operator.getitem,
    "contains": operator.contains,
    "iter": iter,
    "next": next,
    "len": len,
    "bool": bool,
    "str": str,
    "repr": repr,
    "eq": operator.eq,
}


class Peer:
    """One end of the link.

    With ``names``, the other side can look them up and do anything with the objects here. Without ``names``, it can
    only call the functions that were passed to it.
    """

    def __init__(self, link_fd: int, names: Mapping[str, object] | None = None) -> None:
        self._fd = link_fd
        self._names = names
        self._objects: list[object] = []
        self._depth = 0
        self.unsendable = ""
        """The type of an object here that had to cross but cannot."""

    def look_up(self, name: str) -> Any:
        """The object that the other side calls ``name``; for a module of the standard library, this side's own module.

        Raises:
            LookupError: the other side has no such name.
        """
        return self._exchange({"do": "name", "name": name})

    def ask(self, operation: str, on: object, *args: object, **kwargs: object) -> Any:
        """The result of ``operation`` on an object of the other side.

        Lists, dicts and sets among the arguments change as the other side changed them.

        Raises:
            Exception: the other side raised this built-in exception; RemoteError stands for all others.
            ClosedError: the other side has ended.
        """
        message = {
            "do": operation,
            "on": self._encode(on),
            "args": [self._encode(value) for value in args],
            "kwargs": [[name, self._encode(value)] for name, value in kwargs.items()],
        }
        return self._exchange(message, args)

    def serve(self) -> None:
        """Answer the other side until it ends."""
        try:
            while True:
                self._handle(self._receive())
        except ClosedError:
            return

    def _exchange(self, message: dict[str, Any], given: tuple[object, ...] = ()) -> Any:
        if self._depth >= _MAX_CALLS_WITHIN_CALLS:
            raise RecursionError("calls between the processes are nested too deep")
        self._depth += 1
        try:
            self._send(message)
            while True:
                reply = self._receive()
                if "do" not in reply:
                    return self._unpack(reply, given)
                self._handle(reply)
        finally:
            self._depth -= 1

    def _unpack(self, reply: dict[str, Any], given: tuple[object, ...]) -> Any:
        if "error" in reply:
            raise _error(reply["error"])
        try:
            for index, changed in reply.get("changed", ()):
                _replace_content(given[int(index)], self._decode(changed))
            return self._decode(reply["value"])
        except (LookupError, TypeError, ValueError, ArithmeticError) as error:
            raise RemoteError(f"an answer could not be read: {error!r}") from None

    def _handle(self, message: dict[str, Any]) -> None:
        try:
            reply = self._do(message)
        except Exception as error:
            reply = {"error": [_built_in_name(error), _text(error)]}
        except BaseException as error:  # SystemExit and similar end the process where that is allowed
            if self._names is not None:
                raise
            reply = {"error": ["RemoteError", _text(error)]}
        self._send(reply)

    def _do(self, message: dict[str, Any]) -> dict[str, Any]:
        if message["do"] == "name":
            if self._names is None or message["name"] not in self._names:
                raise LookupError(message["name"])
            value = self._names[message["name"]]
            named = ["module", value.__name__] if isinstance(value, types.ModuleType) else self._encode(value)
            return {"value": named}
        if self._names is None and message["do"] != "call":
            raise PermissionError("only calls are open")
        on = self._decode(message["on"])
        if self._names is None and isinstance(on, Remote):
            raise PermissionError("only calls of functions here are open")
        args = [self._decode(value) for value in message["args"]]
        kwargs = {str(name): self._decode(value) for name, value in message["kwargs"]}
        value = self._encode(_OPERATIONS[message["do"]](on, *args, **kwargs))
        after = [self._encode(one) if isinstance(one, _CHANGEABLE) else None for one in args]
        changed = [
            [index, coded]
            for index, (coded, before) in enumerate(zip(after, message["args"], strict=True))
            if coded is not None and coded != before
        ]
        return {"value": value, "changed": changed} if changed else {"value": value}

    def _encode(self, value: object, depth: int = 0) -> Any:
        if value is None or value is True or value is False:
            return value
        if isinstance(value, Remote):
            return ["own", value._number]  # noqa: SLF001
        plain = _PLAIN.get(_plain_type(value))
        if plain is not None and depth < _MAX_DEPTH:
            return plain(value, lambda inner: self._encode(inner, depth + 1))
        if self._names is None and not (callable(value) and not isinstance(value, type)):
            self.unsendable = type(value).__name__
            raise TypeError(f"tests cannot hand over a {type(value).__name__}")
        self._objects.append(value)
        return ["object", len(self._objects) - 1]

    def _decode(self, coded: Any) -> Any:
        if coded is None or isinstance(coded, bool):
            return coded
        tag, content = coded[0], coded[1]
        if tag == "object":
            return Remote(self, int(content))
        if tag == "own":
            return self._objects[int(content)]
        if tag == "module":
            return _own_module(str(content))
        return _DECODERS[tag](content, self._decode)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode("ascii")
        if len(body) > _MAX_MESSAGE_BYTES:
            raise ValueError("a value is too large to hand over")
        data = memoryview(len(body).to_bytes(4, "big") + body)
        try:
            while data:
                data = data[os.write(self._fd, data) :]
        except OSError:
            raise ClosedError("the other process has ended") from None

    def _receive(self) -> dict[str, Any]:
        length = int.from_bytes(self._read(4), "big")
        if length > _MAX_MESSAGE_BYTES:
            raise ClosedError("a message is too long")
        try:
            message = json.loads(self._read(length))
        except (ValueError, RecursionError):
            raise ClosedError("a message is not JSON") from None
        if not isinstance(message, dict):
            raise ClosedError("a message is not an object")
        return message

    def _read(self, n_bytes: int) -> bytes:
        parts = []
        while n_bytes:
            try:
                part = os.read(self._fd, min(n_bytes, 1 << 20))
            except OSError:
                part = b""
            if not part:
                raise ClosedError("the other process has ended")
            parts.append(part)
            n_bytes -= len(part)
        return b"".join(parts)


_Coder = Callable[[Any, Callable[[Any], Any]], Any]


def _plain_type(value: object) -> str:
    # Fractions and decimals are plain if their module is loaded.
    for kind in (int, float, str, list, tuple, dict, set, frozenset, bytes, bytearray, complex, range):
        if isinstance(value, kind):
            return kind.__name__
    for module, name in (("fractions", "Fraction"), ("decimal", "Decimal")):
        if module in sys.modules and isinstance(value, getattr(sys.modules[module], name, ())):
            return name
    return ""


_PLAIN: dict[str, _Coder] = {
    "int": lambda value, _: ["int", hex(value)],  # hex has no limit on digits
    "float": lambda value, _: ["float", float.hex(value)],
    "str": lambda value, _: ["str", str.__str__(value)],
    "list": lambda value, code: ["list", [code(one) for one in value]],
    "tuple": lambda value, code: ["tuple", [code(one) for one in value]],
    "set": lambda value, code: ["set", [code(one) for one in value]],
    "frozenset": lambda value, code: ["frozenset", [code(one) for one in value]],
    "dict": lambda value, code: ["dict", [[code(key), code(one)] for key, one in value.items()]],
    "bytes": lambda value, _: ["bytes", value.hex()],
    "bytearray": lambda value, _: ["bytearray", value.hex()],
    "complex": lambda value, _: ["complex", [value.real.hex(), value.imag.hex()]],
    "range": lambda value, _: ["range", [hex(value.start), hex(value.stop), hex(value.step)]],
    "Fraction": lambda value, _: ["Fraction", [hex(value.numerator), hex(value.denominator)]],
    "Decimal": lambda value, _: ["Decimal", str(value)],
}

_DECODERS: dict[str, _Coder] = {
    "int": lambda content, _: int(content, 16),
    "float": lambda content, _: float.fromhex(content),
    "str": lambda content, _: str(content),
    "list": lambda content, decode: [decode(one) for one in content],
    "tuple": lambda content, decode: tuple(decode(one) for one in content),
    "set": lambda content, decode: {decode(one) for one in content},
    "frozenset": lambda content, decode: frozenset(decode(one) for one in content),
    "dict": lambda content, decode: {decode(key): decode(one) for key, one in content},
    "bytes": lambda content, _: bytes.fromhex(content),
    "bytearray": lambda content, _: bytearray.fromhex(content),
    "complex": lambda content, _: complex(float.fromhex(content[0]), float.fromhex(content[1])),
    "range": lambda content, _: range(*(int(one, 16) for one in content)),
    "Fraction": lambda content, _: _own_module("fractions").Fraction(*(int(one, 16) for one in content)),
    "Decimal": lambda content, _: _own_module("decimal").Decimal(content),
}


def _own_module(name: str) -> Any:
    if name.partition(".")[0] not in sys.stdlib_module_names:
        raise RemoteError(f"{name} is not a module of the standard library")
    __import__(name)
    return sys.modules[name]


def _replace_content(mine: Any, changed: Any) -> None:
    if type(mine) is not type(changed):
        raise TypeError("an argument came back as another type")
    if isinstance(mine, (list, bytearray)):
        mine[:] = changed
    else:
        mine.clear()
        mine.update(changed)


def _built_in_name(error: Exception) -> str:
    return next((kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"), "RemoteError")


def _text(error: BaseException) -> str:
    try:
        return str(error)[:500]
    except Exception:
        return type(error).__name__


def _error(sent: object) -> Exception:
    """The built-in exception for ``[name, text]``, or RemoteError."""
    name, text = (str(part) for part in sent) if isinstance(sent, list) and len(sent) == 2 else ("", "")
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        try:
            return kind(text)
        except TypeError:  # UnicodeDecodeError and similar need more arguments
            pass
    return RemoteError(text)
