"""PostgreSQL and Valkey out of wheels, for one machine: no server to install, no port, no user, no root."""

from backend.local.postgres import LocalPostgres
from backend.local.servers import LocalServers, local_servers
from backend.local.valkey import LocalValkey
from backend.local.wheels import LocalError

__all__ = ["LocalError", "LocalPostgres", "LocalServers", "LocalValkey", "local_servers"]
