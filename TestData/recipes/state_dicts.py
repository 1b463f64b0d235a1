"""Where the state dict is in a checkpoint, and what lies beside it: optimizers, schedulers, other candidates."""

import torch
from torch import nn

from recipes.zip_tensors import floats


def tiny() -> nn.Module:
    """Convolution, batch norm and a linear layer with weights that count up."""
    model = nn.Sequential()
    model.add_module("conv", nn.Conv2d(2, 3, 2, bias=False))
    model.add_module("bn", nn.BatchNorm2d(3))
    model.add_module("head", nn.Sequential(nn.Flatten(), nn.Linear(3, 2)))
    with torch.no_grad():
        for start, parameter in enumerate(model.parameters()):
            parameter.copy_(floats(*parameter.shape, start=10.0 * start))
    return model


def trained(optimizer_class, **options):
    model = tiny()
    optimizer = optimizer_class(model.parameters(), **options)
    model(torch.ones(2, 2, 2, 2)).sum().backward()
    optimizer.step()
    return model, optimizer


def write(book) -> None:
    def save(name, value, about, found=None, candidates=None):
        """found: the key of the state dict, '' for the top; null where none is there or several are."""
        note = {"state_dict": found} | ({"candidates": candidates} if candidates else {})
        book.save(name, value, about, note=note)

    state = tiny().state_dict()
    flat = dict(state)
    save("module.pth", state, "an nn.Module's state_dict: an OrderedDict with _metadata", "")
    save("plain_dict.pth", flat, "the same as a plain dict, without _metadata", "")
    save(
        "data_parallel.pth", nn.DataParallel(tiny()).state_dict(), "names under module., as DataParallel saves them", ""
    )
    save("parameters.pth", dict(tiny().named_parameters()), "Parameters: requires_grad", "")
    for key in ("state_dict", "model_state_dict", "model", "net", "module", "params", "params_ema", "ema"):
        save(
            f"under_{key}.pth",
            {"epoch": 12, "best_acc": 0.75, "arch": "tiny", key: tiny().state_dict()},
            f"the state dict under {key}",
            key,
        )
    save(
        "two_candidates.pth",
        {"model": dict(flat), "ema": {k: v + 1 for k, v in flat.items()}, "epoch": 1},
        "two state dicts, model and ema: the reader must be told which",
        None,
        ["model", "ema"],
    )
    save(
        "three_candidates.pth",
        {"params": {"w": floats(2)}, "params_ema": {"w": floats(2, start=5)}, "net": {"w": floats(2, start=9)}},
        "three state dicts",
        None,
        ["params", "params_ema", "net"],
    )
    save(
        "under_unusual_key.pth",
        {"generator": dict(flat), "step": 5},
        "a state dict under a key that nobody expects: its path names it",
        None,
    )
    save(
        "nested_state_dict.pth",
        {"state": {"net": {"deep": {"w": floats(2)}}, "step": torch.tensor(5)}, "lr": 0.1},
        "nested dicts, tensors at several depths",
        None,
    )
    save(
        "nested_modules.pth",
        {
            "encoder": {"conv": {"weight": floats(2, 2), "bias": floats(2)}, "layers": [floats(1), floats(2)]},
            "decoder": {"conv": {"weight": floats(3), "bias": floats(1)}},
        },
        "equal leaf names in different dicts",
        None,
    )
    save(
        "state_dict_with_tuple.pth",
        {"w": floats(2), "history": [1, 2, 3], "note": "x", "extra": (floats(1), "y")},
        "tensors beside other values",
        "",
    )

    model, optimizer = trained(torch.optim.Adam, lr=0.01)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 5)
    save(
        "optimizer_adam.pth",
        {
            "model_state_dict": dict(model.state_dict()),
            "optimizer_state_dict": optimizer.state_dict(),
            "scheduler": scheduler.state_dict(),
            "epoch": 3,
            "loss": 0.5,
        },
        "a training checkpoint: Adam's state under integer keys, a scheduler",
        "model_state_dict",
    )
    model, optimizer = trained(torch.optim.SGD, lr=0.1, momentum=0.9)
    save(
        "optimizer_sgd.pth",
        {"state_dict": dict(model.state_dict()), "optimizer": optimizer.state_dict()},
        "SGD with momentum",
        "state_dict",
    )
    save("optimizer_alone.pth", optimizer.state_dict(), "an optimizer's state and no model: no state dict", None)
    lightning = {
        "epoch": 2,
        "global_step": 200,
        "pytorch-lightning_version": "2.2.0",
        "state_dict": tiny().state_dict(),
        "loops": {"fit_loop": {}},
        "callbacks": {
            "ModelCheckpoint{'monitor': 'loss'}": {"best_model_score": torch.tensor(0.25), "best_k_models": {}}
        },
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"lr": 0.1, "layers": [1, 2], "name": None},
    }
    save("lightning.pth", lightning, "a Lightning checkpoint's layout", "state_dict")
