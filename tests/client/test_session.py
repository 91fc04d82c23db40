"""What the transport makes of real sockets that misbehave (``reliability.md`` §2.1, §2.2, §2.6, §2.7; §5 N and A)."""

from __future__ import annotations

import gzip
import http.client
import json
import select
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest

from django_playlyfe.client.connections import Flight
from django_playlyfe.client.outcomes import Arrived, Failed
from django_playlyfe.client.redaction import Secret
from django_playlyfe.client.session import USER_AGENT, BearerToken, NoCredentials, Outgoing, Transport, TransportOptions
from django_playlyfe.exceptions import ConfigurationError

from .clocks import FakeClock
from .servers import http as http_answer
from .servers import raw_server, reset

CERTIFICATES = Path(__file__).parent / "certificates"
OK = http_answer(b'{"ok": true}')


@pytest.fixture
def transport():
    made = Transport()
    yield made
    made.close()


def request(url, method="GET", body=None, largest=2 * 1024 * 1024):
    return Outgoing(method, url, {"X-Request-ID": "r1"}, {}, body, largest)


def send(
    transport, url, method="GET", body=None, *, auth=None, connect=2.0, read=2.0, wall=5.0, largest=2 * 1024 * 1024
):
    outgoing = request(url, method, body, largest)
    return transport.send(outgoing, auth or NoCredentials(), connect=connect, read=read, wall=wall)


def answering(data):
    def script(server, connection, number):
        while server.read_request(connection):
            connection.sendall(data)

    return script


# headers, cookies, credentials ----------------------------------------------------------------------------------------


def test_a_request_carries_our_headers_and_no_others(transport):
    with raw_server(answering(OK)) as server:
        send(transport, server.url + "/v2/admin", auth=BearerToken(Secret("tok-123456"), "header"))
    lines = server.received[0].decode().split("\r\n")
    assert lines[0] == "GET /v2/admin HTTP/1.1"
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    assert headers == {
        "Host": f"127.0.0.1:{server.port}",
        "User-Agent": USER_AGENT,
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "X-Request-ID": "r1",
        "Authorization": "Bearer tok-123456",
    }
    assert USER_AGENT.startswith("django-playlyfe/")


def test_a_token_in_the_query_is_quoted_and_leaves_no_header(transport):
    with raw_server(answering(OK)) as server:
        send(transport, server.url + "/v2/admin", auth=BearerToken(Secret("tok+/=1"), "query"))
    assert server.received[0].startswith(b"GET /v2/admin?access_token=tok%2B%2F%3D1 HTTP/1.1\r\n")
    assert b"Authorization" not in server.received[0]


def test_cookies_are_neither_kept_nor_sent(transport):
    answer = http_answer(b"{}", headers="Set-Cookie: session=of-somebody-else; Path=/\r\n")
    with raw_server(answering(answer)) as server:
        for _ in range(3):
            send(transport, server.url)
    assert len(server.received) == 3
    assert not any(b"Cookie" in seen for seen in server.received)


@pytest.mark.fault("N10")
def test_netrc_changes_nothing(transport, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login thief password stolen\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with raw_server(answering(OK)) as server:
        send(transport, server.url, auth=BearerToken(Secret("tok-123456"), "header"))
        send(transport, server.url, "POST", b"{}")  # as for a token
    assert b"Authorization: Bearer tok-123456" in server.received[0]
    assert b"Authorization" not in server.received[1]


# redirects ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_other_host_hears_nothing(transport, status):
    with raw_server(answering(OK)) as thief:
        away = http_answer(b"x" * 1000, status=f"{status} Moved", headers=f"Location: {thief.url}/\r\n")
        with raw_server(answering(away)) as server:
            result = send(transport, server.url, "POST", b'{"client_secret": "s"}')
        assert thief.connections == 0
    assert result.status == status
    assert result.body == b""


# what was sent --------------------------------------------------------------------------------------------------------


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_refused_connection_was_not_sent(transport):
    assert send(transport, f"http://127.0.0.1:{closed_port()}", "POST", b"{}") == Failed(
        "refused", sent=False, cause="ConnectionError"
    )


def test_an_unknown_host_was_not_sent(transport, monkeypatch):
    def resolve(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    result = send(transport, "http://game.example", "POST", b"{}")
    assert (result.reason, result.sent) == ("dns", False)


def test_a_host_that_does_not_pick_up_was_not_sent(transport, monkeypatch):
    def connect(*_args, **_options):
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    result = send(transport, "http://game.example", "POST", b"{}")
    assert (result.reason, result.sent) == ("connect_timeout", False)


def test_a_reset_before_the_request_was_not_sent(transport, monkeypatch):
    board = Flight.board

    def board_and_wait_for_the_reset(flight, connected):
        board(flight, connected)
        select.select([connected], [], [], 2)

    monkeypatch.setattr(Flight, "board", board_and_wait_for_the_reset)
    with raw_server(lambda server, connection, number: reset(connection)) as server:
        result = send(transport, server.url, "POST", b"{}")
    assert (result.reason, result.sent) == ("refused", False)


@pytest.mark.parametrize("end", [reset, socket.socket.close], ids=["reset", "fin"])
def test_a_connection_that_breaks_after_the_request_may_have_done_its_work(transport, end):
    def script(server, connection, number):
        server.read_request(connection)
        end(connection)

    with raw_server(script) as server:
        result = send(transport, server.url, "POST", b"{}")
    assert (result.reason, result.sent) == ("connection_lost", True)


def test_a_server_that_never_answers_is_left_after_the_read_timeout(transport):
    with raw_server(lambda server, connection, number: (server.read_request(connection), connection.recv(1))) as server:
        result = send(transport, server.url, "POST", b"{}", read=0.1)
    assert (result.reason, result.sent) == ("read_timeout", True)


# the hard limit -------------------------------------------------------------------------------------------------------


def dripping(data, every=0.02):
    def script(server, connection, number):
        server.read_request(connection)
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return script


@pytest.mark.parametrize(
    "data",
    [b"HTTP/1.1 200 OK\r\n" + b"X-Drip: 1\r\n" * 500, http_answer(b" " * 5000)],
    ids=["headers", "body"],
)
def test_a_dripping_answer_is_cut_at_the_hard_limit(transport, data):
    with raw_server(dripping(data)) as server:
        started = time.monotonic()
        result = send(transport, server.url, "POST", b"{}", wall=0.3)
        assert time.monotonic() - started < 30  # the whole answer takes a minute and more
    assert result == Failed("deadline", sent=True)


def test_headers_cut_short_are_not_taken_for_an_empty_success(transport):
    # Shut down here, these headers would parse as a complete 200 without a body.
    data = b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-More: " + b"a" * 200
    with raw_server(dripping(data, every=0.05)) as server:
        assert send(transport, server.url, wall=0.3) == Failed("deadline", sent=True)


def test_a_call_that_ends_in_time_is_not_cut_later(transport):
    with raw_server(answering(OK)) as server:
        for _ in range(3):
            assert send(transport, server.url, wall=0.2).status == 200
        assert server.connections == 1


def test_the_handshake_of_tls_is_under_the_limit_too():
    transport = Transport(TransportOptions(ca_bundle=str(CERTIFICATES / "ca.pem")))
    with raw_server(
        lambda server, connection, number: dripping(b"\x16\x03" * 200)(server, connection, number)
    ) as server:
        started = time.monotonic()
        result = send(transport, server.url.replace("http", "https"), "POST", b"{}", wall=0.3)
        assert time.monotonic() - started < 30  # the whole answer takes a minute and more
    transport.close()
    # Which of the limits, all of 0.3 s, is met first is the scheduler's business.
    assert result.reason in {"deadline", "tls", "connect_timeout"}
    assert not result.sent


# bodies ---------------------------------------------------------------------------------------------------------------


def test_a_gzip_bomb_stays_small(transport):
    bomb = gzip.compress(b"\0" * 1_000_000) * 300
    assert len(bomb) < 400_000
    answer = http_answer(bomb, headers="Content-Encoding: gzip\r\n")
    with raw_server(answering(answer)) as server:
        tracemalloc.start()
        result = send(transport, server.url)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert isinstance(result, Arrived)
    assert result.trouble == "too_large"
    assert peak < 10_000_000, f"{peak:,} bytes"


def test_a_compressed_answer_is_read(transport):
    answer = http_answer(gzip.compress(b'{"ok": 1}'), headers="Content-Encoding: gzip\r\n")
    with raw_server(answering(answer)) as server:
        assert send(transport, server.url).body == b'{"ok": 1}'


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(b"this is not gzip", "gzip"), (zlib.compress(b"{}"), ", ".join(["gzip"] * 6))],
    ids=["damaged", "nested"],
)
def test_what_cannot_be_decompressed_is_said_to_be_so(transport, body, encoding):
    with raw_server(answering(http_answer(body, headers=f"Content-Encoding: {encoding}\r\n"))) as server:
        assert send(transport, server.url).trouble == "undecodable"


@pytest.mark.parametrize(
    "answer",
    [
        http_answer(b'{"a', length=50),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n" + b'{"a":',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["length", "chunked", "no chunk"],
)
def test_a_body_that_ends_early_is_truncated(transport, answer):
    def script(server, connection, number):
        server.read_request(connection)
        connection.sendall(answer)

    with raw_server(script) as server:
        result = send(transport, server.url)
    assert (result.status, result.trouble) == (200, "truncated")


def test_a_body_above_the_limit_is_not_read_to_its_end(transport):
    with raw_server(answering(http_answer(b"x" * 100_000))) as server:
        assert send(transport, server.url, largest=65536).trouble == "too_large"


@pytest.mark.parametrize(
    "head",
    [b"".join(b"X-%d: 1\r\n" % number for number in range(200)), b"X-Long: " + b"a" * 70_000 + b"\r\n", b""],
    ids=["200 lines", "70 KB line", "no HTTP"],
)
def test_unreadable_headers_leave_open_what_happened(transport, head):
    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" if head else b"SSH-2.0-OpenSSH_9.6\r\n"

    def script(server, connection, number):
        server.read_request(connection)
        connection.sendall(answer)

    with raw_server(script) as server:
        result = send(transport, server.url, "POST", b"{}")
    assert (result.reason, result.sent) == ("unreadable", True)


# TLS and proxies ------------------------------------------------------------------------------------------------------


def over_tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")

    def script(server, connection, number):
        try:
            secured = context.wrap_socket(connection, server_side=True)
        except ssl.SSLError:
            return
        server.keep(secured)
        with secured:
            while server.read_request(secured):
                secured.sendall(OK)

    return script


@pytest.fixture
def secure_transport():
    made = Transport(TransportOptions(ca_bundle=str(CERTIFICATES / "ca.pem")))
    yield made
    made.close()


def test_a_certificate_of_our_ca_is_accepted_and_the_connection_kept(secure_transport):
    with raw_server(over_tls("good")) as server:
        for _ in range(3):
            assert send(secure_transport, f"https://127.0.0.1:{server.port}").status == 200
        assert server.connections == 1


@pytest.mark.parametrize("certificate", ["expired", "wrong_host"])
def test_a_bad_certificate_stops_the_request_before_it_is_sent(secure_transport, certificate):
    with raw_server(over_tls(certificate)) as server:
        result = send(secure_transport, f"https://127.0.0.1:{server.port}", "POST", b"{}")
    assert (result.reason, result.sent) == ("tls", False)
    assert server.received == []


def test_a_certificate_of_an_unknown_ca_is_refused(transport):
    with raw_server(over_tls("good")) as server:
        result = send(transport, f"https://127.0.0.1:{server.port}", "POST", b"{}")
    assert (result.reason, result.sent) == ("tls", False)


@pytest.mark.fault("N11")
def test_our_ca_wins_over_a_junk_one_in_the_environment(secure_transport, tmp_path, monkeypatch):
    junk = tmp_path / "junk.pem"
    junk.write_text("no certificate")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(junk))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(junk))
    with raw_server(over_tls("good")) as server:
        assert send(secure_transport, f"https://127.0.0.1:{server.port}").status == 200


def test_a_ca_bundle_that_is_not_there_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigurationError, match="CA_BUNDLE: there is no file"):
        TransportOptions(ca_bundle=str(tmp_path / "missing.pem"))


def test_a_tls_answer_that_drips_is_cut(secure_transport):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "good.pem")

    def script(server, connection, number):
        with context.wrap_socket(connection, server_side=True) as secured:
            dripping(http_answer(b" " * 5000))(server, secured, number)

    with raw_server(script) as server:
        started = time.monotonic()
        result = send(secure_transport, f"https://127.0.0.1:{server.port}", "POST", b"{}", wall=0.3)
        assert time.monotonic() - started < 30  # the whole answer takes a minute and more
    assert result == Failed("deadline", sent=True)


@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
def test_a_proxy_that_refuses_to_connect_was_not_sent(status):
    with raw_server(answering(http_answer(b"", status=status))) as proxy:
        options = TransportOptions(proxies={"https": f"http://user:hunter2-proxy@127.0.0.1:{proxy.port}"})
        transport = Transport(options)
        result = send(transport, "https://game.example/v2", "POST", b'{"a": 1}')
        transport.close()
        assert proxy.received[0].startswith(b"CONNECT game.example:443 HTTP/1.")
        assert b'{"a": 1}' not in b"".join(proxy.received)
    assert (result.reason, result.sent) == ("proxy", False)


def test_an_empty_mapping_of_proxies_switches_those_of_the_environment_off(monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("no_proxy", "")
    with raw_server(answering(OK)) as server:
        from_environment, without = Transport(), Transport(TransportOptions(proxies={}))
        assert send(from_environment, server.url).reason == "proxy"
        assert send(without, server.url).status == 200
        from_environment.close()
        without.close()


# connections ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("idle", "connections"), [(0.9, 1), (1.1, 2)])
def test_a_write_uses_a_pooled_connection_only_if_it_is_fresh(idle, connections):
    clock = FakeClock()
    transport = Transport(clock=clock)
    with raw_server(answering(OK)) as server:
        send(transport, server.url, "POST", b"{}")
        clock.move(idle)
        send(transport, server.url, "POST", b"{}")
        assert server.connections == connections
    transport.close()


def test_a_read_may_use_an_older_connection():
    clock = FakeClock()
    transport = Transport(clock=clock)
    with raw_server(answering(OK)) as server:
        send(transport, server.url)
        clock.move(30)
        send(transport, server.url)
        assert server.connections == 1
    transport.close()


@pytest.mark.fault("N5")
def test_no_write_is_lost_when_the_server_closes_idle_connections():
    """N5: the server gives up idle connections; a client whose clock says so never writes to one of them."""

    def script(server, connection, number):
        while server.read_request(connection):
            connection.sendall(OK)
            connection.settimeout(0.02)  # a server waits for the first request, and gives up idle connections soon

    outcomes = []

    def post(server, thread):
        clock = FakeClock()
        transport = Transport(clock=clock)
        for number in range(50):
            outcomes.append(send(transport, server.url, "POST", b"{}"))
            clock.move(1.0 + 0.001 * (number % 3 + 1))
            select.select([], [], [], 0.02 + 0.0005 * ((number + thread) % 5 - 2))
        transport.close()

    with raw_server(script) as server:
        threads = [threading.Thread(target=post, args=(server, thread)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.received) == 400, "each arrived, and once"
    assert [result for result in outcomes if not isinstance(result, Arrived)] == []


@pytest.mark.fault("N13")
def test_many_threads_share_one_pool_and_get_their_own_answers():
    def script(server, connection, number):
        while seen := server.read_request(connection):
            connection.sendall(http_answer(json.dumps({"echo": seen.split(b" ")[1].decode()}).encode()))

    transport = Transport(TransportOptions(pool_size=32))
    wrong = []

    def work(thread):
        for number in range(20):
            result = send(transport, f"{server.url}/{thread}/{number}")
            if json.loads(result.body) != {"echo": f"/{thread}/{number}"}:
                wrong.append(result)

    with raw_server(script) as server:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.connections <= 32
    transport.close()
    assert wrong == []


def test_the_libraries_still_have_the_parts_we_rely_on():
    """Named here so that a new version that lacks one fails a test, not a site."""
    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    assert hasattr(HTTPConnection, "_new_conn")
    assert hasattr(HTTPConnection, "_tunnel")
    assert hasattr(HTTPConnection, "is_closed")
    assert hasattr(HTTPConnectionPool, "_get_conn")
    assert hasattr(HTTPConnectionPool, "_put_conn")
    assert issubclass(http.client.RemoteDisconnected, ConnectionResetError)
