"""Random numbers of each type and what torch makes of them in every other, for the test that PTH2SWT_PYTHON turns on.

    refpython TestData/check_casts.py DIR COUNT SEED

DIR gets TYPE.in, the bytes of COUNT elements, and "TYPE OTHER.out", what recipes/casts.py sums up.
"""

import pathlib
import sys
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
warnings.filterwarnings("ignore")

import torch  # noqa: E402

from recipes.casts import TYPES, outcome  # noqa: E402

folder, count, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
generator = torch.Generator().manual_seed(seed)
for name in TYPES:
    dtype = getattr(torch, name)
    data = torch.randint(0, 2 if name == "bool" else 256, (count * dtype.itemsize,), dtype=torch.uint8, generator=generator)
    if name in ("float32", "float64", "complex64", "complex128"):
        # Half of them as large as the numbers that narrow types have.
        part = torch.float32 if name in ("float32", "complex64") else torch.float64
        values = torch.randn(data.numel() // part.itemsize // 2, dtype=torch.float64, generator=generator)
        scales = torch.randint(-40, 40, values.shape, generator=generator)
        moderate = torch.ldexp(values, scales).to(part).view(torch.uint8)
        data[: moderate.numel()] = moderate
    tensor = data.view(dtype)
    (folder / f"{name}.in").write_bytes(data.numpy().tobytes())
    for other in TYPES:
        (folder / f"{name} {other}.out").write_bytes(outcome(tensor, other))
