"""What the environment says about connections, and which variable is at fault when none can be made.

The HTTP client reads the variables itself and fails with whatever its parsers raise; these functions read them again to
name the one that must change.
"""

from __future__ import annotations

import importlib.util
import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from .errors import HubError

_PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
_SCHEMES = ("http", "https", "socks5", "socks5h")
_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_QUOTES = "\"'`“”‘’„«»"
_UNREAD_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class HubSettingsError(HubError):
    """A variable of the environment makes every request impossible. Nothing was sent."""


def client_error(error: Exception) -> HubSettingsError:
    """Why the HTTP client cannot be built, which happens before any request."""
    for problem in (*_proxy_problems(), *_certificate_problems()):
        return problem
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:160].rstrip(".")
    return HubSettingsError(
        f"The HTTP client cannot be started: {reason}.",
        hint="Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE, or unset them.",
    )


def check_endpoint(endpoint: str) -> None:
    """Check that the hub's address can be one.

    Raises:
        HubSettingsError: it cannot.
    """
    try:
        parts = urlsplit(endpoint)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        right = False
    if not right:
        raise HubSettingsError(
            f"HF_ENDPOINT is not the address of a hub: {os.environ.get('HF_ENDPOINT', endpoint)}.",
            hint="Write it like https://huggingface.co, or unset it.",
        )


def proxy_hint() -> str:
    """A sentence that names the proxy variables in use; empty without any."""
    names = [name for name, _value in _proxies()]
    if not names:
        return ""
    values = ", ".join(f"{name} ({without_password(value)})" for name, value in _proxies())
    return f"Requests go through {values}: check {'it' if len(names) == 1 else 'them'} or set NO_PROXY."


def certificate_hint() -> str:
    """What to do when the hub's certificate is not trusted."""
    for problem in _certificate_problems():
        return str(problem)
    for name in _UNREAD_BUNDLES:
        if os.environ.get(name) and not os.environ.get("SSL_CERT_FILE"):
            return f"Set SSL_CERT_FILE to the file that {name} names."
    return "If your network inspects connections, set SSL_CERT_FILE to a file with its certificates."


def token_source() -> str:
    """Where the token comes from, in words."""
    for name in _TOKENS:
        if os.environ.get(name, "").strip():
            return name
    return "the login of `hf auth login`"


def clean_token(text: str | None) -> tuple[str | None, str]:
    """A token without the quotes and spaces that come along when it is copied, and why it cannot be used at all."""
    token = (text or "").strip().strip(_QUOTES).strip()
    if not token:
        return None, ""
    if not token.isascii() or not token.isprintable() or " " in token:
        return None, "has characters that no token has"
    return token, ""


def without_password(url: str) -> str:
    """The address without the user's name and password."""
    scheme, separator, rest = url.rpartition("://")
    before, at, host = rest.rpartition("@")
    return f"{scheme}{separator}…@{host}" if at and before else url


def _proxies() -> Iterator[tuple[str, str]]:
    """The variables as the client reads them: the small spelling wins."""
    for name in _PROXIES:
        for spelling in (name.lower(), name):
            value = os.environ.get(spelling, "").strip()
            if value:
                yield spelling, value
                break


def _proxy_problems() -> Iterator[HubSettingsError]:
    import httpx2

    for name, value in _proxies():
        shown = without_password(value)
        try:
            url = httpx2.URL(value if "://" in value else f"http://{value}")
        except httpx2.InvalidURL:
            url = httpx2.URL("")
        if url.scheme and url.scheme not in _SCHEMES:
            yield HubSettingsError(
                f"{name} names a proxy of an unknown kind: {shown}.",
                hint=f"Use one of {', '.join(_SCHEMES)}, or unset {name}.",
            )
        elif not url.host:
            yield HubSettingsError(
                f"{name} is not the address of a proxy: {shown}.",
                hint=f"Write it like http://host:3128, or unset {name}.",
            )
        elif url.scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
            yield HubSettingsError(
                f"{name} names a SOCKS proxy ({shown}), for which a package is missing.",
                hint=f"Run `pip install socksio` in weighin's environment, or unset {name}.",
            )


def _certificate_problems() -> Iterator[HubSettingsError]:
    file, folder = os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")
    if file:
        reason = ""
        try:
            if not Path(file).exists():
                reason = "a file that does not exist"
            else:
                ssl.create_default_context(cafile=file)
        except ssl.SSLError:
            reason = "a file without certificates"
        except (OSError, ValueError):
            reason = "a file that cannot be read"
        if reason:
            yield HubSettingsError(f"SSL_CERT_FILE names {reason}: {file}.", hint="Correct or unset it.")
    elif folder and not all(Path(each).is_dir() for each in folder.split(os.pathsep) if each):
        yield HubSettingsError(
            f"SSL_CERT_DIR names a folder that does not exist: {folder}.", hint="Correct or unset it."
        )
