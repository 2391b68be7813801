#!/usr/bin/env python3
"""Writes the files that SafetensorsTests compares with, by the reference implementation's own writer.

usage: safetensors_reference.py OUTPUT_DIR

OUTPUT_DIR/safetensors-types.safetensors: tensors of many types and shapes; beside `half` (F16) and `brain` (BF16) the same values
widened by numpy, as F32.
OUTPUT_DIR/safetensors-floats.safetensors: a few F32 tensors, which the writer under test must write to the same bytes.
needs: pip install numpy safetensors (0.8 or later)
"""
import sys

import numpy as np
from safetensors import TensorSpec, serialize_file

# Zeros, subnormals (least, greatest), normals (least, one, greatest), infinity, NaNs; of both signs.
HALVES = [0x0000, 0x0001, 0x0200, 0x03FF, 0x0400, 0x3555, 0x3C00, 0x3C01, 0x7BFF, 0x7C00, 0x7E00, 0x7E01]
BRAINS = [0x0000, 0x0001, 0x0040, 0x007F, 0x0080, 0x3EAB, 0x3F80, 0x3F81, 0x7F7F, 0x7F80, 0x7FC0, 0x7FC1]


def both_signs(patterns):
    return np.array(patterns + [0x8000 | pattern for pattern in patterns], dtype=np.uint16)


def write(path, tensors, metadata):
    """`tensors` are pairs of the type's name and an array of its bits, which stays alive during the call."""
    specs = {
        name: TensorSpec(dtype=dtype, shape=list(array.shape), data_ptr=array.ctypes.data, data_len=array.nbytes)
        for name, (dtype, array) in tensors.items()
    }
    serialize_file(specs, path, metadata)


def main(output):
    rng = np.random.default_rng(7)
    halves, brains = both_signs(HALVES), both_signs(BRAINS)
    write(
        f"{output}/safetensors-types.safetensors",
        {
            "half": ("float16", halves.reshape(4, 6)),
            "half.widened": ("float32", halves.view(np.float16).astype(np.float32).reshape(4, 6)),
            "brain": ("bfloat16", brains.reshape(2, 3, 4)),
            "brain.widened": ("float32", (brains.astype(np.uint32) << 16).view(np.float32).reshape(2, 3, 4)),
            "scalar": ("float32", np.array(0.1, dtype=np.float32)),
            "empty": ("float32", np.zeros((3, 0, 2), dtype=np.float32)),
            "double": ("float64", np.array([1 / 3, -2.5])),
            "long": ("int64", np.array([-(2**63), 2**63 - 1])),
            "byte": ("uint8", np.arange(5, dtype=np.uint8)),
            "flag": ("bool", np.array([True, False, True])),
            'na"me\\ \u00e9\u4e2d\U0001f600\n': ("int32", np.array([[7], [-7]], dtype=np.int32)),
        },
        {"format": "pt", "note": "tab\t, quote\", \u00e9"},
    )
    write(
        f"{output}/safetensors-floats.safetensors",
        {
            "b": ("float32", rng.standard_normal((2, 3)).astype(np.float32)),
            "a.weight": ("float32", rng.standard_normal(5).astype(np.float32)),
            "a.bias": ("float32", np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45], dtype=np.float32)),
            "scalar": ("float32", np.array(0.1, dtype=np.float32)),
            'quote"': ("float32", np.zeros((2, 0), dtype=np.float32)),
        },
        {"format": "pt"},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
