"""Make one archive that installs Louzu on a machine without any network: `python deploy/bundle.py`, or `make bundle`.

In it are the committed project, the wheels of requirements.txt for both processors, `install.sh`, and each file's
SHA-256 sum. What was not committed does not go in.
"""

import argparse
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "311"
PROCESSORS = ("x86_64", "aarch64")
# From the newest GNU C library that offices have down to the oldest that wheels name.
LIBRARIES = ("_2_28", "_2_27", "_2_26", "_2_24", "_2_17", "2014", "_2_12", "2010", "_2_5", "1")
LEFT_OUT = (".ci", ".gitignore", "Makefile", "requirements-dev.txt", "tests")


def make(target: Path, wheels: Path, processors: list[str], version: str) -> Path:
    """Write louzu-<version>.tar.gz into the folder `target`; return its path."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / f"louzu-{version}"
        unpack_project(folder / "project")
        (folder / "wheels").mkdir()
        for processor in processors:
            for wheel in downloaded(wheels / processor, processor):
                shutil.copy(wheel, folder / "wheels")
        shutil.copy(folder / "project/deploy/install.sh", folder)
        (folder / "VERSION").write_text(f"{version}\n", "ascii")
        (folder / "SHA256SUMS").write_text(sums(folder), "utf-8")
        target.mkdir(parents=True, exist_ok=True)
        archive = target / f"{folder.name}.tar.gz"
        with tarfile.open(archive, "w:gz", compresslevel=1) as file:  # wheels are compressed already
            file.add(folder, folder.name, filter=nobodys)
    return archive


def committed_version() -> str:
    """Return the project's version and its last commit: two builds are never called the same."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    commit = subprocess.run(
        ["git", "log", "-1", "--format=%cd-%h", "--date=format:%Y%m%d"], cwd=ROOT, capture_output=True, check=True
    )
    return f"{version}-{commit.stdout.decode().strip()}"


def unpack_project(folder: Path) -> None:
    """Put what is committed into `folder`, without what only developers need."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as file:
        file.extractall(folder, filter="data")
    for name in LEFT_OUT:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def downloaded(folder: Path, processor: str) -> list[Path]:
    """Return the wheels of requirements.txt for this processor, from the folder where they are there already."""
    pins = ROOT / "requirements.txt"
    done = folder / f"{hashlib.sha256(pins.read_bytes()).hexdigest()[:16]}.complete"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        platforms = [f"--platform=manylinux{library}_{processor}" for library in LIBRARIES]
        command = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        command += ["--require-hashes", "--only-binary=:all:", f"--python-version={PYTHON}", "--implementation=cp"]
        command += [f"--abi=cp{PYTHON}", "--abi=abi3", "--abi=none", *platforms, f"--dest={folder}", f"-r{pins}"]
        subprocess.run(command, check=True)
        done.touch()
    return sorted(folder.glob("*.whl"))


def sums(folder: Path) -> str:
    """Return a line for each file below the folder, as sha256sum reads it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}\n" for path in files)


def nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Keep the builder's name out of the archive."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--target", type=Path, default=ROOT / "var" / "bundles", help="the archive's folder")
    parser.add_argument("--wheels", type=Path, default=ROOT / "var" / "wheels", help="where downloaded wheels are kept")
    parser.add_argument("--processor", choices=PROCESSORS, action="append", help="this one only")
    parser.add_argument("--version", help="instead of the project's version and commit")
    given = parser.parse_args()
    version = given.version or committed_version()
    print(make(given.target.resolve(), given.wheels.resolve(), given.processor or list(PROCESSORS), version))


if __name__ == "__main__":
    main()
