"""Turns the HTTP client's exceptions into our errors."""

from __future__ import annotations

import json
import os
import re
import ssl
from collections.abc import Mapping

from ..visible import visible
from .errors import (
    BadTokenError,
    DiskFullError,
    GatedModelError,
    HubError,
    HubNotFoundError,
    NoConnectionError,
    RateLimitedError,
    ServerTroubleError,
    StalledError,
    causes,
    is_disk_full,
    offline_error,
)
from .settings import certificate_hint, proxy_hint, token_source

_CHECK = "Check the network, HF_ENDPOINT and the proxy settings."
_TOKEN = re.compile(r"\b(?:hf|api_org)_\w{4,}")
_SHOWN_LETTERS = 160
_TOKEN_HINT = "Log in with 'hf auth login' or set HF_TOKEN."


def from_client(error: BaseException, *, subject: str, endpoint: str, repo: str = "") -> HubError:
    """Turn an exception of the HTTP client into one of ours.

    ``subject`` is the requested thing as the user would name it. ``repo`` gives the page where terms are accepted.
    """
    import httpx2
    from huggingface_hub import errors as hf

    untrusted = any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error))
    for cause in causes(error):
        if isinstance(cause, HubError):
            return cause
        if isinstance(cause, hf.OfflineModeIsEnabled):
            return offline_error(subject)
        if isinstance(cause, hf.HfHubHTTPError) and cause.response is not None:
            return from_status(cause, subject=subject, endpoint=endpoint, repo=repo)
        if untrusted:
            return NoConnectionError(f"The certificate of {endpoint} is not trusted.", hint=certificate_hint())
        if isinstance(cause, httpx2.ProxyError):
            return NoConnectionError(
                f"The proxy refuses to connect to {endpoint} ({_short(cause)}).", hint=proxy_hint() or _CHECK
            )
        if isinstance(cause, httpx2.ConnectTimeout):
            return NoConnectionError(f"{endpoint} does not answer.", hint=proxy_hint() or _CHECK)
        if isinstance(cause, httpx2.TimeoutException):
            return StalledError(f"{endpoint} stopped sending {subject}.", hint="Try again; the download resumes.")
        if isinstance(cause, httpx2.TransportError):
            return NoConnectionError(
                f"{endpoint} cannot be reached, or the connection broke ({_short(cause)}).",
                hint=proxy_hint() or _CHECK,
            )
        if is_disk_full(cause):
            return DiskFullError(f"The disk is full; {subject} is not complete.", hint="Free some space and try again.")
        if isinstance(cause, json.JSONDecodeError):
            return ServerTroubleError(
                f"{endpoint} sent something else than data for {subject}, such as a page to sign in to a network.",
                hint=f"Open it in a browser. {proxy_hint() or _CHECK}",
            )
    return ServerTroubleError(
        f"{endpoint} sent an unusable response for {subject} ({_short(error)}).", hint="Try again."
    )


def from_status(error: BaseException, *, subject: str, endpoint: str, repo: str = "") -> HubError:
    """Turn a response with status 400 or above, raised by huggingface_hub as ``error``, into one of ours."""
    from huggingface_hub import errors as hf

    assert isinstance(error, hf.HfHubHTTPError)
    response = error.response
    status = response.status_code
    page = f"{endpoint}/{repo}" if repo else endpoint
    with_token = "authorization" in response.request.headers
    message = without_secrets(response.headers.get("X-Error-Message", ""), response.request.headers)
    if type(error) is hf.HfHubHTTPError and not str(response.url).startswith(endpoint):
        return ServerTroubleError(f"The storage host {response.url.host} answered {status} for {subject}.")
    if isinstance(error, hf.GatedRepoError):
        if with_token:
            return GatedModelError(
                f"{repo or subject} is gated, and your account has no access yet.",
                hint=f"Accept the terms on {page} and try again.",
            )
        return GatedModelError(f"{repo or subject} is gated.", hint=f"Accept the terms on {page}. {_TOKEN_HINT}")
    if isinstance(error, hf.DisabledRepoError):
        return HubNotFoundError(f"{repo or subject} was disabled by the hub.", hint="Choose another repo.")
    if isinstance(error, hf.RevisionNotFoundError):
        return HubNotFoundError(f"{repo or subject} has no such revision.", hint=f"See {page}.")
    if isinstance(error, hf.RemoteEntryNotFoundError):
        return HubNotFoundError(f"{subject} is not on the hub.", hint=f"See the files on {page}.")
    if status == 401 and with_token:
        return BadTokenError(
            f"The hub rejects your token ({message or 'status 401'}). It comes from {token_source()}.",
            hint="Create a new token in your hub settings, then log in again.",
        )
    if isinstance(error, hf.RepositoryNotFoundError) or status in {401, 404}:
        hint = "Check the spelling." if with_token else f"Check the spelling. If it is private: {_TOKEN_HINT}"
        return HubNotFoundError(f"There is no repo {repo or subject} on {endpoint}, or it is private.", hint=hint)
    if status == 403:
        return BadTokenError(
            f"Your token has no access to {repo or subject} ({message or 'status 403'}).",
            hint="Give the token read access to this repo.",
        )
    if status == 429:
        wait_s = asked_wait_s(response.headers)
        when = f" of {wait_s:.0f} s" if wait_s is not None else ""
        return RateLimitedError(f"{endpoint} asks for a pause{when}: too many requests.", hint="Try again later.")
    return ServerTroubleError(f"{endpoint} answered {status} for {subject}.", hint="Try again later.")


def asked_wait_s(headers: object) -> float | None:
    """The pause in seconds that the ``RateLimit`` or ``Retry-After`` header asks for; None without them."""
    from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined] # exported lazily

    assert isinstance(headers, Mapping)
    limit = parse_ratelimit_headers(headers)
    if limit is not None and limit.remaining == 0:
        return float(limit.reset_in_seconds)
    after = str(headers.get("Retry-After", "")).strip()
    return float(after) if after.isascii() and after.isdigit() and len(after) < 10 else None


def without_secrets(text: str, headers: Mapping[str, str] | None = None) -> str:
    """What a server said as one short line, without the tokens that it may echo. ``headers`` are the request's."""
    for secret in ((headers or {}).get("authorization", "").rpartition(" ")[2], os.environ.get("HF_TOKEN", "").strip()):
        if secret:
            text = text.replace(secret, "***")
    return _TOKEN.sub("***", visible(text.strip()))[:_SHOWN_LETTERS]


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return without_secrets(lines[0]) if lines else type(error).__name__
