"""DTensors in torch.save: what one rank has of tensors that are spread over a mesh of devices."""

import torch
import torch.distributed as dist
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor

from recipes.zip_tensors import floats


def write(book) -> None:
    # A store in memory: no port, no other process.
    dist.init_process_group("gloo", rank=0, world_size=1, store=dist.HashStore())
    try:
        mesh = init_device_mesh("cpu", (1,))
        w, b = floats(4, 3), floats(3)
        whole = {
            "sharded": distribute_tensor(w, mesh, [Shard(0)]),
            "replicated": distribute_tensor(b, mesh, [Replicate()]),
            "parameter": torch.nn.Parameter(distribute_tensor(w, mesh, [Shard(1)])),
            "partial": DTensor.from_local(b, mesh, [Partial()], run_check=False),
            "plain": floats(2),
        }
        expected = {"sharded": w, "replicated": b, "parameter": torch.nn.Parameter(w.clone()), "partial": b, "plain": floats(2)}
        # Torch itself needs a process group to read them.
        book.save("mesh_of_one.pth", whole, "a mesh of one device: each local tensor is the whole", expected, torch_reads="not its own")
        part = DTensor.from_local(w, mesh, [Shard(0)], run_check=False, shape=torch.Size([8, 3]), stride=(3, 1))
        torch.save({"part": part, "plain": floats(2)}, book.path("part.pth"))
    finally:
        dist.destroy_process_group()
