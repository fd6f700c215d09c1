"""The secret for a mail server: from the environment, a file or a program, never the settings."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from loopback.errors import LoopbackError, error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loopback.settings import Smtp

VARIABLE = "LOOPBACK_SMTP_PASSWORD"
PATIENCE = 60  # seconds for a program to give the secret


def secret(smtp: Smtp, environment: Mapping[str, str], folder: Path) -> str:
    """Return the password or token of the settings' user; raise where there is none.

    Paths are seen from *folder*. No error ever quotes what was found.
    """
    if smtp.password_command:
        found = _printed(smtp.password_command, folder)
    elif smtp.password_file:
        found = _read(folder / smtp.password_file, smtp.password_file)
    else:
        found = _set(smtp.password_env or VARIABLE, environment)
    if not found or not found.isprintable():
        where = "password_command, password_file or the variable"
        raise error("the password of the mail server is not one line of text", f"See {where}.")
    return found


def _set(variable: str, environment: Mapping[str, str]) -> str:
    if not environment.get(variable):
        mend = f"Set {variable} where loopback runs, or name password_file or password_command."
        raise error(f"no password: the environment has no {variable}", mend)
    return environment[variable].strip()


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        mend = "Put the password there, readable by you alone; or correct [mail.smtp]."
        raise error(f"no password: the file {name} cannot be read", mend) from None


def _printed(command: list[str], folder: Path) -> str:
    try:
        said = subprocess.run(  # noqa: S603 - the user's own program, without a shell
            command, cwd=folder, capture_output=True, timeout=PATIENCE, check=True
        ).stdout
        return said.decode().strip()
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as failed:
        raise _failed(command[0], failed) from None


def _failed(program: str, failed: Exception) -> LoopbackError:
    """Return an error that says how the program failed, and nothing of what it printed."""
    code = getattr(failed, "returncode", None)
    how = f"ended with {code}" if code is not None else "cannot be run"
    mend = "Run it by hand: it must print the password alone. It stands in [mail.smtp]."
    return error(f"no password: {program} {how}", mend)
