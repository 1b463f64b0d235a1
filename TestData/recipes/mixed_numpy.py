"""Numpy arrays beside and among tensors, as reinforcement learning and audio code writes running statistics."""

import numpy
import torch

from recipes.zip_tensors import floats


def write(book) -> None:
    mean = numpy.arange(3.0)
    book.save("among.pth", {"w": floats(2), "mean": mean, "count": numpy.float64(4.5)}, "an array among tensors, a scalar")
    book.save("in_model.pth", {"model": {"w": floats(2), "mean": mean}, "epoch": 1}, "an array in a state dict under a key")
    book.save("beside.pth", {"model": {"w": floats(2)}, "obs_rms": {"mean": mean, "var": numpy.ones(3)}}, "arrays beside it")
    book.save("in_list.pth", [floats(2), numpy.ones(3, "f2")], "an array in a list")
    others = {
        "w": floats(2),
        "names": numpy.array(["a", "b"]),
        "objects": numpy.array([None, 1], object),
        "long": numpy.ones(2, numpy.longdouble),
        "records": numpy.zeros(2, [("x", "f4")]),
        "dates": numpy.array(["2026-01-01"], "M8[D]"),
    }
    book.save("no_numbers.pth", others, "arrays of what is no tensor", note={"arrays": []})
