"""The examples in deploy/cluster are complete: all values given, read by what they are for, one set of ports."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.cluster import places as rendering
from tests.cluster.places import EXAMPLES, NAMES, THREE, Places
from tests.cluster.processes import SEARCHED, Process, as_user


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(str(tmp_path))


def test_every_example_is_rendered_here(places: Places) -> None:
    texts = {
        "etcd.yml": rendering.etcd_of(places, 1),
        "patroni.yml": rendering.patroni_of(places, 1, Path("/usr/lib/postgresql/15/bin")),
        "haproxy.cfg": rendering.haproxy_of(places),
        "pgbouncer.ini": rendering.pgbouncer_of(places),
    }
    assert sorted(texts) == sorted(path.name for path in EXAMPLES.iterdir())
    assert not [name for name, text in texts.items() if "${" in text]


def test_a_value_that_is_not_given_is_named() -> None:
    with pytest.raises(KeyError, match="CLIENT_PORT"):
        rendering.rendered("etcd.yml", NODE="etcd1", DATA="d", HOST="h")


def test_an_acknowledged_write_is_on_two_nodes(places: Places) -> None:
    nodes = [yaml.safe_load(rendering.patroni_of(places, number, Path("/bin"))) for number in THREE]
    dcs = nodes[0]["bootstrap"]["dcs"]
    assert dcs["synchronous_mode"] is dcs["synchronous_mode_strict"] is True
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]
    assert len({node["name"] for node in nodes}) == len({node["postgresql"]["listen"] for node in nodes}) == 3
    assert {node["postgresql"]["authentication"]["rewind"]["password"] for node in nodes} == {
        places.passwords["rewind"]
    }


def test_the_etcds_know_each_other(places: Places) -> None:
    etcds = [yaml.safe_load(rendering.etcd_of(places, number)) for number in THREE]
    own = {f"{each['name']}={each['initial-advertise-peer-urls']}" for each in etcds}
    assert {each["initial-cluster"] for each in etcds} == {",".join(sorted(own))}


def test_the_pooler_gives_up_before_the_web_host_does(places: Places) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(rendering.pgbouncer_of(places))
    pooler = parser["pgbouncer"]
    assert pooler["pool_mode"] == "transaction"
    assert int(pooler["query_wait_timeout"]) < 30, "gunicorn's time-out"
    assert f"port={places.ports['primary']} " in parser["databases"]["louzu"]
    assert f"port={places.ports['replicas']} " in parser["databases"]["louzu_replica"]


@pytest.mark.skipif(not shutil.which("haproxy", path=SEARCHED), reason="There is no haproxy here.")
def test_haproxy_understands_its_file(places: Places, tmp_path: Path) -> None:
    file = tmp_path / "haproxy.cfg"
    file.write_text(rendering.haproxy_of(places))
    command = [str(shutil.which("haproxy", path=SEARCHED)), "-c", "-f", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_places_go_to_another_process_and_come_back(places: Places) -> None:
    assert Places.read(str(places)) == places
    assert len(set(places.ports.values())) == len(NAMES)


def test_a_killed_process_is_gone_and_starts_again(tmp_path: Path) -> None:
    process = Process("sleeper", ["sleep", "60"], tmp_path / "log", environment={"PATH": SEARCHED}, cwd=tmp_path)
    process.start()
    assert process.is_running
    process.kill()
    assert not process.is_running
    process.start()
    process.stop()
    assert not process.is_running


def test_root_gives_up_being_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert as_user(["postgres"])[1:] == ["--reuid=postgres", "--regid=postgres", "--init-groups", "--", "postgres"]
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert as_user(["postgres"]) == ["postgres"]
