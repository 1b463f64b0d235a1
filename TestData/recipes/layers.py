"""What torch's layers make of small inputs: every kind that a model here is built of, alone, at odd sizes.

layers.safetensors holds each case's tensors as <case>.<name>: its input, its parameters, its output. layers.json says
what each case is.
"""

import json

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional
from torchvision.ops import FrozenBatchNorm2d, MultiScaleRoIAlign

# Name: inputs, outputs, height, width, then what differs from a 3x3 convolution without padding.
CONVOLUTIONS = {
    "plain": (3, 5, 9, 11, {}),
    "one_by_one": (16, 24, 7, 5, {"kernel": 1}),
    "padded": (16, 16, 6, 10, {"padding": 1}),
    "strided": (8, 16, 9, 12, {"stride": 2, "padding": 1}),
    "stride_over_kernel": (8, 8, 11, 10, {"kernel": 1, "stride": 3}),
    "dilated": (16, 8, 13, 11, {"dilation": 2, "padding": 2}),
    "dilated_strided": (5, 7, 15, 14, {"dilation": 3, "stride": 2, "padding": 1}),
    "grouped": (24, 12, 8, 7, {"groups": 4, "padding": 1}),
    "grouped_strided": (32, 64, 9, 9, {"groups": 32, "stride": 2, "padding": 1}),
    "grouped_dilated": (12, 12, 10, 9, {"groups": 3, "dilation": 2, "padding": 2}),
    "depthwise": (20, 20, 7, 9, {"groups": 20, "padding": 1}),
    "depthwise_strided": (48, 48, 8, 8, {"groups": 48, "stride": 2, "padding": 1}),
    "wide_kernel": (3, 8, 20, 17, {"kernel": 7, "stride": 2, "padding": 3}),
    "over_padded": (4, 6, 5, 5, {"kernel": 3, "padding": 4}),
    "window_of_all": (8, 10, 5, 5, {"kernel": 5}),
    "many_channels": (40, 48, 8, 9, {"padding": 1}),
    "without_bias": (16, 32, 6, 6, {"padding": 1, "bias": False}),
}


class Cases:
    def __init__(self):
        self.tensors, self.rows = {}, []
        self.random = torch.Generator().manual_seed(20)

    def values(self, *shape: int) -> torch.Tensor:
        return torch.empty(shape).uniform_(-1, 1, generator=self.random)

    def add(self, name: str, kind: str, tensors: dict[str, torch.Tensor], **how) -> None:
        self.rows.append({"name": name, "kind": kind, **how})
        self.tensors |= {f"{name}.{key}": value.detach().clone(memory_format=torch.contiguous_format) for key, value in tensors.items()}

    def layer(self, name: str, kind: str, module: nn.Module, x: torch.Tensor, after=lambda y: y, **how) -> None:
        """A layer with parameters of its own: random ones, and a variance above 0."""
        for key, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(self.values(*value.shape) + (1.5 if key.endswith("running_var") else 0))
        state = {key: value for key, value in module.state_dict().items() if not key.endswith("num_batches_tracked")}
        self.add(name, kind, {"input": x, "output": after(module.eval()(x)), **state}, **how)


def write(book) -> None:
    with torch.inference_mode():
        cases = made()
    save_file(cases.tensors, book.path("layers.safetensors"))
    text = ",\n".join(json.dumps(row) for row in cases.rows)
    book.path("layers.json").write_text(f"[\n{text}\n]\n")


def made() -> Cases:
    cases = Cases()
    for name, (inputs, outputs, height, width, how) in CONVOLUTIONS.items():
        all_of_it = {"kernel": 3, "stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True} | how
        arguments = {key: value for key, value in all_of_it.items() if key != "kernel"}
        module = nn.Conv2d(inputs, outputs, all_of_it["kernel"], **arguments)
        cases.layer(f"conv_{name}", "conv", module, cases.values(2, inputs, height, width), **all_of_it)
    for name, inputs, outputs in [("small", 5, 3), ("large", 70, 33)]:
        cases.layer(f"linear_{name}", "linear", nn.Linear(inputs, outputs), cases.values(4, inputs))
    norms = {
        "batch_norm": nn.BatchNorm2d(19), "frozen_batch_norm": FrozenBatchNorm2d(19),
        "frozen_batch_norm_eps_0": FrozenBatchNorm2d(19, eps=0.0), "batch_norm_eps_1e-3": nn.BatchNorm2d(16, eps=1e-3),
    }
    for name, module in norms.items():
        channels = module.running_mean.numel()
        # A large epsilon and a small variance, so that a wrong one shows.
        cases.layer(name, "norm", module, cases.values(2, channels, 4, 5), epsilon=module.eps)
    for name, function in [("relu", functional.relu), ("relu6", functional.relu6)]:
        x = 12 * cases.values(2, 17, 5, 4)
        x[0, 0, 0] = torch.tensor([0.0, -0.0, 6.0, float("inf")])
        cases.add(name, name, {"input": x, "output": function(x)})
    for name, size, how in [
        ("of_resnet", (15, 18), {"kernel": 3, "stride": 2, "padding": 1}),
        ("of_pyramid", (13, 9), {"kernel": 1, "stride": 2, "padding": 0}),
        ("of_two", (8, 7), {"kernel": 2, "stride": 2, "padding": 0}),
    ]:
        # All below 0: padding must not count.
        x = cases.values(2, 20, *size) - 2
        pooled = functional.max_pool2d(x, how["kernel"], how["stride"], how["padding"])
        cases.add(f"max_pool_{name}", "maxPool", {"input": x, "output": pooled}, **how)
    for height, width in [(7, 7), (5, 9), (1, 1)]:
        x = cases.values(2, 35, height, width)
        pooled = functional.adaptive_avg_pool2d(x, 1)
        cases.add(f"mean_pool_{height}x{width}", "meanPool", {"input": x, "output": pooled})
    for height, width, tall, wide in [(4, 5, 8, 10), (13, 19, 25, 38), (7, 3, 13, 7), (1, 2, 2, 3), (3, 3, 3, 3), (5, 4, 17, 9)]:
        x = cases.values(1, 5 if wide > 20 else 19, height, width)
        larger = functional.interpolate(x, size=(tall, wide), mode="nearest")
        cases.add(f"nearest_{height}x{width}_to_{tall}x{wide}", "nearest", {"input": x, "output": larger})
    left, right = cases.values(2, 21, 5, 3), cases.values(2, 21, 5, 3)
    cases.add("add", "add", {"input": left, "addend": right, "output": left + right})
    for name, scale in [("small", 3.0), ("large", 200.0)]:
        x = scale * cases.values(6, 11)
        cases.add(f"softmax_{name}", "softmax", {"input": x, "output": functional.softmax(x, -1)})
        cases.add(f"sigmoid_{name}", "sigmoid", {"input": x, "output": torch.sigmoid(x)})
    add_fused(cases)
    add_regions(cases)
    return cases


def add_fused(cases: Cases) -> None:
    """What runs as one step here: a convolution, its normalization, an addend and a nonlinearity."""
    for name, channels, how, nonlinearity in [
        ("basic", 32, {"kernel": 3, "padding": 1, "groups": 1}, "relu"),
        ("depthwise", 24, {"kernel": 3, "padding": 1, "groups": 24}, "relu6"),
        ("grouped", 32, {"kernel": 3, "padding": 1, "groups": 8}, "relu"),
        ("pointwise", 20, {"kernel": 1, "padding": 0, "groups": 1}, "none"),
    ]:
        module = nn.Sequential(
            nn.Conv2d(channels, channels, how["kernel"], padding=how["padding"], groups=how["groups"], bias=False),
            nn.BatchNorm2d(channels))
        addend = 3 * cases.values(2, channels, 8, 6)
        apply = {"relu": functional.relu, "relu6": functional.relu6, "none": lambda y: y}[nonlinearity]
        cases.layer(
            f"fused_{name}", "fused", module, cases.values(2, channels, 8, 6), lambda y: apply(y + addend), **how,
            nonlinearity=nonlinearity)
        cases.tensors[f"fused_{name}.addend"] = addend


def add_regions(cases: Cases) -> None:
    """RoIAlign over four levels: regions of every size, some beyond the border, some without area."""
    sizes = [(96, 128), (80, 112)]
    levels = {str(level): cases.values(2, 17, 24 >> level, 32 >> level) for level in range(4)}
    boxes = []
    for height, width in sizes:
        corners = torch.rand(6, 4, generator=cases.random) * torch.tensor([width, height, width, height])
        some = torch.cat([torch.minimum(corners[:, :2], corners[:, 2:]), torch.maximum(corners[:, :2], corners[:, 2:])], 1)
        whole = torch.tensor([[0.0, 0, width, height], [width - 1.0, 2, width, 3], [5, 5, 5, 5], [-9, -9, 4, 3]])
        huge = torch.tensor([[-200.0, -150, 400, 500]])
        boxes.append(torch.cat([some, whole, huge]))
    pool = MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2)
    tensors = {f"level{key}": value for key, value in levels.items()}
    tensors |= {f"boxes{index}": value for index, value in enumerate(boxes)}
    cases.add("regions", "regions", {**tensors, "output": pool(levels, boxes, sizes)}, sizes=sizes)
