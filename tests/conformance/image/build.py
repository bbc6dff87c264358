# SPDX-License-Identifier: Apache-2.0
"""build.py CLIENT.zip DIRECTORY: images whose function runs on AWS's own Python client (CLIENT.zip, laid out as a layer): in /var/runtime with
an entry script and a bootstrap as AWS's base images have them; and beside the function, with the Entrypoint that the client's
documentation names."""
import os
import pathlib
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from support.base_image import HOST, OTHER, START, base, executable, needed  # noqa: E402
from support.images import config, layer, make  # noqa: E402

BOOTSTRAP = f"""#!/bin/bash
export AWS_EXECUTION_ENV=AWS_Lambda_{OTHER}
exec /var/lang/bin/{OTHER} /var/runtime/bootstrap.py
"""
BOOTSTRAP_PY = """import os, runpy, sys
sys.argv = ["awslambdaric", os.environ["_HANDLER"]]
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
"""
APP = """
import awslambdaric, os
def handler(event, context):
    if event.get("do") == "error":
        raise ValueError("as asked")
    print("from the function")
    return {"client": awslambdaric.__file__, "event": event, "name": context.function_name, "arn": context.invoked_function_arn, "left": context.get_remaining_time_in_millis() > 0,
            "cwd": os.getcwd(), "native": __import__("runtime_client").__file__.rpartition(".")[2], "execution": os.environ.get("AWS_EXECUTION_ENV")}
"""


def client(archive, work, place):
    """Its files, and the libraries that its native part is linked with."""
    natives = []
    with zipfile.ZipFile(archive) as z:
        for name in sorted(n for n in z.namelist() if n.startswith("python/") and not n.endswith("/")):
            yield f"{place}/{name.removeprefix('python/')}", z.read(name)
            if name.endswith(".so"):
                natives.append(z.extract(name, work))
    for path in needed(*natives):
        yield "usr/lib64/" + os.path.basename(path), executable(pathlib.Path(path).read_bytes())


def main(archive, to):
    to = pathlib.Path(to)
    library = pathlib.Path("/usr/lib", HOST)
    more = [(f"var/lang/lib/{HOST}/{p.relative_to(library)}", p.read_bytes()) for name in ("multiprocessing", "xml") for p in sorted((library / name).rglob("*.py"))]
    more.append(("var/runtime/.wh..wh..opq", b""))  # lrun's client, which the tests' base has
    app = layer(("var/task/app.py", APP.encode()))
    ways = {"aws": ("var/runtime", [("var/runtime/bootstrap", executable(BOOTSTRAP)), ("var/runtime/bootstrap.py", BOOTSTRAP_PY.encode())], START),
            "pypi": ("var/task", [], {**START, "Entrypoint": [f"/var/lang/bin/{OTHER}", "-m", "awslambdaric"]})}
    for name, (place, own, start) in ways.items():
        tars = [base(), layer(*more, *own, *client(archive, to, place)), app]
        make(to / f"{name}.tar", tars, "docker", how="plain", configuration=config(tars, config={**start, "Cmd": ["app.handler"]}))


main(*sys.argv[1:])
