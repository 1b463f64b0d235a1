"""DeepSpeed's ZeRO, stages 1 to 3: files as DeepSpeed writes them, and the weights that zero_to_fp32.py makes of them.

Set ZERO_TO_FP32 to a copy of DeepSpeed's deepspeed/utils/zero_to_fp32.py, and what it makes is compared too.
"""

import enum
import importlib.util
import os
import pathlib
import sys
import types

import torch

from recipes.zip_tensors import floats
from tools.rows import describe


def stub(name: str, **values) -> types.ModuleType:
    parent = name.rpartition(".")[0]
    if parent and parent not in sys.modules:
        stub(parent)
    module = types.ModuleType(name)
    module.__dict__.update(values)
    sys.modules[name] = module
    return module


class ZeroStageEnum(int, enum.Enum):
    disabled = 0
    optimizer_states = 1
    gradients = 2
    weights = 3


class LossScaler:
    def __init__(self):
        self.cur_scale = 1.0


for cls, module in ((ZeroStageEnum, "deepspeed.runtime.zero.config"), (LossScaler, "deepspeed.runtime.fp16.loss_scaler")):
    cls.__module__ = module
    stub(module, **{cls.__name__: cls})


def write(book) -> None:
    shapes = [
        {"embed.weight": (5, 3), "fc.weight": (4, 5), "fc.bias": (4,)},
        {"norm.weight": (3,), "scale": ()},
    ]
    weights = {name: torch.randn(size, generator=seeded(name)) for group in shapes for name, size in group.items()}
    buffers = {"bn.running_mean": floats(3).half(), "bn.num_batches_tracked": torch.tensor(7)}
    frozen = {"frozen.weight": floats(3, 3).bfloat16(), "frozen.bias": floats(2)}
    shared = {"head.weight": "embed.weight"}
    save = Save(book, shapes, weights, buffers, frozen, shared)
    save.flat("stage1", stage=1, world=2, padded=True)
    save.flat("stage2", stage=2, world=4, padded=False, prefix="bf16_")
    save.partitioned("stage3", world=4)
    save.partitioned("stage3_of_one", world=1)
    save.flat("rank_missing", stage=2, world=3, padded=False, without=1)
    book.rows[-1] |= {"tensors": [], "ties": [], "missing": ["3 parts"], "refused": "the file of a rank is missing"}


def seeded(name: str) -> torch.Generator:
    return torch.Generator().manual_seed(sum(name.encode()))


class Save:
    def __init__(self, book, shapes, weights, buffers, frozen, shared):
        self.book, self.shapes, self.weights = book, shapes, weights
        self.buffers, self.frozen, self.shared = buffers, frozen, shared

    def model(self, module: dict, fragments: dict) -> dict:
        return {
            "module": self.buffers | module,
            "buffer_names": list(self.buffers),
            "optimizer": None,
            "param_shapes": [{name: torch.Size(size) for name, size in group.items()} for group in self.shapes],
            "frozen_param_shapes": {name: tensor.shape for name, tensor in self.frozen.items()},
            "frozen_param_fragments": fragments,
            "shared_params": self.shared,
            "global_steps": 3,
            "ds_version": "0.19.8",
        }

    def optimizer(self, stage: int, world, groups: list, key: str) -> dict:
        return {
            "optimizer_state_dict": {
                "loss_scaler": LossScaler(),
                "zero_stage": ZeroStageEnum(stage),
                "partition_count": world,
                "base_optimizer_state": {"state": {0: {"exp_avg": torch.zeros_like(groups[0])}}, "param_groups": []},
                key: groups,
            },
            "ds_version": "0.19.8",
        }

    def place(self, name: str, file: str):
        self.book.path(f"{name}/latest").write_text("global_step3")
        return self.book.path(f"{name}/global_step3/{file}")

    def flat(self, name: str, stage: int, world: int, padded: bool, prefix: str = "", without: int = -1) -> None:
        half = {key: tensor.bfloat16() for key, tensor in (self.weights | self.frozen).items()}
        torch.save(self.model(half, self.frozen), self.place(name, "mp_rank_00_model_states.pt"))
        ranks: list[list[torch.Tensor]] = [[] for _ in range(world)]
        for group in self.shapes:
            vector = torch.cat([self.weights[key].reshape(-1) for key in group])
            count = vector.numel()
            share = -(-count // (2 * world)) * 2
            vector = torch.cat([vector, torch.full((share * world - count,), 99.0)])
            for rank in range(world):
                end = share * (rank + 1) if padded else min(share * (rank + 1), count)
                ranks[rank].append(vector[min(share * rank, end) : end].clone())
        for rank, groups in enumerate(ranks):
            if rank == without:
                continue
            state = self.optimizer(stage, [world] * len(groups), groups, "single_partition_of_fp32_groups")
            torch.save(state, self.place(name, f"{prefix}zero_pp_rank_{rank}_mp_rank_00_optim_states.pt"))
        self.expect(name, f"stage {stage}, {world} ranks", without >= 0)

    def partitioned(self, name: str, world: int) -> None:
        def part(tensor: torch.Tensor, rank: int) -> torch.Tensor:
            share = -(-tensor.numel() // world)
            flat = torch.cat([tensor.reshape(-1), torch.full((share * world - tensor.numel(),), 99).to(tensor.dtype)])
            return flat[share * rank : share * (rank + 1)].clone()

        for rank in range(world):
            fragments = {key: part(tensor, rank) for key, tensor in self.frozen.items()}
            module = {key: torch.empty(0, dtype=torch.bfloat16) for key in self.weights | self.frozen}
            torch.save(
                self.model(module, fragments), self.place(name, f"zero_pp_rank_{rank}_mp_rank_00_model_states.pt")
            )
            groups = [torch.cat([part(self.weights[key], rank) for key in group]) for group in self.shapes]
            state = self.optimizer(3, world, groups, "fp32_flat_groups")
            torch.save(state, self.place(name, f"zero_pp_rank_{rank}_mp_rank_00_optim_states.pt"))
        self.expect(name, f"stage 3, {world} ranks")

    def expect(self, name: str, about: str, is_broken: bool = False) -> None:
        whole = {key: t.float() if t.is_floating_point() else t for key, t in self.buffers.items()}
        whole |= self.frozen | self.weights
        whole |= {key: whole[kept] for key, kept in self.shared.items()}
        if not is_broken:
            judge(self.book.folder / name, whole)
        self.book.rows.append(
            {"file": f"{self.book.recipe}/{name}", "container": "zero", "about": about}
            | describe(whole)
            | {"torch_loads": False}
        )


def judge(folder: pathlib.Path, expected: dict) -> None:
    """Compares with DeepSpeed's own script, if there is one."""
    path = os.environ.get("ZERO_TO_FP32")
    if not path:
        return
    root = pathlib.Path(path).parents[1]
    stub("deepspeed.utils", logger=None)
    stub("tqdm", tqdm=lambda items, **_: items)
    spec = importlib.util.spec_from_file_location("deepspeed.checkpoint.constants", root / "checkpoint/constants.py")
    constants = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(constants)
    stub("deepspeed.checkpoint")
    sys.modules["deepspeed.checkpoint.constants"] = constants
    spec = importlib.util.spec_from_file_location("zero_to_fp32", path)
    script = importlib.util.module_from_spec(spec)
    sys.modules["zero_to_fp32"] = script
    spec.loader.exec_module(script)
    made = script.get_fp32_state_dict_from_zero_checkpoint(str(folder))
    assert list(made) == list(expected), (list(made), list(expected))
    for name, tensor in expected.items():
        assert made[name].dtype == tensor.dtype and torch.equal(made[name], tensor), name
