"""Connect to the hub: endpoint, token, cache, time limits, and retries.

``HF_ENDPOINT``, ``HF_HOME``, ``HF_HUB_CACHE``, ``HF_TOKEN``, ``HF_HUB_OFFLINE`` and the proxy variables are read by
huggingface_hub and its HTTP client, whose session is used for everything.
Xet is never used, because its transfers cannot resume in another process. Every file is downloaded over HTTP.
"""

from __future__ import annotations

import logging
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from ..errors import WeighinError
from .bounded import FILE, bound
from .errors import HubError, RateLimitedError, UserCancelledError, causes
from .settings import check_endpoint, clean_token, client_error, token_source
from .translate import asked_wait_s, from_client

if TYPE_CHECKING:
    import httpx2

T = TypeVar("T")

_MAX_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_RETRIED_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_WAIT_STEP_S = 0.1

_log = logging.getLogger("weighin.hub")
"""What the user must be told although nothing failed."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how patiently failed requests are repeated."""

    attempts: int = 6
    """Failures in a row, without useful progress in between, before giving up."""
    total_attempts: int = 100
    """Total failures of one file before giving up, whatever the progress."""
    useful_bytes: int = 256 * 2**10
    """Number of new bytes that count as useful progress."""
    first_wait_s: float = 1.0
    """Doubles with each failure in a row."""
    longest_wait_s: float = 30.0
    longest_asked_wait_s: float = 300.0
    """A longer pause requested by the hub is an error."""

    def wait_s(self, failures: int, asked_s: float | None = None) -> float:
        """Seconds to wait after ``failures`` (1, 2, …) in a row."""
        if asked_s is not None:
            return asked_s
        return min(self.first_wait_s * 2.0 ** min(failures - 1, 20), self.longest_wait_s)


class TokenState:
    """Whether the hub takes the token: what it rejects is not sent again, because public repos need none."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        """Why it is not used, as what follows "Your token"; empty while it is."""
        self._told = False

    def reject(self) -> None:
        """Send no more requests with the token, because the hub rejects it."""
        self.problem = "is rejected by the hub"

    def tell(self) -> None:
        """Log once that requests go without the token."""
        if not self._told:
            self._told = True
            _log.warning(
                f"Your token ({token_source()}) {self.problem}, so weighin continues without it. Public repos need no"
                " token. For others, create a new one in your hub settings and log in again."
            )


class Hub(msgspec.Struct, frozen=True, kw_only=True):
    """A hub and the settings to talk to it. Create it with ``connect``."""

    endpoint: str
    cache_dir: Path
    """The folder with the ``models--owner--name`` folders."""
    token: str | None
    token_state: TokenState = msgspec.field(default_factory=TokenState)
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 20.0
    """A transfer without new bytes for this long has stalled."""
    retry: RetryPolicy = RetryPolicy()
    clock: Callable[[], float] = time.monotonic
    """Seconds, for rates and pauses."""
    sleep: Callable[[float], None] = time.sleep

    @property
    def usable_token(self) -> str | None:
        """The token, unless the hub has rejected it."""
        return None if self.token_state.problem else self.token

    def headers(self) -> dict[str, str]:
        """Headers for requests to the hub itself, never to another host."""
        found = {"accept-encoding": "identity", "user-agent": "weighin"}
        if self.usable_token:
            found["authorization"] = f"Bearer {self.usable_token}"
        return found

    def file_url(self, repo: str, revision: str, name: str) -> str:
        """The URL of a file in a repo."""
        return f"{self.endpoint}/{repo}/resolve/{quote(revision, safe='')}/{quote(name)}"


def connect() -> Hub:
    """The hub from the environment. Sends nothing."""
    constants = client_constants()
    from huggingface_hub import get_token

    constants.HF_HUB_DISABLE_XET = True
    if not {"HF_HUB_VERBOSITY", "HF_DEBUG"} & os.environ.keys():
        # Its lines about retries come besides our sentence, and overwrite screens.
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        token, problem = clean_token(get_token())
    except (OSError, ValueError):  # the file with the login is no text, or somebody else's
        token, problem = None, "cannot be read"
    return Hub(
        endpoint=constants.ENDPOINT.rstrip("/"),
        cache_dir=Path(constants.HF_HUB_CACHE).expanduser(),
        token=token,
        token_state=TokenState(problem),
    )


def client_constants() -> Any:
    """The settings of huggingface_hub, which reads the environment when it is imported.

    Raises:
        HubSettingsError: a variable stops it.
    """
    try:
        # Takes a third of a second, and is not needed without a network.
        from huggingface_hub import constants
    except ValueError:
        check_endpoint(os.environ.get("HF_ENDPOINT", ""))
        raise
    return constants


def session() -> httpx2.Client:
    """The session of huggingface_hub, with its proxies and its client factory. Its answers are bounded.

    Raises:
        HubSettingsError: a variable of the environment makes it impossible.
    """
    from huggingface_hub import get_session

    try:
        client = get_session()
    except Exception as error:  # what the parsers of proxies and certificates raise, and missing packages
        raise client_error(error) from error
    bound(client)
    return client


def raise_for_status(response: httpx2.Response) -> None:
    """Raise HfHubHTTPError, or the subclass for the hub's ``X-Error-Code``, for status 400 and above."""
    from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined] # exported lazily

    hf_raise_for_status(response)


def is_offline() -> bool:
    """Whether ``HF_HUB_OFFLINE`` forbids any request."""
    return bool(client_constants().is_offline_mode())


def never() -> bool:
    """The default for ``cancelled``."""
    return False


def do_nothing() -> None:
    """The default for callbacks without an argument."""


def ignore_bytes(count: int) -> None:
    """The default for callbacks that count bytes."""


def wait(hub: Hub, seconds: float, cancelled: Callable[[], bool], subject: str) -> None:
    """Sleep in short steps.

    Raises:
        UserCancelledError: ``cancelled`` returned True.
    """
    left_s = seconds
    while True:
        if cancelled():
            raise cancelled_error(subject)
        if left_s <= 0:
            return
        step_s = min(left_s, _WAIT_STEP_S)
        hub.sleep(step_s)
        left_s -= step_s


def cancelled_error(subject: str) -> UserCancelledError:
    """The error for everything that the user stops."""
    return UserCancelledError(f"{subject} was cancelled.", hint="The next download resumes here.")


def is_worth_retrying(error: BaseException) -> bool:
    """Whether an error is temporary: the connection, a timeout, 429 or 5xx."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return error.response is not None and error.response.status_code in _RETRIED_STATUSES
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes(error)):
        return False
    return isinstance(error, httpx2.TransportError) and not isinstance(
        error, (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, httpx2.ProxyError)
    )


def asked_wait(error: BaseException, hub: Hub, *, subject: str) -> float | None:
    """The pause in seconds that the hub asks for with a 429 or 503.

    Raises:
        RateLimitedError: the pause is too long to wait for.
    """
    from huggingface_hub.errors import HfHubHTTPError

    if not isinstance(error, HfHubHTTPError) or error.response is None:
        return None
    if error.response.status_code not in {429, 503}:
        return None
    asked_s = asked_wait_s(error.response.headers)
    if asked_s is not None and asked_s > hub.retry.longest_asked_wait_s:
        raise RateLimitedError(
            f"{hub.endpoint} asks to wait {asked_s / 60:.0f} minutes before {subject}.",
            hint="Try again then; a token raises the limit.",
        ) from None
    return asked_s


def ask(hub: Hub, call: Callable[[], T], *, subject: str, repo: str = "", cancelled: Callable[[], bool] = never) -> T:
    """Run a short request, and repeat it after temporary errors, and without a token that the hub rejects.

    Raises:
        HubError: the request failed.
    """
    check_endpoint(hub.endpoint)
    if hub.token_state.problem:
        hub.token_state.tell()
    rejected: HubError | None = None
    # A dead endpoint should show within seconds. A long transfer has more patience.
    patience = min(hub.retry.attempts, 4)
    failures = 0
    while True:
        try:
            session()  # bounds what the client receives for ``call``
            answer = call()
        except WeighinError:
            raise
        except Exception as error:  # whatever the client, or reading its answer, makes of a strange one
            failures += 1
            if rejected is None and is_rejected_token(error, hub):
                rejected = from_client(error, subject=subject, endpoint=hub.endpoint, repo=repo)
                hub.token_state.reject()
                continue
            if not is_worth_retrying(error) or failures >= patience:
                if rejected is not None:  # it may be right, and the repo not this account's
                    hub.token_state.problem = ""
                    raise rejected from error
                raise from_client(error, subject=subject, endpoint=hub.endpoint, repo=repo) from error
            wait(hub, hub.retry.wait_s(failures, asked_wait(error, hub, subject=subject)), cancelled, subject)
            continue
        if rejected is not None:
            hub.token_state.tell()
        return answer


def is_rejected_token(error: BaseException, hub: Hub) -> bool:
    """Whether the hub rejects the token itself, whatever was asked for."""
    from huggingface_hub import errors as hf

    if not isinstance(error, hf.HfHubHTTPError) or isinstance(error, hf.GatedRepoError) or not hub.usable_token:
        return False
    asked = error.response
    return asked.status_code == 401 and "authorization" in asked.request.headers


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port. A token is only valid for one origin."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


@contextmanager
def open_stream(hub: Hub, url: str, *, extra: Mapping[str, str] | None = None) -> Iterator[httpx2.Response]:
    """GET ``url`` and follow redirects manually, so that the token is sent to the hub's own origin only.

    Raises:
        HfHubHTTPError: the status is 400 or above.
        httpx2.TransportError: the connection failed.
    """
    import httpx2

    check_endpoint(hub.endpoint)
    timeout = httpx2.Timeout(hub.read_timeout_s, connect=hub.connect_timeout_s)
    home = origin(hub.endpoint)
    for _ in range(_MAX_REDIRECTS + 1):
        headers = hub.headers() | dict(extra or {})
        if origin(url) != home:
            headers.pop("authorization", None)
        # auth=None keeps credentials of a .netrc away from storage hosts.
        with session().stream(
            "GET",
            url,
            headers=headers,
            follow_redirects=False,
            timeout=timeout,
            auth=None,
            extensions={FILE: True},
        ) as response:
            if response.has_redirect_location:
                target = urljoin(url, response.headers["location"])
                if origin(target)[0] not in _PORTS or (home[0] == "https" and origin(target)[0] == "http"):
                    raise httpx2.RemoteProtocolError(f"redirected to {target[:80]}")
                url = target
                continue
            raise_for_status(response)
            yield response
            return
    raise httpx2.TooManyRedirects(f"more than {_MAX_REDIRECTS} redirects", request=response.request)
