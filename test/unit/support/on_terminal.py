# SPDX-License-Identifier: MIT
"""Runs a program on a terminal of its own and types on it.

Reads {"argv", "env", "steps": [[text to wait for, text to type], ...]} as JSON from standard input and prints
{"output", "code", "signal"}. Texts are Latin-1, so that any byte can be typed and seen.
"""
import json
import os
import pty
import select
import sys
import time

DEADLINE = time.monotonic() + 60


def read_some(terminal):
    """What the program wrote; nothing once all who had the terminal have closed it."""
    ready, _, _ = select.select([terminal], [], [], max(0, DEADLINE - time.monotonic()))
    if not ready:
        raise TimeoutError
    try:
        return os.read(terminal, 4096).decode("latin-1")
    except OSError:
        return ""


def play(terminal, steps):
    output = ""
    seen = 0
    for awaited, typed in steps:
        while awaited not in output[seen:]:
            more = read_some(terminal)
            if more == "":
                return output
            output += more
        seen = output.index(awaited, seen) + len(awaited)
        os.write(terminal, typed.encode("latin-1"))
    while more := read_some(terminal):
        output += more
    return output


def main():
    task = json.load(sys.stdin)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(task["argv"][0], task["argv"], task["env"])
    try:
        output = play(terminal, task["steps"])
    except TimeoutError:
        os.kill(pid, 9)
        raise
    status = os.waitpid(pid, 0)[1]
    signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    json.dump({"output": output, "code": code, "signal": signal}, sys.stdout)


main()
