# SPDX-License-Identifier: Apache-2.0
"""lrun inspect on a directory: nothing of it was unpacked, so of compiled files only the header is read; what that tells is told, and
what it does not is said."""
import pytest

from test_inspect import PY, elf, inspect
from test_inspect_packages import NODE, OTHER, RISCV, narrow

MACOS, WINDOWS = b"\xcf\xfa\xed\xfe" + bytes(100), b"MZ" + bytes(100)
ONLY = "only the architecture was checked"


def folder(tmp, files):
    for name, content in files.items():
        path = tmp / "fn" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(0o755)
    return tmp / "fn"


CASES = {
    "a bootstrap for the other architecture": ({"bootstrap": elf(OTHER)}, (), [("warning", "LR-010")]),
    "a bootstrap for none of Lambda's": ({"bootstrap": elf(RISCV)}, (), [("error", "LR-010")]),
    "a bootstrap of 32 bits": ({"bootstrap": narrow()}, (), [("error", "LR-010")]),
    "a bootstrap for macOS": ({"bootstrap": MACOS}, (), [("error", "LR-010")]),
    "a bootstrap for Windows": ({"bootstrap": WINDOWS}, (), [("error", "LR-010")]),
    "a bootstrap that is text": ({"bootstrap": "echo hi\n" * 9}, (), [("error", "LR-011")]),
    "a library for the other architecture": ({**PY, "a.so": elf(OTHER)}, ("--runtime", "python3"), [("warning", "LR-016")]),
    "another platform's prebuilt beside ours": ({"index.js": "x", "node_modules/a/prebuilds/linux-riscv64/a.node": elf(RISCV), "node_modules/a/prebuilds/linux-x64/a.node": elf(),
                                                 "node_modules/a/prebuilds/linux-arm64/a.node": elf(OTHER)}, NODE, []),
    "our own architecture": ({"bootstrap": elf()}, (), []),
    "a text that only begins like a program": ({**PY, "x.bin": b"\x7fELF"}, ("--runtime", "python3"), []),
}


@pytest.mark.parametrize("case", CASES)
def test_of_a_compiled_file_the_header_is_judged(tmp, case):
    files, options, expected = CASES[case]
    d = inspect(tmp, *options, folder(tmp, files))
    assert [(f["severity"], f["id"]) for f in d["findings"] if f["id"] in ("LR-010", "LR-011", "LR-016")] == expected, d["findings"]


def test_what_was_not_looked_at_is_said(tmp):
    text = inspect(tmp, folder(tmp, {"bootstrap": elf()}), form=None).stdout.decode()
    assert f"1 compiled file in directories: {ONLY}" in text and text.splitlines()[-1] == "no findings"
    assert ONLY not in inspect(tmp, folder(tmp, {"bootstrap": "#!/bin/sh\n"}), form=None).stdout.decode()
