"""A second machine: a process in a network namespace of its own, from which one port leads out and nothing else.

The namespace has a loopback and no other interface. Its one door is a listening socket that is made inside and handed
out, so that whoever asked for the machine serves what knocks there, and only that. Needs root, or user namespaces;
where a kernel allows neither, making a machine fails and says so.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from typing import Any

PORT = 8700
_INSIDE = """
import json, socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
door = socket.create_server(("127.0.0.1", int(sys.argv[2])))
link = socket.socket(fileno=int(sys.argv[1]))
socket.send_fds(link, [b"door"], [door.fileno()])
for line in link.makefile("r"):
    asked = json.loads(line)
    done = subprocess.run(asked["argv"], env=asked["env"], cwd=asked["cwd"], input="", capture_output=True, text=True)
    link.sendall((json.dumps([done.returncode, done.stdout, done.stderr]) + "\\n").encode())
"""


class Machine:
    """Runs commands in there; its port ``PORT`` leads to ``port`` of this machine's loopback."""

    def __init__(self, port: int) -> None:
        self._port = port
        ours, theirs = socket.socketpair()
        namespaces = ["--net"] if os.geteuid() == 0 else ["--net", "--user", "--map-root-user"]
        self._process = subprocess.Popen(
            ["unshare", *namespaces, sys.executable, "-c", _INSIDE, str(theirs.fileno()), str(PORT)],
            pass_fds=[theirs.fileno()],
            stderr=subprocess.PIPE,
            text=True,
        )
        theirs.close()
        self._link = ours
        _, handed, _, _ = socket.recv_fds(ours, 16, 1)
        if not handed:
            _, said = self._process.communicate()
            raise AssertionError(f"no network namespace can be made here, and this cannot be tried without: {said}")
        self._door = socket.socket(fileno=handed[0])
        self._lines = ours.makefile("r")
        self._calls: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def run(self, argv: list[str], env: dict[str, str], cwd: str) -> tuple[int, str, str]:
        """Run a command in there; return its exit status, stdout and stderr."""
        self._link.sendall((json.dumps({"argv": argv, "env": env, "cwd": cwd}) + "\n").encode())
        status, out, err = json.loads(self._lines.readline())
        return status, out, err

    def close(self) -> None:
        """Switch it off."""
        self._link.shutdown(socket.SHUT_RDWR)
        self._process.communicate()
        self._lines.close()
        for one in (self._door, *self._calls, self._link):
            one.close()

    def _serve(self) -> None:
        while True:
            try:
                inside, _ = self._door.accept()
            except OSError:
                return
            outside = socket.create_connection(("127.0.0.1", self._port))
            self._calls += [inside, outside]
            for one, other in ((inside, outside), (outside, inside)):
                threading.Thread(target=_pour, args=(one, other), daemon=True).start()


def _pour(one: socket.socket, other: Any) -> None:
    try:
        while block := one.recv(65_536):
            other.sendall(block)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        return
