"""Posting to an outside address, which is looked up once, checked, and then connected to.

A name that is looked up twice can give a harmless address first and one of our own network later; a redirect can lead
there as well. So there is one look-up and no redirect. Nothing here touches the database.
"""

import socket
import ssl
import threading
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

TIMEOUT = 10.0  # seconds, of each step
DEADLINE = 20.0  # seconds, of the whole call: a server that sends a byte now and then delays no single step
MOST_READ = 1024
LATE = "对方太慢，没有等到回答"
PORTS = {"https": 443, "http": 80}
# IPv6 addresses that carry an IPv4 address, which a gateway would unpack, and the old ones of a site.
NOT_PUBLIC = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10")))
Address = IPv4Address | IPv6Address


class Unreachable(Exception):
    """The call got no answer; the sentence says why."""


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Post the body and return the answer's status; Unreachable where there was no answer."""
    parts = checked(url)
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _Call() as call:
        try:
            call.connect(host, port, is_secret=parts.scheme == "https")
            status = _request(call, host, port, target, body, headers)
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(f"证书不可信：{error.verify_message}") from error
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(LATE if call.is_late(error) else "连接不上或回答不完整") from error
        if call.is_cut:  # a cut connection looks like the end of the answer
            raise Unreachable(LATE)
        return status


def checked(url: str) -> SplitResult:
    """Return the parts of a URL that may be called; Unreachable says why one may not."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Unreachable("网址写得不对") from error
    if parts.scheme not in PORTS or not parts.hostname or port == 0:
        raise Unreachable("网址要以 https:// 开头")
    if parts.username is not None or parts.password is not None:
        raise Unreachable("网址里不能带用户名和密码")
    if parts.scheme == "http" and not settings.WEBHOOK_NETWORKS:
        raise Unreachable("只能用 https")
    with suppress(ValueError):
        refuse(ip_address(parts.hostname), is_secret=parts.scheme == "https")
    return parts


def refuse(address: Address, *, is_secret: bool) -> None:
    """Raise Unreachable for an address that must not be called, because it is not of the public internet.

    In the networks of `WEBHOOK_NETWORKS` every address may be called, without TLS too.
    """
    plain = getattr(address, "ipv4_mapped", None) or address
    if any(plain in ip_network(text, strict=False) for text in settings.WEBHOOK_NETWORKS):
        return
    if not is_secret:
        raise Unreachable("只能用 https")
    is_inside = any(plain in network for network in NOT_PUBLIC)
    if is_inside or not plain.is_global or plain.is_multicast or plain.is_reserved or plain.is_unspecified:
        raise Unreachable("地址在内部网络，不能通知")


class _Call:
    """One connection, which is cut at the deadline."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.is_cut = False
        self._clock = threading.Timer(DEADLINE, self._cut)
        self._clock.daemon = True

    def __enter__(self) -> "_Call":
        self._clock.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._clock.cancel()
        if self.socket:
            self.socket.close()

    def connect(self, host: str, port: int, *, is_secret: bool) -> None:
        """Look the host up once and connect to the first of its addresses that may be called."""
        family, address = _look_up(host, port, is_secret=is_secret)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(TIMEOUT)
        self.socket.connect(address)
        if is_secret:
            context = ssl.create_default_context()
            self.socket = context.wrap_socket(self.socket, server_hostname=host, do_handshake_on_connect=False)
            self.socket.do_handshake()

    def is_late(self, error: Exception) -> bool:
        return self.is_cut or isinstance(error, TimeoutError)

    def _cut(self) -> None:
        self.is_cut = True
        if self.socket:
            with suppress(OSError):
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)  # TLS has its own, which no other thread may use


def _look_up(host: str, port: int, *, is_secret: bool) -> tuple[int, tuple]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("找不到这个域名") from error
    why = Unreachable("找不到这个域名")
    for family, _, _, _, address in found:
        try:
            refuse(ip_address(str(address[0]).partition("%")[0]), is_secret=is_secret)
        except Unreachable as reason:
            why = reason
        else:
            return family, address
    raise why


def _request(call: _Call, host: str, port: int, target: str, body: bytes, headers: dict[str, str]) -> int:
    """Send the request over the open connection and return the status; the host's name is not looked up again."""
    kind = HTTPSConnection if isinstance(call.socket, ssl.SSLSocket) else HTTPConnection
    with closing(kind(host, port, timeout=TIMEOUT)) as connection:
        connection.auto_open = 0
        connection.sock = call.socket
        connection.request("POST", target, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(MOST_READ)
        return answer.status
