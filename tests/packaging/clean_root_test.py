"""Installs the packages in a clean Debian 12 and does there what docs/installation.md tells, as the people
it names; then upgrades, removes and purges them.

usage: clean_root_test.py BUILD_DIRECTORY DOCUMENTATION CPACK

No systemd runs in such a root: grantd is started from the ExecStart and the User of its unit, and listens
itself where its socket units would. For that the directory of the sockets, which the package makes root's,
is handed to grantd. Everything runs in namespaces of its own, which end with it, so that no
mount and no process is left. Exits with 77 where this cannot be done here.
"""

import os
import pathlib
import pwd
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

SKIPPED = 77
UPGRADED_VERSION = "99.0"
UNITS = "usr/lib/systemd/system"
# What removal and purge leave: see docs/installation.md.
KEPT = re.compile(r"/etc/grantd(/prod\.pin)?|/var/lib/grantd(/.*)?|/(home|root|packages)/.*")


class Skip(Exception):
    pass


def run(arguments, **options):
    return subprocess.run(arguments, check=True, text=True, **options)


def output_of(arguments):
    return run(arguments, stdout=subprocess.PIPE).stdout


def say(what):
    print(f"[{time.monotonic() - STARTED:5.1f} s] {what}", flush=True)


STARTED = time.monotonic()


# --- This machine's Debian, as apt knows it ---------------------------------------------------------------


def debian_sources():
    """(uri, suite, component) of each, the release's own first."""
    fields = output_of(["apt-get", "indextargets", "--format",
                        "$(CODENAME) $(ORIGIN) $(SUITE) $(REPO_URI) $(RELEASE) $(COMPONENT)",
                        "Created-By: Packages"])
    sources = [line.split()[-3:] for line in fields.splitlines() if " Debian " in line]
    sources = [source for source in sources if source[1].startswith("bookworm")]
    sources.sort(key=lambda source: source[1] != "bookworm")
    if not sources or sources[0][1] != "bookworm":
        raise Skip("apt has no source for Debian 12, or no list of it: apt-get update")
    return sources


def apt_settings():
    """How apt reaches its sources: proxies and the like."""
    lines = output_of(["apt-config", "dump"]).splitlines()
    return [line for line in lines if line.startswith("Acquire::") and not line.endswith('"";')]


def unreachable(log):
    return re.search(r"Failed getting release|Couldn't download|Could not resolve|Failed to fetch|"
                     r"Unable to connect|Temporary failure", log)


def fetch(arguments, **options):
    """Runs what takes packages from the network."""
    done = subprocess.run(arguments, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode == 0:
        return done.stdout
    print(done.stdout)
    if unreachable(done.stdout):
        raise Skip("the mirror of Debian that apt names cannot be reached")
    raise SystemExit(f"{arguments[0]} failed with {done.returncode}")


# --- The documentation as a script ------------------------------------------------------------------------


def blocks(documentation):
    """(language, lines) of each block up to the chapter on upgrades."""
    text = documentation.read_text().split("\n## Upgrade\n")[0]
    for language, body in re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield language, body


def commands(body):
    """(user, script) of the lines of a block that one person types one after the other."""
    scripts = []
    for line in re.sub(r"\\\n\s*", "", body).splitlines():
        person, typed = re.fullmatch(r"(?:(\w+)\$|#) (.*)", line).groups()
        person = person or "root"
        if scripts and scripts[-1][0] == person:
            scripts[-1][1] += "\n" + typed
        else:
            scripts.append([person, typed])
    return scripts


# --- The clean root ---------------------------------------------------------------------------------------


class Root:
    def __init__(self, path, cache):
        self.path = path
        self.cache = cache
        self.grantd = None

    def make(self):
        sources = debian_sources()
        self.cache.mkdir(parents=True, exist_ok=True)
        base = self.cache / "base.tar.gz"
        if base.exists():
            self.path.mkdir()
            run(["tar", "-xzf", str(base), "-C", str(self.path)])
        else:
            self.bootstrap(sources[0][0], base)
        lines = [f"deb {uri} {suite} {component}\n" for uri, suite, component in sources]
        (self.path / "etc/apt/sources.list").write_text("".join(lines))
        settings = apt_settings() + ['APT::Install-Recommends "false";']
        (self.path / "etc/apt/apt.conf.d/50test").write_text("\n".join(settings) + "\n")
        archives = self.cache / "archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        run(["mount", "--bind", str(archives), str(self.path / "var/cache/apt/archives")])
        run(["mount", "-t", "proc", "proc", str(self.path / "proc")])
        fetch(self.command("root", "apt-get update -q --error-on=any"))

    def bootstrap(self, mirror, base):
        """Makes the root of packages from the network, and keeps it for the next time."""
        hasty = self.path / "etc/dpkg/dpkg.cfg.d/50test"
        hasty.parent.mkdir(parents=True)
        hasty.write_text("force-unsafe-io\n")
        fetch(["debootstrap", "--variant=minbase", "bookworm", str(self.path), mirror])
        (self.path / "etc/apt/apt.conf.d/docker-clean").unlink(missing_ok=True)
        unfinished = base.with_suffix(f".{os.getpid()}")
        archive = subprocess.Popen(["tar", "-c", "--one-file-system", "-C", str(self.path), "."],
                                   stdout=subprocess.PIPE)
        with open(unfinished, "wb") as stream:
            run(["gzip", "-1"], stdin=archive.stdout, stdout=stream)
        assert archive.wait() == 0
        unfinished.rename(base)

    def command(self, user, script):
        account = self.account(user)
        environment = [f"HOME={account.pw_dir}", f"USER={user}", f"LOGNAME={user}", "LC_ALL=C.UTF-8",
                       "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                       "DEBIAN_FRONTEND=noninteractive"]
        inner = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups",
                 "env", "-i", *environment, "sh", "-euc", f"cd {account.pw_dir}\n{script}"]
        return ["chroot", str(self.path), *inner]

    def account(self, user):
        for line in (self.path / "etc/passwd").read_text().splitlines():
            fields = line.split(":")
            if fields[0] == user:
                return pwd.struct_passwd([*fields[:2], int(fields[2]), int(fields[3]), *fields[4:]])
        raise SystemExit(f"there is no user {user}")

    def as_user(self, user, script):
        """What the script prints; it has to succeed."""
        done = self.attempt(user, script)
        if done.returncode != 0:
            raise SystemExit(f"{user}: {script}\nfailed with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def attempt(self, user, script):
        return subprocess.run(self.command(user, script), text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def unit(self, name, key):
        """The values of one key of an installed unit."""
        text = (self.path / UNITS / name).read_text()
        return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)

    def start_grantd(self):
        user = self.account(self.unit("grantd.service", "User")[0])
        sockets = [address for kind in ("api", "gate")
                   for address in self.unit(f"grantd-{kind}.socket", "ListenStream")]
        assert len(sockets) == 2, sockets
        state = [f"/var/lib/{name}" for name in self.unit("grantd.service", "StateDirectory")]
        for folder in state:
            path = self.path / folder[1:]
            path.mkdir(mode=0o700, exist_ok=True)
            os.chown(path, user.pw_uid, user.pw_gid)
        for folder in {os.path.dirname(address) for address in sockets}:
            path = self.path / folder[1:]
            found = path.stat()
            assert stat.S_IMODE(found.st_mode) == 0o755, found
            assert self.grantd or (found.st_uid, found.st_gid) == (0, 0), found  # handed over before
            os.chown(path, user.pw_uid, user.pw_gid)
        line = self.unit("grantd.service", "ExecStart")[0]
        command = ["chroot", str(self.path), "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}",
                   "--init-groups", "--no-new-privs", *shlex.split(line)]
        self.grantd = subprocess.Popen(command, env={"PATH": "/usr/sbin:/usr/bin"})
        while not all((self.path / socket[1:]).is_socket() for socket in sockets) or \
                self.attempt("root", "grantctl whoami").returncode != 0:
            if self.grantd.poll() is not None:
                raise SystemExit(f"grantd ended with {self.grantd.returncode}")
            time.sleep(0.05)

    def stop_grantd(self):
        self.grantd.send_signal(signal.SIGTERM)
        assert self.grantd.wait() == 0, "grantd did not stop in good order"

    def remains(self):
        """Everything that bears the name of one of the packages."""
        return self.as_user("root", "find / -xdev -path '*grantd*' -o -path '*grantctl*' -o "
                                    "-path '*grant-pkcs11*'").splitlines()


# --- What has to be true ----------------------------------------------------------------------------------


def follow(root, documentation):
    """Does what the documentation tells; returns alice's command that signs."""
    last = None
    for language, body in blocks(documentation):
        if language == "toml":
            where, content = re.fullmatch(r"# (/\S+)\n(.*)", body, re.DOTALL).groups()
            (root.path / where[1:]).write_text(content)
            continue
        for user, script in commands(body):
            say(f"{user}: {script.splitlines()[0]} ...")
            if script.startswith("apt-get "):
                fetch(root.command(user, "cd /packages\n" + script))
                for person in ("alice", "bob"):
                    root.as_user("root", f"useradd --create-home {person}")
            elif script.startswith("systemctl enable --now "):
                started, rest = script.split("\n", 1)
                for unit in started.split()[3:]:
                    assert (root.path / UNITS / unit).is_file(), unit
                root.start_grantd()
                root.as_user(user, rest)
            else:
                root.as_user(user, script)
            last = script
    return last


def check_main_job(root, sign):
    root.as_user("alice", "pkcs11-tool --module /usr/lib/*/pkcs11/grant-pkcs11.so --read-object --type pubkey "
                          "--label release-key --output-file public.der")
    verify = "openssl dgst -sha256 -verify public.der -keyform DER -signature notes.sig notes.txt"
    root.as_user("alice", verify)
    say("the signature is verified; one beyond the count, and one of bob's, are refused")
    again = root.attempt("alice", sign)
    assert again.returncode != 0 and "is used up (1 of 1)" in again.stdout, again.stdout
    assert root.attempt("bob", sign).returncode != 0
    root.as_user("root", f"systemd-analyze verify --man=no /{UNITS}/grantd*")
    root.as_user("root", "dpkg --install /packages/grantd-doc_*.deb")
    assert (root.path / "usr/share/doc/grantd/docs/installation.md").exists()
    listed = root.as_user("alice", "p11-kit list-modules")
    assert "grant-pkcs11" in listed and "token: prod" in listed, listed
    for secret in ("/etc/grantd/prod.pin", "/var/lib/grantd/grantd.db", "/var/lib/softhsm/tokens/*/*"):
        assert root.attempt("alice", f"cat {secret}").returncode != 0, secret
    for shell, file in (("bash", "bash-completion/completions/grantctl"),
                        ("zsh", "zsh/vendor-completions/_grantctl"),
                        ("fish", "fish/vendor_completions.d/grantctl.fish")):
        root.as_user("alice", f"grantctl completion {shell} | cmp - /usr/share/{file}")


def check_upgrade(root, sign):
    say("upgrade while grantd runs")
    root.as_user("alice", "grantctl request create release --signings 2 --window 1h --reason upgrade --no-wait")
    root.as_user("bob", 'grantctl request approve "$(grantctl request list --awaiting-me -o name)"')
    root.as_user("alice", sign)
    before = root.as_user("root", "grantctl grant list --all -o json")
    configuration = (root.path / "etc/grantd/grantd.toml").read_text()
    root.as_user("root", "apt-get install --yes /packages/upgrade/grantd_*.deb")
    assert root.as_user("root", "dpkg-query -W -f '${Version}' grantd") == UPGRADED_VERSION
    assert (root.path / "etc/grantd/grantd.toml").read_text() == configuration
    root.stop_grantd()
    root.start_grantd()
    assert root.as_user("root", "grantctl grant list --all -o json") == before
    root.as_user("alice", sign)
    refused = root.attempt("alice", sign)
    assert refused.returncode != 0 and "is used up" in refused.stdout, refused.stdout
    root.as_user("root", "grantctl audit verify")


def check_removal(root):
    say("removal and purge")
    root.stop_grantd()
    root.as_user("root", "apt-get remove --yes grantd grant-pkcs11 grantctl grantd-doc")
    assert (root.path / "etc/grantd/grantd.toml").exists()
    assert not (root.path / "usr/sbin/grantd").exists()
    purged = root.as_user("root", "apt-get purge --yes grantd")
    assert "kept /var/lib/grantd" in purged, purged
    left = root.remains()
    assert "/var/lib/grantd/grantd.db" in left, left
    unexpected = [path for path in left if not KEPT.fullmatch(path)]
    assert not unexpected, unexpected
    listed = root.attempt("alice", "p11-kit list-modules").stdout
    assert "grant-pkcs11" not in listed, listed
    say("a package that comes back finds its state")
    root.as_user("root", "apt-get install --yes /packages/grantd_*.deb")
    assert root.as_user("root", "stat -c '%U %a' /var/lib/grantd /var/lib/grantd/grantd.db") == \
        "grantd 700\ngrantd 600\n"


def inside(build, documentation, root_path):
    root = Root(root_path, build / "tests/packaging/cache")
    packing = Packing(build, root_path)
    packing.start()
    root.make()
    say("the root is made")
    packing.join()
    if packing.failure:
        raise SystemExit(packing.failure)
    packing.move_into(root.path / "packages")
    sign = follow(root, documentation)
    check_main_job(root, sign)
    check_upgrade(root, sign)
    check_removal(root)
    say("done")


class Packing(threading.Thread):
    """Makes the packages, and that of a later version of grantd, while the network is being waited for."""

    def __init__(self, build, root_path):
        super().__init__()
        self.build = build
        self.folder = root_path.with_name("packages")
        self.failure = None

    def run(self):
        try:
            self.pack(self.folder)
            self.pack(self.folder / "upgrade", "-D", f"CPACK_PACKAGE_VERSION={UPGRADED_VERSION}",
                      "-D", "CPACK_COMPONENTS_ALL=grantd")
        except subprocess.CalledProcessError as error:
            self.failure = f"cpack failed: {error.stdout}"

    def pack(self, folder, *settings):
        run([CPACK, "--config", str(self.build / "CPackConfig.cmake"), "-B", str(folder), *settings],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=self.folder.parent)
        shutil.rmtree(folder / "_CPack_Packages")

    def move_into(self, folder):
        shutil.copytree(self.folder, folder)


def main():
    build, documentation = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    if len(sys.argv) == 5:
        try:
            inside(build, documentation, pathlib.Path(sys.argv[4]))
        except Skip as reason:
            print(f"skipped: {reason}")
            sys.exit(SKIPPED)
        return
    if os.geteuid() != 0:
        raise Skip("only root can make a root directory for packages")
    if shutil.which("debootstrap") is None:
        raise Skip("debootstrap is not installed: tools/install-dependencies")
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts"]
    if subprocess.run([*namespaces, "true"], stderr=subprocess.DEVNULL).returncode != 0:
        raise Skip("this process may not make namespaces")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="grantd-clean-root-", dir="/var/tmp") as temporary:
        os.chmod(temporary, 0o755)
        done = subprocess.run([*namespaces, sys.executable, *sys.argv, f"{temporary}/root"])
    sys.exit(done.returncode)


CPACK = sys.argv[3]
try:
    main()
except Skip as reason:
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)
