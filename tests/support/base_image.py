# SPDX-License-Identifier: Apache-2.0
"""An image in the layout of AWS's base images, made of the host's Python and bash: /var/lang, /var/runtime/bootstrap, /lambda-entrypoint.sh
(in words of our own), certificates and a time zone of its own. The client is lrun's, as AWS's stands in /var/runtime."""
import functools
import os
import pathlib
import re
import subprocess

from .images import config, directory, layer, link, make
from .where import TOP

HOST = pathlib.Path(os.path.realpath("/usr/bin/python3")).name  # python3.11
OTHER = "python3.13" if HOST != "python3.13" else "python3.12"  # what it is called there; the host has none
LIBRARY = ("collections", "concurrent", "ctypes", "email", "encodings", "html", "http", "importlib", "json", "lib-dynload", "logging", "re", "urllib")
ENTRYPOINT = """#!/bin/bash
# The handler is the one argument; the bootstrap does the rest.
if [ $# -ne 1 ]; then
    echo "entrypoint requires the handler name to be the first argument" >&2
    exit 142
fi
export _HANDLER=$1
[ -n "$AWS_LAMBDA_RUNTIME_API" ] || exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
exec /var/runtime/bootstrap
"""
BOOTSTRAP = f"""#!/bin/bash
export AWS_EXECUTION_ENV=AWS_Lambda_{OTHER} IMAGE_BOOTSTRAP=1
exec /var/lang/bin/{OTHER} /var/runtime/bootstrap.py
"""
ENV = ["LANG=en_US.UTF-8", "TZ=:/etc/localtime", "PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin:/from/the/image",
       "LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib", "LAMBDA_TASK_ROOT=/var/task",
       "LAMBDA_RUNTIME_DIR=/var/runtime", "FROM_IMAGE=1", "AWS_REGION=of-the-image", "AWS_LAMBDA_FUNCTION_NAME=of-the-image"]
START = {"Entrypoint": ["/lambda-entrypoint.sh"], "WorkingDir": "/var/task", "Env": ENV}
APP = """
import os, ssl, sys, time
def handler(event, context):
    return {"env": dict(os.environ), "cwd": os.getcwd(), "executable": sys.executable, "zone": time.tzname[0], "name": context.function_name,
            "ca": ssl.get_default_verify_paths().openssl_cafile, "files": {d: sorted(os.listdir(d)) for d in ("/", "/opt", "/var/task", "/etc") if os.path.isdir(d)}}
"""


def executable(text, mode=0o755):
    return {"data": text if isinstance(text, bytes) else text.encode(), "mode": mode}


def needed(*programs):
    """The loader and libraries of programs."""
    text = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=True).stdout
    return sorted(set(re.findall(r"(?:=> |^\s)(/lib\S*)", text, re.M)))


@functools.cache
def base(bootstrap=BOOTSTRAP, lang=True):
    """The layer of AWS's files. lang: with Python, else with bash only."""
    entries = [(d, directory()) for d in ("usr", "usr/bin", "usr/lib64", "usr/local", "etc", "etc/pki", "etc/pki/tls", "etc/pki/tls/certs", "var", "var/task", "var/runtime", "var/lang", "opt", "tmp")]
    entries += [("bin", link("usr/bin")), ("lib64", link("usr/lib64")), ("usr/bin/bash", executable(pathlib.Path("/bin/bash").read_bytes())), ("usr/bin/sh", link("bash"))]
    entries += [("etc/pki/tls/certs/ca-bundle.crt", b"the image's\n"), ("etc/passwd", b"image:x:0:0::/:/bin/bash\n"), ("lambda-entrypoint.sh", executable(ENTRYPOINT))]
    entries += [("etc/localtime", pathlib.Path("/usr/share/zoneinfo/Asia/Tokyo").read_bytes())]
    if bootstrap:
        entries.append(("var/runtime/bootstrap", executable(bootstrap)))
    programs = ["/bin/bash"]
    if lang:
        library = pathlib.Path("/usr/lib", HOST)
        programs += [f"/usr/bin/{HOST}", *library.glob("lib-dynload/*.so")]
        entries += [(f"var/lang/bin/{OTHER}", executable(pathlib.Path("/usr/bin", HOST).read_bytes())), ("var/lang/bin/python3", link(OTHER)), (f"var/lang/lib/{OTHER}", link(HOST))]
        for path in sorted(library.rglob("*")):
            name = path.relative_to(library)
            if path.is_file() and "__pycache__" not in name.parts and (name.parts[0] in LIBRARY or (len(name.parts) == 1 and path.suffix == ".py" and path.name != "sitecustomize.py")):
                entries.append((f"var/lang/lib/{HOST}/{name}", path.read_bytes()))
        client = TOP / "runtimes/python3"
        entries += [(f"var/runtime/{p.relative_to(client)}", p.read_bytes()) for p in sorted(client.rglob("*.py"))]
    entries += [("usr/lib64/" + os.path.basename(p), executable(pathlib.Path(p).read_bytes())) for p in needed(*programs)]
    return layer(*entries)


def function(path, *more, app=APP, form="docker", start=None, **options):
    """An image of the base, and app as its function. more: entries of the layer above."""
    tars = [base(), layer(("var/task/app.py", app.encode()), *more)]
    return make(path, tars, form, how="plain", configuration=config(tars, config={**START, "Cmd": ["app.handler"], **(start or {})}), **options)
