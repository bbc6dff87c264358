# SPDX-License-Identifier: Apache-2.0
"""Compiles the runtime client for the interpreter that runs this, which is the one that functions run on. Not part of what they see.
Standard input: paths and texts, each with a NUL behind it. Standard output: for each its file of bytecode, below var/runtime, and its
size on a line, and then its bytes. Such a file is loaded without a look at the source (PEP 552): lrun knows which of both it laid there."""
import marshal
import sys
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash

UNCHECKED = (1).to_bytes(4, "little")
parts = sys.stdin.buffer.read().split(b"\0")
for path, text in zip(parts[0:-1:2], parts[1::2]):
    path = path.decode()
    data = MAGIC_NUMBER + UNCHECKED + source_hash(text) + marshal.dumps(compile(text, path, "exec", dont_inherit=True))
    sys.stdout.buffer.write(b"%s %d\n" % (cache_from_source(path)[1:].encode(), len(data)) + data)
