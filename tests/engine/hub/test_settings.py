"""Variables of the environment and answers that make the hub unusable: one sentence names what to change."""

from __future__ import annotations

import importlib.util
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import huggingface_hub
import pytest
from fixtures.standin_hub import StandIn
from hypothesis import given
from hypothesis import strategies as st

from weighin.engine.hub import client, errors
from weighin.engine.hub.client import connect
from weighin.engine.hub.listing import list_repo, search
from weighin.engine.hub.settings import HubSettingsError, clean_token, without_password
from weighin.engine.hub.translate import from_client

REPO = "owner/tiny"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080", "a package is missing"),
        ("all_proxy", "socks5h://127.0.0.1:1080", "a package is missing"),
        ("HTTPS_PROXY", "socks4://127.0.0.1:1080", "an unknown kind"),
        ("https_proxy", "ftp://proxy", "an unknown kind"),
        ("HTTP_PROXY", "http://[::1", "not the address of a proxy"),
        ("HTTP_PROXY", "http://proxy:port", "not the address of a proxy"),
        ("HTTPS_PROXY", "://", "not the address of a proxy"),
        ("SSL_CERT_FILE", "/no/such/file.pem", "does not exist"),
        ("SSL_CERT_FILE", __file__, "without certificates"),
    ],
)
def test_the_variable_that_stops_the_client_is_named(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch, make_hub: Callable[..., Any]
) -> None:
    hub = make_hub()
    huggingface_hub.close_session()
    monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_PROXY")
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda each: None if each == "socksio" else found(each))
    for call in (lambda: search(hub, "llama"), lambda: list_repo(hub, REPO)):
        with pytest.raises(HubSettingsError, match=says) as raised:
            call()
        assert name in str(raised.value)
        assert "unset" in str(raised.value)


@pytest.mark.parametrize(
    "value", ["localhost,[::1]", "fd07:b51a::/64", "::1/128", "*.local", "[", "http://[", "127.0.0.1"]
)
def test_any_form_of_exceptions_from_proxies_is_taken(
    value: str, monkeypatch: pytest.MonkeyPatch, make_hub: Callable[..., Any], standin: StandIn
) -> None:
    standin.add(REPO, {"s-Q4_0.gguf": b"GGUF"})
    monkeypatch.setenv("NO_PROXY", value)
    assert list_repo(make_hub(), REPO).repo == REPO


@pytest.mark.parametrize("endpoint", ["hub.example", "https:", "http://[::1", "http://host:port", "file:///x", ""])
def test_an_endpoint_that_is_no_address_is_named(endpoint: str, make_hub: Callable[..., Any]) -> None:
    with pytest.raises(HubSettingsError, match="HF_ENDPOINT is not the address"):
        search(make_hub(endpoint=endpoint), "llama")


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("hf_abc", "hf_abc"),
        ('"hf_abc"', "hf_abc"),
        (" 'hf_abc'\n", "hf_abc"),
        ("“hf_abc”", "hf_abc"),
        ("hf_äbc", None),
        ("hf_a bc", None),
        ("hf_a\nbc", None),
        ('""', None),
        ("", None),
        (None, None),
    ],
)
def test_a_token_is_used_without_what_came_along(text: str | None, token: str | None) -> None:
    assert clean_token(text)[0] == token


@given(st.text(max_size=20))
def test_a_token_can_be_sent_or_is_not(text: str) -> None:
    token, problem = clean_token(text)
    if token is not None:
        httpx2.Headers({"authorization": f"Bearer {token}"})
        assert not problem


def test_a_token_that_cannot_be_sent_is_told_and_left_out(
    monkeypatch: pytest.MonkeyPatch, make_hub: Callable[..., Any], standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    standin.add(REPO, {"s-Q4_0.gguf": b"GGUF"})
    monkeypatch.setenv("HF_TOKEN", "hf_ä")
    assert list_repo(make_hub(), REPO).repo == REPO
    assert "HF_TOKEN" in caplog.text
    monkeypatch.delenv("HF_TOKEN")
    token = Path(huggingface_hub.constants.HF_TOKEN_PATH)
    token.parent.mkdir(parents=True, exist_ok=True)
    token.write_bytes(b"\xff\xfe")
    assert connect().token_state.problem == "cannot be read"


def told(error: Exception) -> str:
    return str(from_client(error, subject="x", endpoint="https://hub"))


def test_a_connection_that_fails_names_the_proxy_and_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy:3128")
    for error in (httpx2.ConnectError("refused"), httpx2.ProxyError("407 x"), httpx2.ConnectTimeout("late")):
        assert "HTTPS_PROXY (http://…@proxy:3128)" in told(error)
    assert without_password("http://proxy:1") == "http://proxy:1"


def test_a_certificate_that_is_not_trusted_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    error = httpx2.ConnectError("failed")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed certificate in certificate chain")
    assert not client.is_worth_retrying(error)
    assert "is not trusted" in told(error)
    assert "SSL_CERT_FILE" in told(error)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/x.pem")
    assert "Set SSL_CERT_FILE to the file that REQUESTS_CA_BUNDLE names." in told(error)


class Answers(httpx2.BaseTransport):
    def __init__(self, text: str) -> None:
        self.text = text

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, text=self.text, request=request)


@pytest.mark.parametrize("text", ["<html>Sign in</html>", "", "[1]", "null", '"x"', "{}", '{"id": 3, "siblings": 7}'])
def test_an_answer_of_another_kind_is_one_sentence(
    text: str, monkeypatch: pytest.MonkeyPatch, make_hub: Callable[..., Any]
) -> None:
    hub = make_hub()
    huggingface_hub.set_client_factory(lambda: httpx2.Client(transport=Answers(text)))
    try:
        for call in (lambda: search(hub, "llama"), lambda: list_repo(hub, REPO)):
            try:
                assert call() == ()
            except errors.HubError as error:
                shown = str(error)
                assert hub.endpoint in shown
                assert ("sign in" in shown) == (not text.startswith(("[", "{", "n", '"')))
    finally:
        huggingface_hub.set_client_factory(huggingface_hub.utils._http.default_client_factory)


def test_a_token_that_the_hub_repeats_is_not_shown(make_hub: Callable[..., Any]) -> None:
    request = httpx2.Request("GET", "https://hub/x", headers={"authorization": "Bearer hf_secret"})
    response = httpx2.Response(401, headers={"X-Error-Message": "bad Bearer hf_secret"}, request=request)
    shown = told(huggingface_hub.errors.HfHubHTTPError("x", response=response))
    assert "secret" not in shown
    assert "rejects your token (bad Bearer ***)" in shown
