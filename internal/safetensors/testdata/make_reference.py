"""Makes the .safetensors files beside it with the format's reference implementation, and tries the reader of
docs/formats.md on the compact one.

Run here with safetensors 0.8.0 and numpy 2.4.6; what the files must hold is spelled out again in interop_test.go.
"""

import json
import re

import numpy as np
from safetensors.numpy import save_file

specials = np.array(
    [0x00000000, 0x80000000, 0x7F800000, 0xFF800000, 0x7FC00001, 0x00000001, 0x7F7FFFFF, 0x3F800000],
    dtype=np.uint32,
).view(np.float32)

save_file(
    {
        "stem.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8,
        "head.bias": np.array([-1.5, 0.25], dtype=np.float32),
        "empty": np.zeros((0, 5), dtype=np.float32),
        "scale": np.array(3.0, dtype=np.float32),
        'été "<&>\\': specials,
    },
    "reference.safetensors",
    metadata={"space": "mbv3-tiny <α>"},
)

save_file(
    {
        "a": np.array([1, 2], dtype=np.float32),
        "half": np.array([1, 2], dtype=np.float16),
    },
    "reference_f16.safetensors",
)

# Compact tensors, by the words of docs/formats.md and not by tailor's code.
dense = {
    "bias": np.array([1, 0, 2], dtype=np.float32),
    "half": np.zeros((30, 20), dtype=np.float32),
    "tenth": np.zeros((2, 3, 200), dtype=np.float32),
    "none": np.zeros((600,), dtype=np.float32),
}
dense["half"].flat[1::2] = np.arange(300) - 150.5
dense["half"].flat[5] = -0.0
dense["tenth"].flat[[0, 3, 259, 515, 771, 1027]] = [1, 2, -0.0, 4, np.inf, 6]


def filled(t):
    return t.view(np.uint32) != 0


def gaps(t):
    out, zeros = [], 0
    for there in filled(t).flat:
        if there:
            out, zeros = out + [zeros], 0
        elif zeros == 254:
            out, zeros = out + [255], 0
        else:
            zeros += 1
    return np.array(out, dtype=np.uint8)


save_file(
    {
        "bias": dense["bias"],
        "half": dense["half"][filled(dense["half"])],
        "half:bitmap": np.packbits(filled(dense["half"]), bitorder="little"),
        "tenth": dense["tenth"][filled(dense["tenth"])],
        "tenth:gaps": gaps(dense["tenth"]),
        "none": dense["none"][filled(dense["none"])],
        "none:gaps": gaps(dense["none"]),
    },
    "reference_compact.safetensors",
    metadata={"tailor.compact": json.dumps({k: dense[k].shape for k in ("half", "none", "tenth")}, separators=(",", ":"))},
)

page = open("../../../docs/formats.md", encoding="utf-8").read()
scope = {}
exec(next(code for code in re.findall(r"```python\n(.*?)```", page, re.S) if "def load_dense" in code), scope)
read = scope["load_dense"]("reference_compact.safetensors")
assert read.keys() == dense.keys()
for name, t in dense.items():
    assert read[name].shape == t.shape and np.array_equal(read[name].view(np.uint32), t.view(np.uint32)), name
print("the reader of docs/formats.md reads reference_compact.safetensors")
