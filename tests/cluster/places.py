"""Where everything of the cluster listens and lies, and its configuration, rendered from the examples in deploy/."""

import json
import os
import secrets
import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "deploy" / "cluster"
HOST = "127.0.0.1"
THREE = (1, 2, 3)
NAMES = (
    *(f"{kind}{number}" for number in THREE for kind in ("node", "rest", "client", "peer")),
    *("primary", "replicas", "pooler", "web", "web1", "web2"),
)  # fmt: skip
PASSWORDS = ("superuser", "replication", "rewind", "louzu")


@dataclass
class Places:
    """A throwaway folder, ports of this machine by name, and passwords made for it."""

    folder: str
    ports: dict[str, int] = field(default_factory=lambda: dict(zip(NAMES, free_ports(len(NAMES)), strict=True)))
    passwords: dict[str, str] = field(default_factory=lambda: {name: secrets.token_hex(12) for name in PASSWORDS})

    @classmethod
    def read(cls, text: str) -> "Places":
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    def at(self, name: str) -> str:
        return f"{HOST}:{self.ports[name]}"

    def path(self, name: str) -> Path:
        return Path(self.folder) / name

    def url(self, database: str = "louzu") -> str:
        """Return the address of a database behind the pooler."""
        return f"postgres://louzu:{self.passwords['louzu']}@{self.at('pooler')}/{database}"

    def environment(self) -> dict[str, str]:
        """Return what every process of the portal runs with: one installation on several hosts."""
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "louzu.settings",
            "LOUZU_ENV": str(self.path("env")),
            "LOUZU_VAR": str(self.path("var")),
            "DATABASE_URL": self.url(),
            "DATABASE_REPLICA_URL": self.url("louzu_replica"),
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "LOUZU_PROXIES": HOST,
            "LOUZU_SECOND_FACTOR": "",
            "LOUZU_ISSUE_MINUTES": "0",
            "LOUZU_API_RATE": "100000/min",
            "LOUZU_EMPLOYER_RATE": "100000/min",
        }


def rendered(example: str, **values: object) -> str:
    """Return the example with its values; KeyError where it asks for one that is not given."""
    text = (EXAMPLES / example).read_text(encoding="utf-8").replace("${…}", "…")
    return Template(text).substitute({name: str(value) for name, value in values.items()})


def etcd_of(places: Places, number: int) -> str:
    peers = (f"etcd{each}=http://{places.at(f'peer{each}')}" for each in THREE)
    return rendered(
        "etcd.yml",
        NODE=f"etcd{number}",
        DATA=places.path(f"etcd{number}"),
        HOST=HOST,
        CLIENT_PORT=places.ports[f"client{number}"],
        PEER_PORT=places.ports[f"peer{number}"],
        ETCD_PEERS=",".join(peers),
    )


def patroni_of(places: Places, number: int, programs: Path) -> str:
    """Return the configuration of a node; `programs` is the folder of PostgreSQL's programs."""
    return rendered(
        "patroni.yml",
        NODE=f"node{number}",
        HOST=HOST,
        REST_PORT=places.ports[f"rest{number}"],
        PORT=places.ports[f"node{number}"],
        ETCD_HOSTS=",".join(places.at(f"client{each}") for each in THREE),
        DATA=places.path(f"node{number}"),
        BIN=programs,
        PASSFILE=places.path(f"pass{number}"),
        SOCKETS=places.folder,
        NETWORK=f"{HOST}/32",
        WATCHDOG="off",
        **{f"{name.upper()}_PASSWORD": places.passwords[name] for name in PASSWORDS if name != "louzu"},
    )


def haproxy_of(places: Places) -> str:
    nodes = {f"NODE{number}": places.at(f"node{number}") for number in THREE}
    rests = {f"REST{number}": places.ports[f"rest{number}"] for number in THREE}
    ours = {name.upper(): places.at(name) for name in ("primary", "replicas", "web", "web1", "web2")}
    return rendered("haproxy.cfg", **nodes, **rests, **ours)


def pgbouncer_of(places: Places) -> str:
    return rendered(
        "pgbouncer.ini",
        HOST=HOST,
        PRIMARY_PORT=places.ports["primary"],
        REPLICAS_PORT=places.ports["replicas"],
        LISTEN=HOST,
        PORT=places.ports["pooler"],
        USERLIST=places.path("userlist.txt"),
    )


def free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on, all different."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind((HOST, 0))
        return [probe.getsockname()[1] for probe in probes]
