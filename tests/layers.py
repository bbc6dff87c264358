#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make layers: which folder may include which, which file alone includes a library, which alone makes what a path names, who
asks for the command, and whether private headers stay private.

    layers.py FOLDER...     the Makefile's, which must be those of the table"""
import fnmatch
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
# folder: those next below it, whose own are below it too; the highest comes first
BELOW = {
    "launcher/command": ("launcher/batch", "launcher/test", "launcher/serve"),
    "launcher/batch": ("launcher/environment",),
    "launcher/test": ("launcher/environment",),
    "launcher/serve": ("launcher/environment",),
    "launcher/environment": ("launcher/diagnose",),
    "launcher/diagnose": ("launcher/launch",),
    "launcher/launch": ("launcher/sandbox",),
    "launcher/sandbox": ("mounts", "policy", "lambda", "relay"),
    "project": ("base",),
    "mounts": ("cache",),
    "cache": ("unpack",),
    "unpack": ("base",),
    "policy": ("base",),
    "lambda": ("base",),
    "relay": ("base",),
    "base": (),
}
# library's header: its one includer
ADAPTERS = {
    "archive.h": "unpack/tar.c",
    "openssl/evp.h": "unpack/digest.c",
    "libelf.h": "unpack/elf_facts.c",
    "llhttp.h": "lambda/http_parse.c",
    "zlib.h": "lambda/event_stream.c",
    "sys/capability.h": "policy/caps.c",
    "yaml.h": "project/document_yaml.c",
    "cjson/cJSON.h": "policy/oci.c",
}
# What makes or removes something by a path: base/place.c alone, and doctor in a folder of its own.
MAKES = re.compile(r"(^|[^a-z_])((mkdir|l?chown|chmod|rename|unlink|rmdir|symlink|link|mknod|mkfifo|creat|truncate|mkdtemp|mkstemp)\(|open\([^;]*O_CREAT"
                   r'|openat\(AT_FDCWD[^;]*O_CREAT|freopen\(|fopen\([^;]*"[wa])')
MAKERS = {"base/place.c", "launcher/command/cmd_doctor.c"}
# What would leave a descriptor open where it fails: fs_open_dir() is for all.
LISTS = re.compile(r"(^|[^a-z_])fdopendir\(")
LISTERS = {"base/fs.c"}
# What gives a file away, by a descriptor or as another user.
GIVES = re.compile(r"(^|[^a-z_])(fchown|fchownat|setfsuid)\(")
GIVERS = {"base/rights.c", "policy/cgroup.c"}
# Which command a launch is for: below launcher/command its differences are fields of struct command_kind.
ASKS = re.compile(r"[!=]= *CMD_(?!DEFAULT|COUNT)|case CMD_")
ASKER = "launcher/command"
# A header's first comment: what follows is for these files, and for headers that are theirs too.
PRIVATE = re.compile(r"\bFor ([\w*]+\.c(?:(?:, | and )[\w*]+\.c)*) only\.")
# What one file alone does for all environments: change their state, have something said. Who says it calls nobody else's functions.
ENVIRONMENT = "launcher/environment/environment_"
SPEAKERS = {f"{ENVIRONMENT}tell.c", f"{ENVIRONMENT}explain.c"}
ALONE = {
    re.compile(r"\be->state = "): {f"{ENVIRONMENT}life.c"},
    re.compile(r"\benvironment_(tell|explain)\("): {f"{ENVIRONMENT}report.c"} | SPEAKERS,
}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def reach(folder):
    """The folder and all below it."""
    return {folder}.union(*(reach(below) for below in BELOW[folder]))


def table_faults(folders):
    order = list(BELOW)
    faults = [f"{f}: {b} is not below it in the table" for f in order for b in BELOW[f] if order.index(b) <= order.index(f)]
    if set(folders) != set(order):
        faults.append(f"the Makefile's folders are not the table's: {sorted(set(folders) ^ set(order))}")
    roots = {f.split("/")[0] for f in order}
    homeless = [p.relative_to(TOP) for root in sorted(roots) for p in (TOP / root).rglob("*.[ch]") if str(p.parent.relative_to(TOP)) not in BELOW]
    return faults + [f"{p}: in no folder of the table" for p in homeless]


def file_faults(path, lines, includers):
    """What is wrong with the lines of one file; gathers who includes which library."""
    folder = path.rsplit("/", 1)[0]
    for number, line in enumerate(lines, 1):
        included = INCLUDE.match(line)
        if included and included[1] == "<" and included[2] in ADAPTERS:
            includers.setdefault(included[2], set()).add(path)
        elif included and included[1] == '"' and "/" in included[2]:
            if included[2].rsplit("/", 1)[0] not in reach(folder):
                yield f"{path}:{number}: {line}: points upwards"
        elif path.endswith(".c") and MAKES.search(line) and path not in MAKERS:
            yield f"{path}:{number}: {line.strip()}: makes what a path names"
        elif path.endswith(".c") and GIVES.search(line) and path not in GIVERS:
            yield f"{path}:{number}: {line.strip()}: gives a file away"
        elif path.endswith(".c") and LISTS.search(line) and path not in LISTERS:
            yield f"{path}:{number}: {line.strip()}: lists a directory without fs_open_dir()"
        elif folder != ASKER and ASKS.search(line):
            yield f"{path}:{number}: {line.strip()}: asks which command it is for"


def includes(path):
    return {line[2] for line in map(INCLUDE.match, path.read_text().splitlines()) if line and line[1] == '"'}


def private_faults():
    """Who includes a header that is others'; a header stands for the file of its name."""
    faults, files = [], [p for f in BELOW for p in (TOP / f).glob("*.[ch]")]
    used = {p: includes(p) for p in files}
    for header in files:
        first = re.sub(r"\s+\*?\s*", " ", re.search(r"/\* (\w+\.[ch]: .*?)\*/", header.read_text() + "/* x.c: */", re.S)[1])
        owners = PRIVATE.search(first)
        if not owners or header.suffix != ".h":
            continue
        patterns = [*re.split(", | and ", owners[1]), header.with_suffix(".c").name]
        faults += [f"{p.relative_to(TOP)}: includes {header.relative_to(TOP)}, which is for {owners[1]} only" for p in files
                   if str(header.relative_to(TOP)) in used[p] and not any(fnmatch.fnmatch(p.with_suffix(".c").name, one) for one in patterns)]
    return faults


def environment_faults():
    files = {str(p.relative_to(TOP)): p.read_text() for p in (TOP / "launcher/environment").glob("*.c")}
    spoken = {name for p in SPEAKERS for name in re.findall(r"^[a-z].*?(environment_\w+)\(", files[p], re.M)}
    for path, text in files.items():
        for pattern, owners in ALONE.items():
            if path not in owners and (found := pattern.search(text)):
                yield f"{path}: {found[0]}: that is {' and '.join(sorted(owners))}'s alone"
        if path in SPEAKERS:
            yield from (f"{path}: calls back {name}()" for name in sorted(set(re.findall(r"\b(environment_\w+)\(", text)) - spoken))


def main():
    faults, includers = table_faults(sys.argv[1:]) + private_faults(), {}
    for p in sorted(p for f in BELOW for p in (TOP / f).glob("*.[ch]")):
        faults += file_faults(str(p.relative_to(TOP)), p.read_text().splitlines(), includers)
    faults += [f"{header} is included by {sorted(includers.get(header, ()))}, not by {one} alone" for header, one in ADAPTERS.items() if includers.get(header) != {one}]
    faults += [f"{path} gives nothing away: strike it from the list" for path in GIVERS if not any(map(GIVES.search, (TOP / path).read_text().splitlines()))]
    faults += environment_faults()
    print("\n".join(faults) or "layers: no include points upwards; one adapter per library; base/place.c alone makes what a path names")
    return bool(faults)


sys.exit(main())
