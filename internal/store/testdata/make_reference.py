"""Makes the .safetensors files beside it with the format's reference implementation.

Run with safetensors 0.8.0 and numpy 2.4.6; what the files must hold is spelled out again in interop_test.go.
"""

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
