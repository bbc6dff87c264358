# SPDX-License-Identifier: Apache-2.0
"""Prepares the search path as Lambda's Python runtimes do, then hands over to the runtime interface client:
awslambdaric where the package, a layer or the runtime directory brings it, else lambda_client.py beside this file."""
import os
import site
import sys


def prepare_path():
    task, runtime = os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"]
    version = "python%d.%d" % sys.version_info[:2]
    layers = ["/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    first = [task]
    if "PYTHONPATH" not in os.environ:  # a PYTHONPATH of the user's replaces these
        first += layers + ["/var/lang/lib/%s/site-packages" % version]
        os.environ["PYTHONPATH"] = runtime
    sys.path[:] = first + [p for p in sys.path if p not in first]
    for directory in [task] + (layers if layers[0] in sys.path else []):
        if os.path.isdir(directory):
            site.addsitedir(directory)  # runs its .pth files


def wait_for_debugger():
    port = os.environ.pop("LRUN_DEBUG_PORT", None)
    if not port:
        return
    try:
        import debugpy
    except ModuleNotFoundError:
        print("lrun: no debugpy in the package or a layer: 127.0.0.1:%s leads to whatever the function itself opens" % port, file=sys.stderr)
        return
    debugpy.listen(("127.0.0.1", int(port)))
    print("lrun: debugpy waits at 127.0.0.1:%s" % port, file=sys.stderr, flush=True)
    debugpy.wait_for_client()


def run():
    prepare_path()
    wait_for_debugger()
    handler = os.environ["_HANDLER"]
    try:
        from awslambdaric.__main__ import main
    except ModuleNotFoundError as missing:
        if missing.name != "awslambdaric":
            print("lrun: awslambdaric is there but cannot be used (%s): lrun's own client takes its place" % missing, file=sys.stderr)
    except ImportError as damaged:
        print("lrun: awslambdaric is there but cannot be used (%s): lrun's own client takes its place" % damaged, file=sys.stderr)
    else:
        return main(["bootstrap", handler])
    import lambda_client
    lambda_client.run(handler)


run()
