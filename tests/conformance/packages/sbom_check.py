#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""sbom_check.py SBOM TREE: whether an SBOM has what SPDX 2.3 requires, every reference leads somewhere, and it is of the programs in TREE."""
import hashlib
import json
import pathlib
import re
import sys

REQUIRED = {
    "document": ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"),
    "packages": ("SPDXID", "name", "downloadLocation"),
    "files": ("SPDXID", "fileName", "checksums"),
    "relationships": ("spdxElementId", "relationshipType", "relatedSpdxElement"),
    "hasExtractedLicensingInfos": ("licenseId", "extractedText"),
}
KINDS = {"DESCRIBES", "CONTAINS", "STATIC_LINK", "DYNAMIC_LINK"}


def main(sbom, tree):
    text, tree = json.loads(pathlib.Path(sbom).read_text()), pathlib.Path(tree)
    missing = [m for m in REQUIRED["document"] if m not in text]
    missing += [f"{part}: {m}" for part in REQUIRED if part != "document" for row in text[part] for m in REQUIRED[part] if m not in row]
    assert not missing, missing
    assert text["spdxVersion"] == "SPDX-2.3" and text["dataLicense"] == "CC0-1.0" and text["SPDXID"] == "SPDXRef-DOCUMENT"
    assert re.fullmatch(r"https://[^#\s]+", text["documentNamespace"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text["creationInfo"]["created"]) and all(re.match("(Tool|Person|Organization): .", c) for c in text["creationInfo"]["creators"])
    ids = [text["SPDXID"], *(p["SPDXID"] for p in text["packages"]), *(f["SPDXID"] for f in text["files"])]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", i) for i in ids), ids
    assert all(r["spdxElementId"] in ids and r["relatedSpdxElement"] in ids and r["relationshipType"] in KINDS for r in text["relationships"])
    for part in ("packages", "files"):  # each is in, or described by, something
        assert {row["SPDXID"] for row in text[part]} <= {r["relatedSpdxElement"] for r in text["relationships"]}
    known = {row["licenseId"] for row in text["hasExtractedLicensingInfos"]}
    assert {w for p in text["packages"] for w in re.findall(r"LicenseRef-[\w.-]+", p["licenseDeclared"])} == known
    programs = {"./" + str(p.relative_to(tree)): hashlib.sha256(p.read_bytes()).hexdigest() for p in [tree / "bin/lrun", *(tree / "libexec/lrun").iterdir()]}
    assert {f["fileName"]: {c["algorithm"]: c["checksumValue"] for c in f["checksums"]}["SHA256"] for f in text["files"]} == programs
    linked = {p["name"] for p in text["packages"]} - {"lrun", "glibc"}
    assert linked == {p.name for p in (tree / "share/doc/lrun/licences").iterdir()} and len(linked) > 10, linked
    print(f"{len(text['files'])} programs, {len(linked)} libraries with their licences")


main(*sys.argv[1:])
