"""Whole pickled modules: their tensors go by the names of their state dict."""

import collections

import torch
from torch import nn

from recipes.state_dicts import tiny
from recipes.zip_tensors import floats
from tools.foreign import foreign


@foreign("vendor.models")
class Block(nn.Module):
    """A parameter, buffers of both kinds, children, an unset bias, and plain attributes."""

    def __init__(self, width: int, child: nn.Module | None = None):
        super().__init__()
        self.scale = nn.Parameter(floats(width))
        self.linear = nn.Linear(width, 2, bias=False)
        self.register_parameter("bias", None)
        self.register_buffer("mean", floats(width))
        self.register_buffer("cache", floats(width, start=90), persistent=False)
        self.register_buffer("unset", None)
        self.child, self.width, self.options = child, width, {"stride": (1, 2), "names": ["a"]}
        with torch.no_grad():
            self.linear.weight.copy_(floats(2, width))


def write(book) -> None:
    def save(name, module, about, **options):
        """Parameters and buffers are told apart, for the registry and for `inspect`."""
        roles = {
            "parameters": [k for k, _ in module.named_parameters()],
            "buffers": [k for k in module.state_dict() if k in dict(module.named_buffers())],
        }
        expected = module.state_dict()
        torch.save(module, book.path(name), **options)
        container = "legacy" if options.get("_use_new_zipfile_serialization") is False else "zip"
        book.expect(name, module, about, container, note=roles)
        assert [row["name"] for row in book.rows[-1]["tensors"]] == list(expected), name

    save("module.pth", tiny(), "a whole pickled nn.Sequential")
    save(
        "module_own_class.pth",
        Block(3, Block(2)),
        "own classes, a non-persistent buffer (left out), an unset parameter and buffer",
    )
    for protocol in (1, 3, 4, 5):
        save(
            f"module_protocol_{protocol}.pth",
            Block(3),
            f"a whole module in protocol {protocol}",
            pickle_protocol=protocol,
        )
    tied = nn.Sequential(
        collections.OrderedDict(encoder=nn.Linear(2, 2, bias=False), decoder=nn.Linear(2, 2, bias=False))
    )
    tied.encoder.weight = tied.decoder.weight = nn.Parameter(floats(2, 2))
    torch.save(tied, book.path("module_tied.pth"))
    book.expect(
        "module_tied.pth",
        tied,
        "two layers share one Parameter",
        "zip",
        note={"parameters": ["encoder.weight", "decoder.weight"], "buffers": []},
    )
    frozen = Block(2)
    frozen.scale.requires_grad_(False)
    save("module_frozen.pth", frozen, "a frozen parameter beside trained ones")
    listed = nn.Module()
    listed.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 1)])
    listed.table = nn.ParameterDict({"a": floats(2), "b": floats(3)})
    listed.rows = nn.ParameterList([floats(1), floats(2)])
    save("module_containers.pth", listed, "ModuleList, ParameterDict, ParameterList")
    transformer = nn.MultiheadAttention(4, 2)
    with torch.no_grad():
        for start, parameter in enumerate(transformer.parameters()):
            parameter.copy_(floats(*parameter.shape, start=start))
    save("module_attention.pth", transformer, "MultiheadAttention: unset projections, a subclass of Linear")
    inside = {"model": tiny(), "epoch": 4, "ema": None}
    book.save("module_in_checkpoint.pth", inside, "a whole module under a key of a checkpoint: model.conv.weight")
