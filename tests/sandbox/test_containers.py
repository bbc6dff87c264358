# SPDX-License-Identifier: Apache-2.0
"""Inside containers that are really made here (Podman, systemd-nspawn, bwrap, chroot, unshare), of the host's own /usr: what works, and what
is said where something is refused. docs/hosts.md says the same. A manager that can run nothing here is left out: that is no matter of lrun's."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from conftest import BUILD, HELPERS, LRUN, ROOT, TOP, helper, make_zip, skip

PAGE = (TOP / "docs/hosts.md").read_text()
NEEDED = "--security-opt unmask=ALL --security-opt seccomp=unconfined".split()


@pytest.fixture
def tree(tmp):
    """A root whose /usr is the host's, to be mounted by who runs in it."""
    root = tmp / "tree"
    for d in ("usr", "proc", "dev", "sys", "tmp", "run", "etc", "root", "opt/lrun", "var/cache", "home/u"):
        (root / d).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").chmod(0o1777)
    (root / "home/u").chmod(0o777)
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nu:x:1000:1000::/home/u:/bin/sh\n")
    (root / "etc/os-release").write_text("ID=test\n")
    for program in ("lrun", *HELPERS):
        shutil.copy(BUILD / program, root / "opt/lrun")
    make_zip(root / "opt/fn.zip", {"f": "from the zip\n"})
    for p in (root / "opt").rglob("*"):
        p.chmod(0o755 if p.is_dir() or p.parent.name == "lrun" else 0o644)
    return root


def ran(*argv, **more):
    return subprocess.run([*map(str, argv)], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **more)


def container(request, manager, tree, options, *argv):
    if not ROOT:
        pytest.skip(f"{manager} is tried as root")
    if manager == "podman":  # crun takes cgroup v2 alone, and limits that it may set
        prepare = "mount -t tmpfs none /run; umount -l -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup || exit 99; "
        place = tempfile.mkdtemp(prefix="lrun-podman.", dir="/tmp")  # of at most 50 characters
        request.addfinalizer(lambda: shutil.rmtree(place, ignore_errors=True))
        files = "--ulimit=nofile=1024:1024 --ulimit=nproc=4096:4096".split()
        words = ("podman", "--storage-driver=vfs", f"--root={place}/s", f"--runroot={place}/r", "run", "--rm", "--network=none", "--cgroups=disabled", *files,
                 "-v", "/usr:/usr:ro", *options, "--rootfs", tree)
    else:
        prepare = "mkdir -p /run/systemd/nspawn; mount -t tmpfs none /run/systemd/nspawn || exit 99; "
        words = ("systemd-nspawn", "-q", "--register=no", "--keep-unit", "--pipe", "--bind-ro=/usr", *options, "-D", tree)
    if not shutil.which(words[0]):
        skip(f"{words[0]} is not installed")
    wrap = ("unshare", "-m", "/bin/sh", "-c", prepare + 'exec "$@"', "sh", *words)
    if (p := ran(*wrap, "/bin/true")).returncode:
        skip(f"{words[0]} runs nothing here: {p.stderr}")
    return ran(*wrap, *argv)


@pytest.fixture
def podman(request, tree):
    return lambda options, *argv: container(request, "podman", tree, options, *argv)


@pytest.fixture
def nspawn(request, tree):
    return lambda *argv: container(request, "systemd-nspawn", tree, (), *argv)


# ---- systemd-nspawn: its filter refuses Landlock ----

def test_nspawn_runs_a_zip(nspawn):
    p = nspawn("/opt/lrun/lrun", "exec", "/opt/fn.zip", "--", "/bin/cat", "f")
    assert p.returncode == 0 and p.stdout == "from the zip\n", p


def test_doctor_in_nspawn(nspawn):
    p = nspawn("/opt/lrun/lrun", "doctor")
    assert p.returncode == 0 and p.stdout.endswith("lrun works here.\n"), p
    assert re.search(r"^ok +unpack +a zip was unpacked", p.stdout, re.M) and re.search(r"^ok +container +marks of systemd-nspawn", p.stdout, re.M), p
    assert re.search(r"^absent +landlock +cannot use Landlock: Operation not permitted", p.stdout, re.M), p


# ---- Podman ----

@pytest.mark.parametrize("options, step", [((), "root"), (("--security-opt", "seccomp=unconfined"), "root"), (("--security-opt", "unmask=ALL"), "hostname")])
def test_podman_with_less_than_it_needs(podman, options, step):
    """The remedy is whole whichever of the two is missing."""
    p = podman(options, "/opt/lrun/lrun", "doctor")
    line = re.search(r"^failed +sandbox .*", p.stdout, re.M)[0]
    assert p.returncode == 1 and line.endswith(f"(step {step})") and f"in Podman, by /run/.containerenv: podman run {' '.join(NEEDED)}" in line and "docker" not in line, line
    assert ("Seccomp: 2" in line) == ("seccomp=unconfined" not in options), line
    assert " ".join(NEEDED) in PAGE


@pytest.mark.parametrize("user", [(), ("--user", "1000:1000", "-e", "HOME=/home/u"), ("--user", "1000:1000", "-e", "HOME=/home/u", "--cap-drop", "ALL")])
def test_podman_with_what_it_needs(podman, user):
    p = podman((*NEEDED, *user), "/opt/lrun/lrun", "exec", "/opt/fn.zip", "--", "/bin/cat", "f")
    assert p.returncode == 0 and p.stdout == "from the zip\n", p


def test_podman_root_without_capabilities(podman):
    p = podman((*NEEDED, "--cap-drop", "ALL"), "/opt/lrun/lrun", "exec", "/opt/fn.zip", "--", "/bin/cat", "f")
    assert p.returncode == 125 and "root lacks CAP_SETUID or CAP_SETGID here" in p.stderr and "podman run --user 1000:1000" in p.stderr and p.stderr.count("\n") == 1, p


# ---- without a manager ----

def test_root_without_capabilities(lrun, empty):
    if not ROOT:
        pytest.skip("only root has capabilities to drop")
    p = ran("setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid", *lrun.argv("exec", empty, "--", "/bin/true", report=False))
    assert p.returncode == 125 and "root lacks CAP_SETUID or CAP_SETGID here" in p.stderr, p


@pytest.fixture
def one_uid(tmp):
    """unshare -Ur of an ordinary user; as root, of whom root becomes."""
    home = tmp / "home"
    home.mkdir(mode=0o700)
    if ROOT:
        os.chown(home, 60993, 60993)
    wrap = (*(("setpriv", "--reuid", "60993", "--regid", "60993", "--clear-groups") if ROOT else ()), "unshare", "-Ur")
    if ran(*wrap, "true").returncode:
        skip("no user namespace can be made here")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
    return wrap, home, {**environ, "HOME": str(home), "XDG_DATA_HOME": str(home / "data")}


@pytest.mark.parametrize("xdg", [False, True])
def test_root_of_one_uid_has_its_users_cache(one_uid, empty, xdg):
    wrap, home, environ = one_uid
    environ = {**environ, **({"XDG_CACHE_HOME": str(home / "x")} if xdg else {})}
    p = ran(*wrap, LRUN, "exec", empty, "--", "/bin/cat", "handler.txt", env=environ)
    assert p.returncode == 0 and p.stdout == "code\n", p
    assert (home / ("x" if xdg else ".cache") / "lrun/v1/tree").is_dir()
    p = ran(*wrap, LRUN, "doctor", env=environ)
    assert p.returncode == 0 and f"{home}/{'x' if xdg else '.cache'}/lrun/v1" in p.stdout, p


def test_a_bwrap_that_allows_no_more_namespaces(tmp, empty):
    if not shutil.which("bwrap"):
        skip("bubblewrap is not installed")
    wrap = ("bwrap", "--bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-user", "--disable-userns")
    if ran(*wrap, "true").returncode:
        pytest.skip("a container, or bwrap before 0.7, cannot disable user namespaces")
    p = ran(*wrap, LRUN, "exec", "--cache-dir", tmp / "own", empty, "--", "/bin/true")
    assert p.returncode == 125 and "a limit on namespaces is reached: see /proc/sys/user/max_*_namespaces" in p.stderr, p


@pytest.mark.parametrize("proc", [False, True])
def test_a_chroot_is_said_and_a_missing_proc(tree, proc):
    if not ROOT:
        pytest.skip("chroot(8) is root's")
    script = f"mount --bind /usr {tree}/usr && mount --bind /dev {tree}/dev && {f'mount -t proc proc {tree}/proc && ' if proc else ''}exec chroot {tree} /opt/lrun/lrun exec /opt/fn.zip -- /bin/true"
    p = ran("unshare", "-m", "/bin/sh", "-c", script)
    says = "this is a chroot (no mount of /proc/self/mountinfo is the root), where nobody may make one" if proc else "no /proc is mounted here: mount -t proc proc /proc"
    assert p.returncode == 125 and says in p.stderr and p.stderr.count("\n") == 1, p


# ---- the filter's, masks' and AppArmor's words where no manager can be run: their marks are laid by a mount namespace ----

@pytest.mark.parametrize("mark, variable, says", [
    ("/.dockerenv", None, "in Docker, by /.dockerenv: docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"),
    ("/.dockerenv", "GITHUB_ACTIONS=true", "options: --security-opt seccomp=unconfined"),
    ("/.dockerenv", "GITLAB_CI=true", "[runners.docker] security_opt = [\"seccomp=unconfined\""),
    (None, "KUBERNETES_SERVICE_HOST=10.0.0.1", "procMount: Unmasked"),
    (None, "container=lxc", "nesting.conf"),
])
def test_the_words_of_a_manager(lrun, empty, mark, variable, says):
    if mark and not os.path.exists(mark):
        pytest.skip(f"only in a container: {mark}")
    if not mark and any(os.path.exists(p) for p in ("/run/.containerenv", "/run/host/container-manager")):
        pytest.skip("this is another container")
    lrun.exec(empty, "/bin/true")
    p = ran(*(("env", variable) if variable else ()), helper("refuse"), "clone3", "EPERM", "--", *lrun.argv("exec", empty, "--", "/bin/true", report=False))
    assert p.returncode == 125 and says in p.stderr and "Seccomp: 2 in /proc/self/status" in p.stderr, p


def test_a_mark_alone_is_no_cause(lrun, empty):
    """GITLAB_CI on a machine of one's own: nothing surrounds lrun, so its words are no answer to anything."""
    status = pathlib.Path("/proc/self/status").read_text()
    if "\nSeccomp:\t0" not in status:
        pytest.skip("a container: a seccomp filter is on here")
    p = ran("env", "KUBERNETES_SERVICE_HOST=10.0.0.1", "unshare", "-Ur", "/bin/sh", "-c", 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"', "sh", LRUN, "exec", "--cache-dir", lrun.cache, empty, "--", "/bin/true")
    assert "procMount" not in p.stderr, p
