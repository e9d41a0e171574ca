"""The kills, one after the other under load, and what they cost; started by `python -m tests.cluster test`."""

import os
import sys
import time
from collections import Counter

import django

django.setup()

from tests.cluster.load import Load  # noqa: E402
from tests.cluster.places import Places  # noqa: E402
from tests.cluster.processes import end_in_order  # noqa: E402
from tests.cluster.reckoning import Outcome, Phase, reckon  # noqa: E402
from tests.cluster.seeds import sown  # noqa: E402
from tests.cluster.standing import THREE, Cluster, until  # noqa: E402

QUIET, WATCHED = 3.0, {"primary": 40.0, "etcd's leader": 25.0}
OTHERWISE = 15.0  # seconds for which the kill of another part is watched
DRAINED = 300.0  # a killed worker's task is taken up after a minute of silence
KILLS = ("web host", "worker", "replica", "etcd's leader", "primary")


def part(cluster: Cluster, kill: str) -> str:
    """Return the name of the part that this kill concerns now."""
    primary = cluster.primary()
    if kill == "replica":
        return next(f"node{number}" for number in THREE if number != primary)
    named = {"web host": "web1", "worker": "worker1", "primary": f"node{primary}"}
    return named.get(kill) or f"etcd{cluster.etcd_leader()}"


def killed(cluster: Cluster, kill: str) -> Phase:
    """Kill a part, watch, bring it back, and return the time that took."""
    name = part(cluster, kill)
    begin = time.monotonic()
    cluster.kill(name)
    time.sleep(WATCHED.get(kill, OTHERWISE))
    cluster.revive(name)
    time.sleep(QUIET)
    return Phase(f"{kill} ({name})", begin, time.monotonic())


def outcomes(cluster: Cluster, kills: list[str]) -> list[Outcome]:
    """Kill part after part under load, let everything come to rest, and reckon."""
    load = Load(cluster.places, sown())
    with load.running():
        begin = time.monotonic()
        time.sleep(3 * QUIET)
        phases = [Phase("nothing killed", begin, time.monotonic())]
        for kill in kills:
            print(f"  killing: {kill}", flush=True)
            phases.append(killed(cluster, kill))
    until(lambda: load.waiting() == 0, "cards were not issued", patience=DRAINED, pause=2)
    load.read_to_the_end()
    stored = load.stored()
    for what, times in Counter(failure.what for failure in load.failures).most_common():
        print(f"  {times:>4} times: {what}")
    print(f"feed: {len(load.events)} events read, {load.last_seq()} written")
    print("reports: {read} read, {out of date} out of date; a replica was fit for {fit}".format_map(load.reports))
    assert [event.seq for event in load.events] == list(range(1, load.last_seq() + 1)), "the feed has gaps"
    assert load.reports["out of date"] == 0, "a report told less than was acknowledged"
    return [
        reckon(phase, writes=load.writes, failures=load.failures, events=load.events, stored=stored) for phase in phases
    ]


def main(kills: list[str]) -> int:
    end_in_order()
    cluster = Cluster(Places.read(os.environ["LOUZU_CLUSTER"]), by_migrations=False)
    try:
        begun = time.monotonic()
        cluster.start()
        print(f"the cluster stands after {time.monotonic() - begun:.0f} s", flush=True)
        found = outcomes(cluster, kills)
    finally:
        cluster.stop()
    for outcome in found:
        print(outcome)
    return 0 if all(outcome.is_good for outcome in found) else 1


if __name__ == "__main__":
    chosen = [each for each in sys.argv[1:] if each in KILLS]
    sys.exit(main(chosen or list(KILLS)))
