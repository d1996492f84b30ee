"""Makes the .pt2 files that tests/cpp/frontend/export_files_test.cpp reads: python make_export_fixtures.py FOLDER.

Beside NAME.pt2 comes NAME.json: what PyTorch itself says of the program (weights' checksums, nodes, model text).
"""

import collections
import json
import pathlib
import sys
import warnings
import zlib

import torch
import torch.utils._pytree as pytree
from torch import nn

Pair = collections.namedtuple("Pair", ["first", "second"])
pytree._register_namedtuple(Pair, serialized_type_name="fixtures.Pair")


class Nested(nn.Module):
    """Nested inputs and outputs; tied, strided, expanded, sliced and non-persistent weights."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.b.weight = self.a.weight
        self.register_buffer("scratch", torch.full((4,), 2.0), persistent=False)
        self.constant = torch.arange(4.0)
        self.register_buffer("transposed", torch.arange(12.0).reshape(3, 4).t())
        self.register_buffer("expanded", torch.tensor([2.0]).expand(4))
        self.register_buffer("sliced", torch.arange(32.0)[8:12])
        self.register_buffer("low", torch.arange(4.0).half())
        self.register_buffer("nothing", torch.zeros(0, 3))
        self.register_buffer("scalar", torch.tensor(7))

    def forward(self, x, d, k=3, *, flag=True, unused=None):
        y = self.a(x) + self.b(d["u"]) * k + self.scratch + self.constant
        y = y + self.transposed[:, 1] + self.expanded + self.sliced + self.low + self.scalar
        z = d["v"][0] - d["v"][1]
        return {
            "y": y,
            "list": [z, (x, None)],
            "five": 5,
            "pair": Pair(y, x),
            "od": collections.OrderedDict(p=z),
        }


class Regions(nn.Module):
    """no_grad and autocast(enabled=False) regions, which leave no trace; split, in-place operators, a branch."""

    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 4)

    def forward(self, x):
        with torch.no_grad():
            y = self.l(x)
            y.mul_(2)
        with torch.autocast("cpu", enabled=False):
            z = self.l(y)
        a, b = z.split(2, 1)
        c = torch.cond(x.sum() > 0, lambda v: v.relu(), lambda v: v - self.l.bias, (x,))
        return a, b, c, tuple(torch.topk(c, 2))


class Dynamic(nn.Module):
    def forward(self, x):
        b = x.size(0)
        pad = torch.cat([x, x])
        return x.reshape(b, -1), pad, x.new_zeros(b * 2, b // 2 + 1), torch.arange(b), x.nonzero()


class Autocast(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(4, 4)

    def forward(self, x):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.l(x).float()


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        self.count.add_(1)
        return x + self.count


def crc(tensor):
    data = tensor.detach().contiguous()
    return zlib.crc32(bytes(data.view(torch.uint8).numpy())) if data.dim() and data.numel() else None


def save(folder, name, program):
    torch.export.save(program, folder / f"{name}.pt2")
    tensors = {**program.state_dict, **program.constants}
    weights = {
        n: {"crc": crc(t), "sizes": list(t.shape)} for n, t in tensors.items() if isinstance(t, torch.Tensor)
    }
    bytes_ = sum(t.numel() * t.element_size() for t in tensors.values() if isinstance(t, torch.Tensor))
    record = {"weights": weights, "bytes": bytes_, "text": serialize(program)}
    (folder / f"{name}.json").write_text(json.dumps(record))


def serialize(program):
    """The JSON that the Python package gives to graph_from_export."""
    from torch._export.serde.serialize import serialize as to_artifact

    return to_artifact(program).exported_program.decode()


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    x = torch.randn(2, 4)
    export = torch.export.export
    pair = (torch.randn(2, 4), torch.randn(2, 4))
    save(
        folder, "nested", export(Nested().eval(), (x, {"u": torch.randn(2, 4), "v": pair}), {"unused": None})
    )
    save(folder, "regions", export(Regions().eval(), (x,)))
    save(folder, "strict", export(Regions().eval(), (x,), strict=True))
    batch = torch.export.Dim("batch", min=2, max=16)
    save(folder, "dynamic", export(Dynamic(), (torch.randn(4, 3, 2),), dynamic_shapes=({0: batch},)))
    save(folder, "autocast", export(Autocast().eval(), (x,)))
    save(folder, "counter", export(Counter().eval(), (x,)).run_decompositions({}))
    torch.jit.save(torch.jit.trace(nn.Linear(4, 4), x), folder / "torchscript.pt")
    torch.save(nn.Linear(4, 4).state_dict(), folder / "pickle.pt")
    torch.save(nn.Linear(4, 4).state_dict(), folder / "old_pickle.pt", _use_new_zipfile_serialization=False)

    import torchvision

    resnet = torchvision.models.resnet18(weights=None).eval()
    save(folder, "resnet18", export(resnet, (torch.randn(2, 3, 224, 224),)))
    save(folder, "resnet18_batch", export(resnet, (torch.randn(2, 3, 64, 64),), dynamic_shapes=({0: batch},)))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
