"""Errors of the hub, its cache, model names, bundles and other model stores.

``from_client`` and ``from_status`` turn the HTTP client's exceptions into these.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Mapping

from ..errors import WeighinError
from ..visible import visible


class HubError(WeighinError):
    """Base of everything that fails around the hub, bundles and model stores."""


class ModelReferenceError(HubError):
    """The text is not a model name."""


class NoSuchPathError(ModelReferenceError):
    """The text is a path, and nothing exists there."""


class UnknownModelError(ModelReferenceError):
    """The text is a well-formed name, and neither the catalog nor a store on this machine has a model of that name."""


class HubNotFoundError(HubError):
    """No such repo, revision or file, or a private one that this token cannot see."""


class GatedModelError(HubError):
    """The user must accept the terms first. The hint has the page."""


class BadTokenError(HubError):
    """The hub rejects the token."""


class RateLimitedError(HubError):
    """Too many requests."""


class OfflineError(HubError):
    """``HF_HUB_OFFLINE`` is set, and the file is not on this machine."""


class NoConnectionError(HubError):
    """The hub cannot be reached, or the connection kept breaking."""


class ServerTroubleError(HubError):
    """The hub reports an internal error, or its response is unusable."""


class StalledError(HubError):
    """The connection stays open, and nothing arrives."""


class DiskFullError(HubError):
    """No space left for the file. The part that fit is kept."""


class CorruptedDownloadError(HubError):
    """The bytes do not match the hub's checksum, and were deleted."""


class UserCancelledError(HubError):
    """The user stopped a download or a copy. Its bytes are kept."""


class LocalStoreError(HubError):
    """A file or folder on this machine cannot be read or written."""


class BundleError(HubError):
    """A bundle is incomplete, altered or not a bundle. ``problems`` lists every affected file."""

    def __init__(self, what: str, *, problems: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.problems = problems


_TOKEN = re.compile(r"\b(?:hf|api_org)_\w{4,}")
_SHOWN_LETTERS = 160
_TOKEN_HINT = "Log in with 'hf auth login' or set HF_TOKEN."


def causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and its causes: the client wraps a refused connection as "not in the cache"."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def is_disk_full(error: BaseException) -> bool:
    """A full disk, a quota, or a limit on the file's size."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def offline_error(subject: str) -> OfflineError:
    """``subject``, as the user wrote it, is not on this machine and cannot be downloaded."""
    return OfflineError(
        f"{subject} is not on this machine, and HF_HUB_OFFLINE is set.",
        hint=f"Unset it and run `weighin pull {subject}`, or `weighin bundle import FOLDER` with a bundle that has it.",
    )


def from_client(error: BaseException, *, subject: str, endpoint: str, repo: str = "") -> HubError:
    """Turn an exception of the HTTP client into one of ours.

    ``subject`` is the requested thing as the user would name it. ``repo`` gives the page where terms are accepted.
    """
    import httpx2
    from huggingface_hub import errors as hf

    for cause in causes(error):
        if isinstance(cause, HubError):
            return cause
        if isinstance(cause, hf.OfflineModeIsEnabled):
            return offline_error(subject)
        if isinstance(cause, hf.HfHubHTTPError) and cause.response is not None:
            return from_status(cause, subject=subject, endpoint=endpoint, repo=repo)
        if isinstance(cause, httpx2.ConnectTimeout):
            return NoConnectionError(f"{endpoint} does not answer.", hint="Check the network and the proxy settings.")
        if isinstance(cause, httpx2.TimeoutException):
            return StalledError(f"{endpoint} stopped sending {subject}.", hint="Try again; the download resumes.")
        if isinstance(cause, httpx2.TransportError):
            return NoConnectionError(
                f"{endpoint} cannot be reached, or the connection broke ({_short(cause)}).",
                hint="Check the network, HF_ENDPOINT and the proxy settings.",
            )
        if is_disk_full(cause):
            return DiskFullError(f"The disk is full; {subject} is not complete.", hint="Free some space and try again.")
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
            f"The hub rejects your token ({message or 'status 401'}).",
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
