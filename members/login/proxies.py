"""The visitor's address: behind the proxies that LOUZU_PROXIES names, the one that the outermost of them saw.

Anybody can send X-Forwarded-For. So it is read from the right, as long as a proxy of ours wrote the entry.
"""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from members.ground.audit import plain_address

HIDDEN = "louzu.hidden"  # in META: somebody forwarded the request, and nobody knows for whom
UNIX = "unix"  # a proxy on this machine that comes by a Unix socket, without an address
Named = tuple[tuple[IPv4Network | IPv6Network, ...], bool, int]
WRONG = (
    "LOUZU_PROXIES 写得不对：“{}”。请写代理的地址或网段，用逗号隔开，如 127.0.0.1,10.0.0.0/8；走 Unix 套接字的写 unix。"
)


def seen_through_proxies(get_response):
    """Set REMOTE_ADDR to the visitor's address, as if there were no proxy; drop a stranger's forwarding headers."""
    read_setting(tuple(settings.PROXIES))

    def middleware(request):
        meta, proxies = request.META, read_setting(tuple(settings.PROXIES))
        peer = meta.get("REMOTE_ADDR", "")
        forwarded = meta.pop("HTTP_X_FORWARDED_FOR", "")
        if not _is_proxy(peer, proxies, 0):
            meta.pop("HTTP_X_FORWARDED_PROTO", None)
        meta["REMOTE_ADDR"] = visitor(peer, forwarded, proxies)
        meta[HIDDEN] = bool(forwarded) and meta["REMOTE_ADDR"] == peer
        return get_response(request)

    return middleware


def visitor(peer: str, forwarded: str, proxies: Named) -> str:
    """Return the first address from the peer outwards that is no proxy of ours; an unreadable entry ends the search."""
    address = peer
    for passed, hop in enumerate(reversed(forwarded.split(","))):
        plain = plain_address(hop.strip())
        if plain is None or not _is_proxy(address, proxies, passed):
            break
        address = plain
    return address


@lru_cache
def read_setting(proxies: tuple[str, ...]) -> Named:
    """Read the setting: the networks, whether a proxy comes by a Unix socket, and the number where one is given."""
    counted = next((int(text) for text in proxies if text.strip().isdecimal()), 0)
    texts = [text.strip() for text in proxies if not text.strip().isdecimal() and text.strip() not in ("", UNIX)]
    try:
        return tuple(ip_network(text, strict=False) for text in texts), UNIX in proxies, counted
    except ValueError as error:
        raise ImproperlyConfigured(WRONG.format(",".join(proxies))) from error


def _is_proxy(address: str, proxies: Named, passed: int) -> bool:
    networks, by_socket, counted = proxies
    if passed < counted:
        return True
    plain = plain_address(address)
    if plain is None:
        return by_socket and not address
    return any(ip_address(plain) in network for network in networks)
