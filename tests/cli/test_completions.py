# SPDX-License-Identifier: Apache-2.0
"""Completions in the shells themselves: what Tab makes of a line. They are made of the option table (launcher/command/cli_complete.c)."""
import os
import pty
import select
import shutil
import subprocess
import time

import pytest
from conftest import BUILD, LRUN, skip

SHELLS = ("bash", "zsh", "fish")
# In a directory with fn.zip, event.json and the directory results: a line, and what it may become.
LINES = {
    "lrun insp": {"inspect"},
    "lrun exec --to": {"--tools"},
    "lrun exec --tools ": {"lambda", "host", "dev"},
    "lrun exec --tools l": {"lambda"},
    "lrun run --shm d": {"denied"},
    "lrun --tools d": {"dev"},
    "lrun exec --seccomp u": {"unconfined"},
    "lrun run --event ev": {"event.json"},
    "lrun run -e ev": {"event.json"},
    "lrun exec --out r": {"results"},
    "lrun run --credentials p": {"profile:"},
    "lrun runtime sh": {"show"},
    "lrun help doc": {"doctor"},
    "lrun -q serve --url-mode s": {"stream"},
    "lrun exec fn.zip -- printen": {"printenv"},
    "lrun exec --profile gr": {"grader"},
    "lrun --profile a": {"agent"},
    "lrun --memory ": set(),
}


@pytest.fixture
def there(tmp):
    (tmp / "fn.zip").touch(), (tmp / "event.json").touch(), (tmp / "results").mkdir(), (tmp / ".home").mkdir()
    profiles = tmp / ".home/.config/lrun/profiles"
    profiles.mkdir(parents=True)
    (profiles / "grader.json").touch(), (profiles / "agent.json").touch(), (profiles / "notes.txt").touch()
    return tmp


def environment(there):
    return {"HOME": str(there / ".home"), "PATH": "/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8", "XDG_DATA_DIRS": "/usr/share"}


def bash(line, there):
    words = line.split(" ")
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _lrun; printf "%s\\n" "${COMPREPLY[@]}"'
    r = subprocess.run(["bash", "--norc", "-c", script, "bash", str(BUILD / "lrun.bash"), *words], cwd=there, env=environment(there), capture_output=True, text=True)
    assert r.returncode == 0 and not r.stderr, r
    return set(r.stdout.split())


def fish(line, there):
    script = "source $argv[1]; complete -C $argv[2]"
    r = subprocess.run(["fish", "--no-config", "-c", script, str(BUILD / "lrun.fish"), line], cwd=there, env=environment(there), capture_output=True, text=True)
    assert r.returncode == 0 and not r.stderr, r
    return {l.split("\t")[0].rstrip("/") for l in r.stdout.splitlines()}


def zsh(line, there):
    """zsh completes on a terminal only: all matches are inserted (Tab, bound to that), and the line is printed in place of run."""
    functions = there / ".functions"
    functions.mkdir(exist_ok=True)
    shutil.copy(BUILD / "lrun.zsh", functions / "_lrun")
    (there / ".zshrc").write_text("PS1='' PS2=''; unsetopt prompt_cr prompt_sp zle_bracketed_paste 2>/dev/null\nfpath=($PWD/.functions $fpath)\n"
                                 "autoload -Uz compinit; compinit -u -D; setopt no_beep\nzle -C all complete-word _generic; "
                                 "zstyle ':completion:all:*' completer _all_matches _complete; zstyle ':completion:all:*' insert true\n"
                                 "say() { print -r -- \"<<<$BUFFER>>>\"; exit }; zle -N say\nbindkey '^T' all; bindkey '^X' say; print ready\n")
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(there)
        os.execve("/usr/bin/zsh", ["zsh", "-f", "-i"], environment(there))
    text, until = "", time.monotonic() + 20
    os.write(fd, b"source ./.zshrc\n")
    asked = False
    while ">>>" not in text.split("<<<")[-1] or "<<<" not in text:
        assert time.monotonic() < until, text
        if select.select([fd], [], [], 0.1)[0]:
            try:
                text += os.read(fd, 65536).decode()
            except OSError:
                break
        if not asked and "ready\r\n" in text:
            os.write(fd, line.encode() + b"\x14\x18")
            asked = True
    os.close(fd)
    os.waitpid(pid, 0)
    buffer = text.split("<<<")[-1].split(">>>")[0]
    kept = line[:len(line) - len(line.split(" ")[-1])]
    assert buffer.startswith(kept), text
    return {w.rstrip("/") if w[0] != "-" else w.rstrip("=") for w in buffer[len(kept):].split()}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("shell", SHELLS)
def test_tab_completes_options_their_values_and_files(shell, line, there):
    if not shutil.which(shell):
        skip(f"{shell}: not installed")
    got, want = {"bash": bash, "zsh": zsh, "fish": fish}[shell](line, there), LINES[line]
    assert got == want or (shell == "zsh" and not want and got <= {line.split(" ")[-1]}), got


@pytest.mark.parametrize("shell", SHELLS)
def test_every_option_of_every_command_is_completed(shell, there):
    if not shutil.which(shell):
        skip(f"{shell}: not installed")
    if shell == "zsh":
        return  # tests/unit/test_cli.c names them all; here one line costs a terminal
    for command in ("run", "exec", "serve", "inspect", "runtime", "doctor"):
        shown = subprocess.run([LRUN, command, "--help"], capture_output=True, text=True).stdout
        want = {w for l in shown.splitlines() for w in l.split()[:2] if w.startswith("--")}
        got = {"bash": bash, "fish": fish}[shell](f"lrun {command} --", there)
        assert want <= got and len(want) > 3, want - got
