"""A PostgreSQL server of a test's own, which may be stopped and started in the middle of everything."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

_USER = "postgres"


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``; None where they are not installed, or nobody here may run them."""
    places = [Path(found)] if (found := shutil.which("initdb")) else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    may_run = os.getuid() != 0 or _has_user()
    return places[0].parent if places and may_run else None


class Cluster:
    """A server in a temporary folder, on a port of its own, for one superuser and whoever is on this machine.

    Args:
        folder: of one that was made before, in another process, by :meth:`create`.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.port = int((self.folder / "port").read_text())

    @classmethod
    def create(cls) -> Cluster:
        """Make one and start it."""
        folder = Path(tempfile.mkdtemp(prefix="playlyfe-cluster-"))
        if os.getuid() == 0:  # the server refuses to run as root
            account = pwd.getpwnam(_USER)
            os.chown(folder, account.pw_uid, account.pw_gid)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            (folder / "port").write_text(str(free.getsockname()[1]))
        cluster = cls(folder)
        cluster._run("initdb", "-D", str(folder / "data"), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        cluster.start()
        return cluster

    @property
    def url(self) -> str:
        """For ``DATABASE_URL``: the database "postgres", empty at first."""
        return f"postgres://{_USER}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it can be used."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-D", str(self.folder / "data"), "-o", options, "-l", self._log)

    def stop(self) -> None:
        """Stop it at once, as a crash would: it recovers when it is started again."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.folder / "data"))

    def remove(self) -> None:
        """Stop it and delete all of it."""
        self._run("pg_ctl", "stop", "-m", "immediate", "-D", str(self.folder / "data"), check=False)
        shutil.rmtree(self.folder)

    @property
    def _log(self) -> str:
        return str(self.folder / "log")

    def _run(self, program: str, *arguments: str, check: bool = True) -> None:
        folder = binaries()
        assert folder is not None, "PostgreSQL's programs are not installed"
        subprocess.run(
            [folder / program, *arguments],
            user=_USER if os.getuid() == 0 else None,
            cwd=self.folder,
            check=check,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )


def _has_user() -> bool:
    try:
        pwd.getpwnam(_USER)
    except KeyError:
        return False
    return True
