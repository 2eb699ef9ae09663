"""PostgreSQL's client programs of the version that a server has: out of the wheel, or as the machine has them."""

import re
import shutil
import subprocess
from pathlib import Path

from backend.local.postgres import WHEEL
from backend.local.wheels import LocalError, program_in

_DEBIAN = Path("/usr/lib/postgresql")


def client_program(name: str, *, major: int) -> Path:
    """Return the path of a client program of that major version. Raises LocalError saying which versions there are.

    A dump by an older program than the server is refused by PostgreSQL, and one by a newer restores with errors.
    """
    found = {}
    for path in (program_in(WHEEL, name), shutil.which(name), _DEBIAN / str(major) / "bin" / name):
        if path and Path(path).is_file():
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - found above
            version = re.search(r"\d+", said)
            if version and int(version[0]) == major:
                return Path(path)
            found[str(path)] = version[0] if version else "?"
    there = ", ".join(f"{path} is {version}" for path, version in found.items())
    raise LocalError(f"the server is PostgreSQL {major} and needs {name} {major}: install postgresql-client-{major} ({there})")
