#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sbom.py TREE OBJECTS VERSION MACHINE GLIBC CJSON [SYSROOT]: writes TREE/share/doc/lrun/sbom.spdx.json (SPDX 2.3) and the licences.

What is in a program is not guessed: the linker said what it took from which library (OBJECTS/PROGRAM.map). A library without a row
below ends the build: somebody has to read its licence first. Versions are those of the Debian packages here, or in SYSROOT."""
import datetime
import gzip
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

# A static library or an object: its Debian package (None: whoever owns the file), and the licence of what it brings into a program.
LIBRARIES = {
    "libevent_core.a": ("libevent-dev", "BSD-3-Clause"),
    "libcap.a": ("libcap-dev", "BSD-3-Clause OR GPL-2.0-only"),
    "libz.a": ("zlib1g-dev", "Zlib"),
    "libseccomp.a": ("libseccomp-dev", "LGPL-2.1-only"),
    "libyaml.a": ("libyaml-dev", "MIT"),
    "libarchive.a": ("libarchive-dev", "BSD-2-Clause"),
    "libelf.a": ("libelf-dev", "LGPL-3.0-or-later OR GPL-2.0-or-later"),
    "libdeflate.a": ("libdeflate-dev", "MIT"),
    "libcrypto.a": ("libssl-dev", "Apache-2.0"),
    "liblzma.a": ("liblzma-dev", "LicenseRef-xz-public-domain"),
    "libzstd.a": ("libzstd-dev", "BSD-3-Clause OR GPL-2.0-only"),
    "libbz2.a": ("libbz2-dev", "bzip2-1.0.6"),
    "libllhttp.a": ("libllhttp-dev", "MIT"),
    "llhttp.o": ("node-llhttp", "MIT"),
    "libgcc.a": (None, "GPL-3.0-or-later WITH GCC-exception-3.1"),
    "libgcc_eh.a": (None, "GPL-3.0-or-later WITH GCC-exception-3.1"),
}
C_LIBRARY = re.compile(r"lib(c|m|m-[\d.]+|mvec|pthread|rt|dl|c_nonshared)\.a")
CJSON = "cjson"
TEXTS = {"LicenseRef-xz-public-domain": "liblzma is in the public domain: see licences/liblzma-dev."}


def fail(text):
    sys.exit("sbom: " + text)


def taken(linker_map):
    """Paths of the libraries that the linker took something from, and of objects that are somebody else's."""
    text = linker_map.read_text(errors="replace")
    members = text[:text.index("Discarded input sections")] if "Discarded input sections" in text else text
    found = {m.group(1) for m in re.finditer(r"^(/\S+\.a)\(", members, re.M)}
    return found | {m.group(1) for m in re.finditer(r"^LOAD (\S*/llhttp/llhttp\.o)$", text, re.M)}


def owner(path):
    said = subprocess.run(["dpkg", "-S", os.path.realpath(path)], capture_output=True, text=True).stdout
    return said.split(":")[0] or fail(f"no package has {path}")


def version_of(package, sysroot):
    if sysroot and not package.endswith("-cross"):
        changelog = sysroot / "usr/share/doc" / package / "changelog.Debian.gz"
        if changelog.exists():
            return re.match(r"\S+ \((\S+)\)", gzip.open(changelog, "rt").readline()).group(1)
    said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True).stdout
    return said or fail(f"the version of {package} is not known")


def library(path, sysroot):
    """(package, version, licence, its copyright file)"""
    name = os.path.basename(path)
    package, licence = ("libc6-dev", "LGPL-2.1-or-later") if C_LIBRARY.fullmatch(name) else LIBRARIES.get(name) or fail(f"whose is {path}, and what is its licence? Say so in packaging/sbom.py")
    within = sysroot if sysroot and str(os.path.realpath(path)).startswith(str(sysroot)) else None
    package = package or owner(path)
    copying = (within or pathlib.Path("/")) / "usr/share/doc" / package / "copyright"
    return package, version_of(package, within), licence, copying


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def spdx_id(name):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", name)


def package_row(name, version, licence, **more):
    return {"SPDXID": spdx_id("Package-" + name), "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": "NOASSERTION", **more}


def of_files(files):
    """What a package says whose files are listed (SPDX 2.3, 7.9)."""
    sums = sorted(c["checksumValue"] for f in files for c in f["checksums"] if c["algorithm"] == "SHA1")
    return {"filesAnalyzed": True, "licenseInfoFromFiles": ["NOASSERTION"],
            "packageVerificationCode": {"packageVerificationCodeValue": hashlib.sha1("".join(sums).encode()).hexdigest()}}


def purl(package, version, machine):
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": f"pkg:deb/debian/{package}@{version.replace('+', '%2B').replace('~', '%7E').replace(':', '%3A')}?arch={machine}"}


def main(tree, objects, version, machine, glibc, cjson, sysroot=None):
    tree, objects, cjson, sysroot = pathlib.Path(tree), pathlib.Path(objects), pathlib.Path(cjson), sysroot and pathlib.Path(sysroot).resolve()
    when = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    licences = tree / "share/doc/lrun/licences"
    packages, files, relations = {}, [], []
    debian = {"x86_64": "amd64", "aarch64": "arm64"}[machine]
    for program in sorted([tree / "bin/lrun", *(tree / "libexec/lrun").iterdir()]):
        file_id = spdx_id("File-" + program.name)
        files.append({"SPDXID": file_id, "fileName": "./" + str(program.relative_to(tree)), "checksums": [
            {"algorithm": "SHA1", "checksumValue": hashlib.sha1(program.read_bytes()).hexdigest()}, {"algorithm": "SHA256", "checksumValue": digest(program)}],
            "fileTypes": ["BINARY"], "licenseConcluded": "NOASSERTION", "licenseInfoInFiles": ["NOASSERTION"], "copyrightText": "NOASSERTION"})
        relations.append(("SPDXRef-Package-lrun", "CONTAINS", file_id))
        held = {library(path, sysroot) for path in taken(objects / (program.name + ".map"))}
        if program.name == "lrun-policy":
            pin = [l for l in (pathlib.Path(__file__).parent / "cjson.pin").read_text().splitlines() if not l.startswith("#")]
            held.add((CJSON, pin[0].replace(" ", "-"), "MIT", cjson / "cjson/LICENSE"))
        for package, its_version, licence, copying in sorted(held):
            if package not in packages:
                packages[package] = package_row(package, its_version, licence, externalRefs=[purl(package, its_version, "source" if package == CJSON else debian)])
                shutil.copyfile(copying, licences / package)
                (licences / package).chmod(0o644)
            relations.append((file_id, "STATIC_LINK", packages[package]["SPDXID"]))
        if program.name == "lrun-relay":
            relations.append((file_id, "DYNAMIC_LINK", "SPDXRef-Package-glibc"))
    packages["glibc"] = package_row("glibc", glibc, "LGPL-2.1-or-later", comment="Not in the tarball: the host's, of this version or later.")
    content = hashlib.sha256("".join(c["checksumValue"] for f in files for c in f["checksums"]).encode()).hexdigest()
    document = {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"lrun-{version}-linux-{machine}",
        "documentNamespace": f"https://spdx.org/spdxdocs/lrun-{version}-linux-{machine}-{content}",
        "creationInfo": {"created": when, "creators": [f"Tool: lrun-sbom-{version}"]},
        "documentDescribes": ["SPDXRef-Package-lrun"],
        "packages": [package_row("lrun", version, "Apache-2.0", primaryPackagePurpose="APPLICATION", **of_files(files)), *(packages[p] for p in sorted(packages))],
        "files": files,
        "hasExtractedLicensingInfos": [{"licenseId": i, "extractedText": t} for i, t in TEXTS.items() if any(i in p["licenseDeclared"] for p in packages.values())],
        "relationships": [{"spdxElementId": a, "relationshipType": k, "relatedSpdxElement": b} for a, k, b in [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Package-lrun"), *relations]],
    }
    (tree / "share/doc/lrun/sbom.spdx.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
