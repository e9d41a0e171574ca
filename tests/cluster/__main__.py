"""`python -m tests.cluster [test [kill …] [--keep]]`: start the cluster, or kill its parts under load.

Without `test` it runs until it is interrupted. All of it lies in a throwaway folder and listens on this machine only.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

from tests.cluster.places import ROOT, Places
from tests.cluster.processes import end_in_order, install, missing
from tests.cluster.standing import Cluster

KEEP = "--keep"  # the folder with the logs


def main(arguments: list[str]) -> int:
    end_in_order()
    if not _has_programs():
        return 1
    folder = tempfile.mkdtemp(prefix="louzu-cluster-")
    try:
        places = Places(folder)
        if arguments[:1] == ["test"]:
            command = [sys.executable, "-m", "tests.cluster.kills", *arguments[1:]]
            environment = places.environment() | {"LOUZU_CLUSTER": str(places)}
            with subprocess.Popen(command, cwd=ROOT, env=environment) as running:
                try:
                    return running.wait()
                finally:
                    running.terminate()  # it stops the cluster, which is waited for
        return _stand(places)
    finally:
        if KEEP in arguments:
            print(f"logs: {folder}/logs")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _has_programs() -> bool:
    lacking = missing()
    if lacking and os.geteuid() == 0:
        print(f"installing {' '.join(lacking)} …", flush=True)
        install(lacking)
        lacking = missing()
    if lacking:
        print(f"missing: apt-get install --no-install-recommends {' '.join(lacking)}", file=sys.stderr)
    return not lacking


def _stand(places: Places) -> int:
    cluster = Cluster(places)
    try:
        cluster.start()
        print(f"http://{places.at('web')}/ on two web hosts; interrupt to stop.\nDATABASE_URL={places.url()}")
        print(f"LOUZU_VAR={places.path('var')}: the keys; with both, manage.py works on this cluster.", flush=True)
        with suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
    finally:
        cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
