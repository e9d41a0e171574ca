"""The doors of probes: /health/live, /health/ready, /version, /metrics. They need no login and no session.

They answer before everything else, because a probe knows no host name and speaks no HTTPS, and because they have to
answer while the database is away.
"""

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from louzu import metrics
from louzu.rules import health
from louzu.rules.measures import measures
from members.ground.audit import plain_address
from members.login.proxies import HIDDEN

PLAIN = "text/plain; charset=utf-8"
WRONG = "LOUZU_WATCHERS 写得不对：“{}”。请写可以查看状态的地址或网段，用逗号隔开，如 10.0.0.5,10.1.0.0/16。"


def probes_first(get_response):
    """Answer a probe; any other address goes on. The proxies are looked through before."""
    networks(tuple(settings.WATCHERS))

    def middleware(request):
        door = DOORS.get(request.path)
        if door is None:
            return get_response(request)
        answer = door(request) if request.method in ("GET", "HEAD") else HttpResponseNotAllowed(("GET", "HEAD"))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return middleware


def live(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type=PLAIN)


def ready(request: HttpRequest) -> HttpResponse:
    """Say whether visitors may be sent here: 503 if not; watchers get the reasons, others a bare word."""
    reasons = [each for each in health.found(health.READY) if each.is_bad]
    status, word = (503, "unavailable") if reasons else (200, "ok")
    if not is_watcher(request):
        return HttpResponse(f"{word}\n", status=status, content_type=PLAIN)
    told = [{"check": each.name, "sentence": each.finding.sentence, "detail": each.finding.detail} for each in reasons]
    return JsonResponse({"status": word, "reasons": told}, status=status, json_dumps_params={"ensure_ascii": False})


def version(request: HttpRequest) -> HttpResponse:
    """Say which release runs, to watchers: it would tell a stranger what to try."""
    return JsonResponse({"version": settings.VERSION}) if is_watcher(request) else _nothing_here()


def figures(request: HttpRequest) -> HttpResponse:
    """Answer with the metrics, to watchers alone."""
    if not is_watcher(request):
        return _nothing_here()
    return HttpResponse(metrics.exposed(measures()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def is_watcher(request: HttpRequest) -> bool:
    """Whether the visitor may see reasons and figures: from this machine, or from a network of LOUZU_WATCHERS.

    What an unnamed proxy forwards seems to come from this machine too, and is not meant.
    """
    address = plain_address(request.META.get("REMOTE_ADDR"))
    if address is None or request.META.get(HIDDEN):
        return False
    visitor = ip_address(address)
    return visitor.is_loopback or any(visitor in network for network in networks(tuple(settings.WATCHERS)))


@lru_cache
def networks(watchers: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text.strip(), strict=False) for text in watchers if text.strip())
    except ValueError as error:
        raise ImproperlyConfigured(WRONG.format(",".join(watchers))) from error


def _nothing_here() -> HttpResponse:
    return HttpResponse("not found\n", status=404, content_type=PLAIN)


DOORS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/health/live": live,
    "/health/ready": ready,
    "/version": version,
    "/metrics": figures,
}
