"""Which models, with which inputs, and weights that a wrong network cannot hide behind."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any

import torch
import torchvision

IMAGE = ((3, 224, 224),)
# Models whose inputs are not one image of 224 x 224; sizes without the batch.
INPUTS: dict[str, tuple[tuple[int, ...], ...]] = {
    "inception_v3": ((3, 299, 299),),
    "r3d_18": ((3, 8, 112, 112),),
    "mvit_v1_b": ((3, 16, 224, 224),),
    "raft_small": ((3, 128, 160), (3, 128, 160)),
}
OTHERS = {
    "deeplabv3_resnet50": "segmentation",
    "lraspp_mobilenet_v3_large": "segmentation",
    "r3d_18": "video",
    "mvit_v1_b": "video",
    "raft_small": "optical flow",
}
# Takes long and much memory: last.
HUGE = ("regnet_y_128gf", "vit_h_14")
# The smallest of each family, what CI converts; sizes that are enough where the architecture leaves a choice.
FAMILIES: dict[str, tuple[tuple[int, ...], ...]] = {
    "alexnet": ((3, 96, 96),),
    "convnext_tiny": ((3, 64, 64),),
    "densenet121": ((3, 64, 64),),
    "efficientnet_b0": ((3, 64, 64),),
    "efficientnet_v2_s": ((3, 64, 64),),
    "googlenet": ((3, 64, 64),),
    "inception_v3": ((3, 107, 107),),
    "maxvit_t": IMAGE,
    "mnasnet0_5": ((3, 64, 64),),
    "mobilenet_v2": ((3, 64, 64),),
    "mobilenet_v3_small": ((3, 64, 64),),
    "regnet_x_400mf": ((3, 64, 64),),
    "regnet_y_400mf": ((3, 64, 64),),
    "resnet18": ((3, 64, 64),),
    "resnext50_32x4d": ((3, 64, 64),),
    "shufflenet_v2_x0_5": ((3, 64, 64),),
    "squeezenet1_1": ((3, 64, 64),),
    "swin_t": ((3, 64, 64),),
    "swin_v2_t": ((3, 64, 64),),
    "vgg11": ((3, 64, 64),),
    "vit_b_32": IMAGE,
    "wide_resnet50_2": ((3, 64, 64),),
    "deeplabv3_resnet50": ((3, 64, 64),),
    "lraspp_mobilenet_v3_large": ((3, 64, 64),),
    "r3d_18": ((3, 8, 32, 32),),
    "mvit_v1_b": ((3, 16, 224, 224),),
    "raft_small": ((3, 128, 128), (3, 128, 128)),
}


@dataclass(frozen=True)
class Size:
    """What a model is: its name for the table, and the sizes of its inputs without the batch."""

    name: str
    inputs: tuple[tuple[int, ...], ...]

    def images(self, batch: int, seed: int = 1) -> tuple[torch.Tensor, ...]:
        generator = torch.Generator().manual_seed(seed)
        return tuple(_images((batch, *sizes), generator) for sizes in self.inputs)


def _images(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Noise, with a brightness and a contrast of its own for each image and channel."""
    each = shape[:2] + (1,) * (len(shape) - 2)
    contrast = torch.rand(each, generator=generator) * 0.4 + 0.8
    return torch.randn(shape, generator=generator) * contrast + torch.randn(each, generator=generator) * 0.3


def names() -> list[str]:
    """All models of the zoo: a family's smallest first, huge ones last."""
    listed = [*torchvision.models.list_models(module=torchvision.models), *OTHERS]
    return sorted(listed, key=lambda name: (name in HUGE, name not in FAMILIES, name))


def full(name: str) -> Size:
    return Size(name, INPUTS.get(name, IMAGE))


def family(name: str) -> str:
    """The name in torchvision's tables: "resnet" of resnet152."""
    return (
        OTHERS.get(name)
        or re.match(r"wide_resnet|efficientnet_v2|swin_v2|mobilenet_v\d|regnet_.|[a-z]+", name).group()
    )


def _set_statistics(norm: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> None:
    # The power: with 1 each layer restores the full variance, and in deep models of random weights rounding errors grow
    # as signals do (efficientnet_v2_s: float32 and float64 have nothing in common); with 0 signals die out.
    x = args[0].transpose(0, 1).flatten(1)
    variance, mean = torch.var_mean(x, 1, correction=0)
    used = variance.clamp(min=0.1 * variance.mean().item()) ** 0.4
    norm.running_mean.copy_(mean + 0.1 * variance.sqrt() * torch.randn_like(mean))
    norm.running_var.copy_(used * (torch.rand_like(used) * 0.6 + 0.7))


def seeded(size: Size) -> torch.nn.Module:
    """The model with weights that are the same each time.

    A parameter that starts as a constant (a head of zeros, a layer scale of 1e-6) would hide whatever it multiplies,
    so it becomes noise around that constant. Batch-norm statistics are made of those of four images, so that what an
    image shows reaches the result as it does after training; none is a number that folding could not get wrong.
    """
    torch.manual_seed(0)
    options: dict[str, Any] = {"weights": None}
    if OTHERS.get(size.name) == "segmentation":
        options["weights_backbone"] = None
    if size.name in ("googlenet", "inception_v3"):
        options["init_weights"] = False
    model = torchvision.models.get_model(size.name, **options).eval()
    norms = [
        module for module in model.modules() if isinstance(module, torch.nn.modules.batchnorm._BatchNorm)
    ]
    with torch.no_grad():
        for parameter in model.parameters():
            if bool((parameter == parameter.flatten()[0]).all()):
                parameter.add_(torch.randn_like(parameter), alpha=0.1)
        for module in model.modules():
            # What a block adds to its input: as large as the input, rounding errors grow through 50 blocks to 2e-4
            # (resnet152: PyTorch's own float32 beside its float64). Training starts lower too (zero_init_residual).
            if isinstance(module, torchvision.models.resnet.BasicBlock):
                module.bn2.weight.mul_(0.3)
            if isinstance(module, torchvision.models.resnet.Bottleneck):
                module.bn3.weight.mul_(0.3)
        hooks = [norm.register_forward_pre_hook(_set_statistics) for norm in norms]
        if norms:
            model(*size.images(4))
        for hook in hooks:
            hook.remove()
    return model


def megabytes(model: torch.nn.Module) -> float:
    """Parameters and buffers, in 10^6 bytes."""
    tensors = [*model.parameters(), *model.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 1e6


def rss_mb(field: str = "VmRSS") -> float:
    """This process's memory in 10^6 bytes; `VmHWM` is its peak."""
    with open(f"/proc/{os.getpid()}/status") as status:
        line = next(line for line in status if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024 / 1e6
