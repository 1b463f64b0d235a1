"""Files of several ranks, each with its parts of DTensors or ShardedTensors, written by as many processes."""

import logging
import multiprocessing
import tempfile

import torch
import torch.distributed as dist
from torch.distributed._shard.sharded_tensor import Shard as LocalShard
from torch.distributed._shard.sharded_tensor import init_from_local_shards
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.placement_types import _StridedShard

from recipes.zip_tensors import floats
from tools.rows import describe


def spread(mesh, tensor, placements):
    return distribute_tensor(tensor, mesh, placements, src_data_rank=None)


def run(world: int, body, *arguments) -> None:
    """Calls `body(rank, …)` in a process for each rank."""
    with tempfile.TemporaryDirectory() as folder:

        def one(rank):
            dist.init_process_group("gloo", rank=rank, world_size=world, store=dist.FileStore(f"{folder}/store", world))
            try:
                body(rank, *arguments)
                dist.barrier()
            finally:
                dist.destroy_process_group()

        processes = [multiprocessing.get_context("fork").Process(target=one, args=(rank,)) for rank in range(world)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0


def write(book) -> None:
    torch.set_num_threads(1)  # before processes are forked
    logging.getLogger("torch").setLevel(logging.ERROR)
    whole = {
        "rows": floats(7, 5),
        "grid": floats(5, 4).half(),
        "columns": floats(3, 5),
        "strided": floats(8, 3),
        "few": floats(2),
        "parameter": torch.nn.Parameter(floats(4, 3)),
        "plain": floats(2),
    }
    run(4, dtensors, book, whole)
    expect(book, "dtensors", {f"model.{name}": tensor for name, tensor in whole.items()}, "meshes of 2 × 2 and of 4")
    sharded = {"rows": floats(7, 5), "columns": floats(3, 5)}
    run(2, sharded_tensors, book, sharded)
    expect(book, "sharded", sharded, "ShardedTensors, cut by rows and by columns")
    run(2, partial, book)
    run(2, verl, book, floats(5, 2))
    expect(book, "verl", {"w": floats(5, 2)}, "a model, an optimizer and other values, each in files of all ranks")
    run(3, missing, book)
    book.rows.append(
        {
            "file": f"{book.recipe}/missing",
            "container": "ranks",
            "about": "two of three ranks",
            "tensors": [],
            "ties": [],
            "torch_loads": False,
            "missing": ["1"],
            "refused": "a part is missing",
        }
    )


def expect(book, name: str, whole: dict, about: str) -> None:
    book.rows.append(
        {"file": f"{book.recipe}/{name}", "container": "ranks", "about": about, **describe(whole), "torch_loads": False}
    )


def dtensors(rank: int, book, whole: dict) -> None:
    mesh = init_device_mesh("cpu", (2, 2), mesh_dim_names=("dp", "tp"))
    line = init_device_mesh("cpu", (4,))
    placements = {
        "rows": (mesh, [Shard(0), Shard(0)]),
        "grid": (mesh, [Shard(0), Shard(1)]),
        "columns": (mesh, [Replicate(), Shard(1)]),
        "few": (line, [Shard(0)]),
        "parameter": (line, [Shard(-1)]),
    }
    state = {name: spread(placements[name][0], whole[name].detach(), placements[name][1]) for name in placements}
    # As FSDP over tensor parallelism: cut by tp first, then by dp.
    local = whole["strided"].chunk(2)[mesh.get_local_rank("tp")].chunk(2)[mesh.get_local_rank("dp")].clone()
    state["strided"] = DTensor.from_local(local, mesh, [_StridedShard(0, split_factor=2), Shard(0)], run_check=False)
    state["parameter"] = torch.nn.Parameter(state["parameter"])
    for part in state.values():
        part._spec._hash = part._spec.mesh._hash = None  # it differs from run to run
    state["plain"] = whole["plain"]
    torch.save({"model": {name: state[name] for name in whole}, "epoch": 3}, book.path(f"dtensors/net.rank{rank}.pt"))
    for name in [*placements, "strided"]:
        assert torch.equal(state[name].full_tensor(), whole[name]), name


def sharded_tensors(rank: int, book, whole: dict) -> None:
    rows, columns = whole["rows"], whole["columns"]
    mine = {
        "rows": init_from_local_shards(
            [LocalShard.from_tensor_and_offsets(rows[4 * rank : 4 * rank + 4].clone(), [4 * rank, 0], rank)], 7, 5
        ),
        # Two shards of one rank, one of the other.
        "columns": init_from_local_shards(
            [
                LocalShard.from_tensor_and_offsets(columns[:, at : at + 2].clone(), [0, at], rank)
                for at in ((0, 2) if rank == 0 else (4,))
            ],
            3,
            5,
        ),
    }
    torch.save(mine, book.path(f"sharded/rank_{rank}.pt"))


def partial(rank: int, book) -> None:
    mesh = init_device_mesh("cpu", (2,))
    gradient = DTensor.from_local(floats(3), mesh, [Partial()], run_check=False)
    torch.save({"w": spread(mesh, floats(4, 3), [Shard(0)]), "g": gradient}, book.path(f"partial/rank{rank}.pt"))


def verl(rank: int, book, w: torch.Tensor) -> None:
    mesh = init_device_mesh("cpu", (2,))
    part = spread(mesh, w, [Shard(0)])
    torch.save({"w": part}, book.path(f"verl/model_world_size_2_rank_{rank}.pt"))
    state = {"state": {0: {"exp_avg": part}}, "param_groups": [{"params": [0]}]}
    torch.save(state, book.path(f"verl/optim_world_size_2_rank_{rank}.pt"))
    torch.save({"rng": torch.zeros(3)}, book.path(f"verl/extra_state_world_size_2_rank_{rank}.pt"))


def missing(rank: int, book) -> None:
    mesh = init_device_mesh("cpu", (3,))
    part = {"w": spread(mesh, floats(5, 2), [Shard(0)])}
    if rank != 1:
        torch.save(part, book.path(f"missing/rank{rank}.pt"))
