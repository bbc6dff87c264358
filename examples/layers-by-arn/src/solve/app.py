# SPDX-License-Identifier: Apache-2.0
"""Solves a x = b, by SciPy: the layer's."""
import numpy
import scipy.linalg


def handler(event, context):
    x = scipy.linalg.solve(numpy.array(event["a"], dtype=float), numpy.array(event["b"], dtype=float))
    return {"x": x.round(6).tolist(), "numpy": numpy.__version__, "from": numpy.__file__.split("/")[1]}
