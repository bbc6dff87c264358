# SPDX-License-Identifier: Apache-2.0
"""Prepares the search path as Lambda's Python runtimes do, then hands over to the runtime interface client: AWS's awslambdaric where
the package or a layer brings it, else lrun's own of that name beside this file. As on Lambda, functions find this file as __main__,
with the client in awslambdaricmain, and may import it as bootstrap, which runs nothing."""
import os
import site
import sys
from importlib.machinery import PathFinder

import awslambdaric.__main__ as awslambdaricmain


def prepare_path():
    """Returns where the function's own modules and those of its layers are."""
    task, runtime = os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"]
    version = "python%d.%d" % sys.version_info[:2]
    layers = ["/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    first = [task]
    if "PYTHONPATH" not in os.environ:  # a PYTHONPATH of the user's replaces these
        first += layers + ["/var/lang/lib/%s/site-packages" % version]
        os.environ["PYTHONPATH"] = runtime
    sys.path[:] = first + [p for p in sys.path if p not in first]
    directories = [task] + (layers if layers[0] in sys.path else [])
    for directory in directories:
        if os.path.isdir(directory):
            site.addsitedir(directory)  # runs its .pth files
    return directories


def take_the_functions_client(directories):
    global awslambdaricmain
    if not PathFinder.find_spec("awslambdaric", directories):
        return
    own = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "awslambdaric"}
    try:
        import awslambdaric.__main__ as client
        awslambdaricmain = client
    except ImportError as damaged:
        for name in [n for n in sys.modules if n.partition(".")[0] == "awslambdaric"]:
            del sys.modules[name]
        sys.modules.update(own)
        print("lrun: awslambdaric is there but cannot be used (%s): lrun's own client takes its place" % damaged, file=sys.stderr)


def wait_for_debugger():
    port, waits = os.environ.pop("LRUN_DEBUG_PORT", None), os.environ.pop("LRUN_DEBUG_WAITS", None)
    if not port:
        return
    try:
        import debugpy
    except ModuleNotFoundError:
        print("lrun: no debugpy in the package or a layer: 127.0.0.1:%s leads to whatever the function itself opens" % port, file=sys.stderr)
        return
    debugpy.listen(("127.0.0.1", int(port)))
    if waits:
        print("lrun: debugpy waits at 127.0.0.1:%s" % port, file=sys.stderr, flush=True)
        debugpy.wait_for_client()


def main():
    take_the_functions_client(prepare_path())
    wait_for_debugger()
    awslambdaricmain.main([os.environ["LAMBDA_TASK_ROOT"], os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()
