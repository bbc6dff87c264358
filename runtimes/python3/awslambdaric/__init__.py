# SPDX-License-Identifier: Apache-2.0
"""lrun's Python client of the Runtime API. It has the modules, names and texts of AWS's awslambdaric, since functions and the
libraries that instrument them import it, replace parts of it, and read its frames in tracebacks; the code is lrun's own."""

__version__ = "4.2.2+lrun"  # the version of AWS's whose surface this is: make conformance compares them
