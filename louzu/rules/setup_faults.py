"""Faults of how the installation was set up: they show without the database."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from platform import python_version

from cryptography import x509
from django import get_version
from django.conf import settings
from django.db import connection

from louzu import keys
from louzu.rules.findings import ASK, Finding, HealthState, graded, moment_words

LITTLE_SPACE, NO_SPACE = 2 * 1024**3, 512 * 1024**2  # bytes
# Of certificates: one that a machine renews is new before the first of them.
ENDS_SOON, ENDS_NOW = timedelta(days=21), timedelta(days=7)


def version() -> Finding:
    detail = f"Python {python_version()}, Django {get_version()}, {connection.vendor}"
    return Finding(HealthState.OK, f"楼组党建 {settings.VERSION}。", detail=detail)


def debug() -> Finding | None:
    if not settings.DEBUG:
        return None
    do = f"{ASK}关掉调试模式，重新启动网站。"
    return Finding(HealthState.BAD, "调试模式开着：出错的页面会把数据显示给任何人。", do, "DEBUG")


def hosts() -> Finding:
    do = f"{ASK}在设置里写上大家用的网址，重新启动网站。"
    detail = f"ALLOWED_HOSTS={','.join(settings.ALLOWED_HOSTS)}"
    if any(host in ("*", ".") for host in settings.ALLOWED_HOSTS):
        return Finding(HealthState.BAD, "什么网址都放行，链接可以被人伪造。", do, detail)
    if settings.LOOPBACK.issuperset(settings.ALLOWED_HOSTS):
        return Finding(HealthState.WARN, "没有写明网址，只有这台机器自己打得开。", do, detail)
    return Finding(HealthState.OK, "网址已经写明。", detail=detail)


def keys_apart() -> Finding:
    if settings.KEYS_FROM_ENVIRONMENT:
        return Finding(HealthState.OK, "密钥和数据库分开放。")
    do = f"{ASK}把密钥抄进设置文件，另外存一份，再从数据文件夹里删去。"
    detail = f"{settings.VAR}: {', '.join(keys.FILES)} → .env"
    if settings.EMBEDDED:
        sentence = "密钥只放在数据库旁边：拿到这个文件夹的人什么都读得出来，文件夹坏了电话就再也打不开。"
        return Finding(HealthState.BAD, sentence, do, detail)
    return Finding(HealthState.WARN, "密钥是第一次启动时自动生成的，只在这一台机器上。", do, detail)


def certificate() -> Finding | None:
    """Look at the certificate that LOUZU_CERTIFICATE names; without one nothing is known of it here."""
    if not settings.CERTIFICATE:
        return None
    do = f"{ASK}更换 HTTPS 证书，再让代理重新读取。"
    try:
        made = x509.load_pem_x509_certificates(Path(settings.CERTIFICATE).read_bytes())
        ends = min(each.not_valid_after_utc for each in made)
    except (OSError, ValueError) as error:
        return Finding(HealthState.WARN, "HTTPS 证书读不出来，不知道哪天到期。", do, detail=f"{error}")
    left = ends - datetime.now(UTC)
    sentence = f"HTTPS 证书 {moment_words(ends)} {'到期' if left > timedelta() else '已经到期'}。"
    return graded(sentence, do, left < ENDS_SOON, left < ENDS_NOW, detail=settings.CERTIFICATE)


def free_space() -> int:
    """Return the free bytes of the fullest disk of this host that data or backups are on."""
    return min(free for _, free in _places())


def disk() -> Finding:
    """Look at this host's disks; a database server's own disk is not seen here."""
    free = free_space()
    sentence = f"磁盘还剩 {free / 1024**3:.1f} GB。"
    if free < NO_SPACE:
        sentence += "快满了，满了以后什么都保存不了。"
    detail = "，".join(f"{place} {each / 1024**3:.1f} GB" for place, each in _places())
    do = f"{ASK}清理磁盘，或者换大的；旧的备份可以先移到别处。"
    return graded(sentence, do, free < LITTLE_SPACE, free < NO_SPACE, detail=detail)


def _places() -> list[tuple[Path, int]]:
    folders = (settings.VAR, Path(settings.BACKUP_TO))
    return [(folder, shutil.disk_usage(folder).free) for folder in folders if folder.exists()]
