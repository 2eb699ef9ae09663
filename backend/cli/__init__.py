"""The command line: `balai`. Exit status 0 means done, 1 refused (a line a fault on standard error), 2 wrong usage."""

import sys

import click
from sqlalchemy.exc import OperationalError

from backend.app import load_catalogue, load_registry
from backend.cli import accounts, audit, backup, database, demo, doctor, documents, modules, outbox, reconcile, regions, running
from backend.core.errors import DomainError
from backend.core.settings import SettingsError
from backend.data.backups.folder import BackupError
from backend.data.protection import RoleError
from backend.local import LocalError
from backend.modules.discovery import DiscoveryError
from backend.modules.registry import BootError
from backend.packs.faults import PackError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def balai() -> None:
    """Balai: the back end of a citizen super-app that any city or regency can run."""


for part in (running, database, regions, modules, accounts, outbox, reconcile, audit, backup, doctor, documents, demo):
    for command in part.COMMANDS:
        balai.add_command(command)


def _refused(lines: list[str]) -> int:
    for line in lines:
        click.echo(line, err=True)
    return 1


def main() -> None:
    """Run the command line; what is refused becomes one line a fault."""
    try:
        balai(standalone_mode=True)
    except (PackError, BootError) as error:
        sys.exit(_refused([str(fault) for fault in error.faults]))
    except DomainError as error:
        texts = load_catalogue(load_registry())
        told = [f"{fault.field}: {texts.text(fault.code, 'en', fault.params)}" for fault in error.errors]
        sys.exit(_refused([f"{texts.text(error.code, 'en', error.params)} ({error.code})", *told]))
    except OperationalError as error:
        sys.exit(_refused([f"the database cannot be reached: {str(error.orig).strip().splitlines()[0]}"]))
    except (SettingsError, RoleError, DiscoveryError, BackupError, LocalError, ValueError, OSError) as error:
        sys.exit(_refused([str(error)]))
