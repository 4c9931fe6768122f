"""TCP ports: free or held, and by whom."""

from __future__ import annotations

import errno
import socket

from azora_admin.launch.problem import LaunchError


def refuse_taken_port(host: str, port: int) -> None:
    """Raise LaunchError with a sentence when nothing could listen on ``port`` now."""
    reason = find_obstacle(host, port)
    if reason:
        raise LaunchError(reason)


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    return find_obstacle(host, port) is None


def find_obstacle(host: str, port: int) -> str | None:
    """Why nothing can listen there, as a sentence; None when it can."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            probe.listen(1)
    except PermissionError:
        return f"Port {port} may not be used by this user. Set AZORA_PORT to one above 1023."
    except socket.gaierror:
        return f"AZORA_HOST is not usable: {host} is no address of this machine."
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return f"AZORA_HOST is not usable: {host} is no address of this machine."
        return f"Port {port} is taken{_by_whom(port)}. Stop that, or set AZORA_PORT to another."
    return None


def any_free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _by_whom(port: int) -> str:
    """`` by process 12 (python)`` where the system lets us see it."""
    try:
        import psutil
    except ModuleNotFoundError:
        return ""
    try:
        held = [
            one for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr.port == port
        ]
        pid = next(one.pid for one in held if one.pid)
        return f" by process {pid} ({psutil.Process(pid).name()})"
    except (psutil.Error, StopIteration):
        return ""
