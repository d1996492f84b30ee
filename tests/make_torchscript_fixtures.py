"""Writes the TorchScript files that tests/cpp/frontend/torchscript_*_test.cpp read: make_torchscript_fixtures.py DIR.

Weights are small and their values follow from their names, so the tests know them. The torchvision models have
weights of one stored element each (stride 0): whole programs in small files.
"""

import os
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

FIXTURES = {}


def traced(*inputs, **options):
    def register(module):
        FIXTURES[module.__name__] = lambda: torch.jit.trace(
            module().eval(), inputs, check_trace=False, **options
        )
        return module

    return register


def scripted(module):
    FIXTURES[module.__name__] = lambda: torch.jit.script(module().eval())
    return module


def number(module: nn.Module, scale: float = 0.125) -> None:
    """Every weight counts up: element i is i * scale."""
    for tensor in [*module.parameters(), *module.buffers()]:
        if tensor.is_floating_point():
            tensor.data = (torch.arange(tensor.numel()) * scale).reshape(tensor.shape).to(tensor.dtype)


class ConvBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(4)
        number(self)

    def forward(self, x):
        return torch.relu_(self.bn(self.conv(x)))  # mark: relu


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(ConvBlock())
        self.fc = nn.Linear(4, 2)
        self.unused = nn.Linear(3, 3)
        number(self.fc)

    def forward(self, x):
        y = self.layer1(x).mean([2, 3])
        return self.fc(y.view(y.size(0), -1))


IMAGE = torch.ones(1, 3, 8, 8)
VECTOR = torch.ones(4)


@traced(IMAGE)
class TracedNet(Net):
    pass


@scripted
class ScriptedNet(Net):
    pass


@traced(IMAGE)
class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv1d(8, 8, 3, stride=2, padding=1, dilation=1, groups=2)
        self.three = nn.Conv3d(1, 1, 3, padding=1)
        self.same = nn.Conv2d(3, 3, 3, padding="same")
        self.up1 = nn.ConvTranspose1d(8, 8, 2)
        self.up2 = nn.ConvTranspose2d(3, 3, 2, stride=2, padding=1, output_padding=1, groups=3)
        self.up3 = nn.ConvTranspose3d(1, 1, 2)

    def forward(self, x):
        flat = x.flatten(0, 1)
        volume = x.unsqueeze(1)
        return (
            self.one(flat.transpose(0, 1)[:, :3].unsqueeze(0).mean(-1)),
            self.three(volume),
            self.same(x),
            self.up1(torch.ones(1, 8, 4)),
            self.up2(x),
            self.up3(volume),
        )


@traced(
    VECTOR,
    {"a": VECTOR, "unread": VECTOR, "b": VECTOR},
    [VECTOR, VECTOR],
    (VECTOR, (VECTOR, VECTOR)),
    strict=False,
)
class NestedTrace(nn.Module):
    def forward(self, x, d, items, pair):
        return {"first": (x + d["b"], d["a"]), "second": (items[1], pair[1][0] * x)}


@scripted
class NestedScript(nn.Module):
    def forward(self, d: Dict[str, Tensor], items: List[Tensor], pair: Tuple[Tensor, Tuple[Tensor, Tensor]]):
        return [d["b"] + items[2]], {"out": (pair[1][1], pair[0]), "none": (d["b"], pair[0])}, None


@scripted
class OpaqueList(nn.Module):
    def forward(self, items: List[Tensor], x: Tensor):
        return torch.cat(items) + items[0] + x


@traced(VECTOR)
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4, bias=False)
        self.b = nn.Linear(4, 4, bias=False)
        self.shared = nn.Linear(4, 4, bias=False)
        self.again = self.shared
        self.b.weight = self.a.weight

    def forward(self, x):
        return self.again(self.shared(self.b(self.a(x))))


@traced(VECTOR.half())
class Half(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("shift", torch.arange(4))
        self.register_buffer("scratch", torch.tensor([0.5, 1.5]), persistent=False)
        number(self.fc)
        self.half()

    def forward(self, x):
        return self.fc(x) + self.shift, self.scratch


@traced(VECTOR)
class Constants(nn.Module):
    def forward(self, x):
        table = torch.tensor([1.0, 2.0, 3.0, 4.0])
        return x * table + 2.5, x.to(torch.float64), torch.zeros(2, dtype=torch.int32), x.contiguous()


@traced(IMAGE)
class Sizes(nn.Module):
    def forward(self, x):
        a, b = x.split([1, 2], 1)
        c = x.chunk(2, 2)[0]
        return x.view(x.size(0), x.shape[1] * 2, -1), a + b, c


class Switches(nn.Module):
    limit: Optional[int]

    def __init__(self):
        super().__init__()
        self.aux_logits = False
        self.limit = None
        self.names = ["p", "q"]
        self.factors = [2.0, 3.0]
        self.aux = nn.Linear(4, 4)
        self.main = nn.Linear(4, 4)
        number(self.main)

    def forward(self, x):
        if self.training and self.aux_logits:
            x = self.aux(x)
        if self.limit is not None:
            x = x[: self.limit]
        for factor in self.factors:
            x = x * factor
        if len(self.names) == 2 and "q" in self.names:
            x = self.main(x)
        assert x.dim() == 1, "a vector"
        return x


@scripted
class ScriptedSwitches(Switches):
    pass


@scripted
class Lists(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for _ in range(3)])
        self.named = nn.ModuleDict({"left": nn.ReLU(), "right": nn.Sigmoid()})

    def collect(self, into: List[Tensor], x: Tensor):
        into.append(x)

    def forward(self, x):
        features: List[Tensor] = []
        for layer in self.layers:
            features.append(layer(x))
        alias = features
        self.collect(alias, x)
        features += [x + 1]
        alias[0] = self.named["left"](features[0])
        last = features.pop()
        for name, activation in self.named.items():
            last = activation(last)
        table = {"x": x}
        table["y"] = last
        for i in range(2):
            features.append(table["y"] + i)
        return torch.cat(features[1:], 0), table


@scripted
class Branches(nn.Module):
    def forward(self, x: Tensor, mask: Optional[Tensor] = None, times: int = 3):
        found: List[Tensor] = [x]
        if mask is not None:
            x = x * mask
        if x.sum() > 0:
            found.append(x + 1)
            y = x.relu()
        else:
            y = x.neg()
        while y.sum() < 10:
            y = y + 1
        for _ in range(times):
            y = y * 2
        if y.max() > 5:
            raise ValueError("too large")
        return torch.cat(found), y


class Box:
    def __init__(self, low: Tensor, high: Tensor):
        self.low = low
        self.high = high

    def size(self) -> Tensor:
        return self.high - self.low


class Pair(NamedTuple):
    first: Tensor
    second: Tensor


def doubled(x: Tensor) -> Tensor:
    return x * 2


@scripted
class Objects(nn.Module):
    def forward(self, x: Tensor):
        box = Box(x, doubled(x))
        pair = Pair(box.size(), box.low)
        if x.sum() > 0:
            y = Box(x, x * 3).size()
        else:
            y = x
        return pair.second, pair, y


@scripted
class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 1
        self.register_buffer("total", torch.zeros(4))

    def forward(self, x: Tensor):
        self.total = self.total + x
        self.calls += 1
        return self.total * self.calls


@scripted
class AssignsInBranch(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("total", torch.zeros(4))

    def forward(self, x: Tensor):
        if x.sum() > 0:
            self.total = x
        return x


@scripted
class ChangesListAttribute(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = [1, 2]

    def forward(self, x: Tensor):
        self.seen.append(3)
        return x


@scripted
class AlwaysRaises(nn.Module):
    def forward(self, x: Tensor):
        if not self.training:
            raise ValueError("only for training")
        return x


@scripted
class IndexOutOfRange(nn.Module):
    def forward(self, x: Tensor):
        parts = [x]
        return parts[3]


@scripted
class MissingKey(nn.Module):
    def forward(self, x: Tensor):
        parts = {"a": x}
        return parts["b"]


@scripted
class NoForward(nn.Module):
    @torch.jit.export
    def other(self, x: Tensor):
        return x


@traced(VECTOR)
class SparseWeight(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.eye(4).to_sparse())

    def forward(self, x):
        return torch.sparse.mm(self.table, x.unsqueeze(1))


@scripted
class QuantizedWeight(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("table", torch.quantize_per_tensor(torch.ones(4), 0.5, 0, torch.qint8))

    def forward(self, x: Tensor):
        return x + self.table.dequantize()


@scripted
class WrongUnpacking(nn.Module):
    def forward(self, x: Tensor):
        parts = [x, x, x]
        a, b = parts
        return a + b


@scripted
class Hooked(nn.Module):
    def __init__(self):
        super().__init__()

        def hook(module, args: Tuple[Tensor], result: Tensor):
            return result + 1

        self.register_forward_hook(hook)

    def forward(self, x: Tensor):
        return x


@scripted
class ChangesDictAttribute(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = {"a": 1}

    def forward(self, x: Tensor):
        self.seen["b"] = 2
        return x


@scripted
class MayChangeAttribute(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = [1, 2]

    def forward(self, x: Tensor):
        seen = self.seen
        if x.sum() > 0:
            seen.append(3)
        return x


@scripted
class TensorLists(nn.Module):
    def __init__(self):
        super().__init__()
        self.anchors = [torch.zeros(4), torch.ones(4)]
        self.table = {"low": torch.zeros(4)}

    def forward(self, x: Tensor):
        for anchor in self.anchors:
            x = x + anchor
        return x * self.table["low"]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4, bias=False)

    def forward(self, x):
        return x


@traced(VECTOR)
class Grandchild(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def forward(self, x):
        return self.block.inner(x)


@scripted
class IndexedChunk(nn.Module):
    def forward(self, x: Tensor):
        parts = x.chunk(2)
        return parts[1] - parts[0]


@scripted
class SplitInLoop(nn.Module):
    def forward(self, x: Tensor):
        before = x.chunk(2)
        for _ in range(2):
            a, b = x.chunk(2)
            x = a - b
        c, d = before
        return c + d


@scripted
class Passthrough(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("w", torch.ones(4))

    def forward(self, x: Tensor, unused: Tensor):
        return x, self.w, 3, "text", x


@scripted
class ListOperators(nn.Module):
    def forward(self, x: Tensor):
        items = [x]
        items.insert(0, x.neg())
        items.extend(items[:2])
        items.reverse()
        items.insert(-1, x)
        last = items.pop()
        middle = [last] + items[:1]
        del items
        a, b = middle
        numbers = [1, 2] * 2 + [0]
        numbers[-1] = numbers[0] + len(numbers)
        table = {1: "a", 2: "b"}
        count = 0
        for key in table.keys():
            count += key
        found = table.get(3)
        number = numbers[4] if found is None and 2 in table else count
        return [a, b, a], [b], x + (number + 2), x - max(numbers[1], count - 2)


@scripted
class BranchResults(nn.Module):
    def forward(self, x: Tensor):
        known = [x]
        if x.sum() > 0:
            items, pair = known, (x, x.neg())
        else:
            items, pair = torch.jit.annotate(List[Tensor], []), (x, x)
        items.append(x)
        return torch.cat(known), pair


def flatten_storage(module: nn.Module) -> nn.Module:
    for tensor in [*module.parameters(), *module.buffers()]:
        tensor.data = torch.ones((), dtype=tensor.dtype).expand(tensor.shape)
    return module.eval()


def write_models(folder: Path) -> None:
    import torchvision

    for name, size in [("resnet50", 64), ("inception_v3", 96), ("mobilenet_v3_small", 64), ("vit_b_16", 224)]:
        options = {"init_weights": False} if name == "inception_v3" else {}
        model = flatten_storage(getattr(torchvision.models, name)(weights=None, **options))
        torch.jit.trace(model, torch.ones(1, 3, size, size), check_trace=False).save(folder / f"{name}.pt")
    for name in ["resnet18", "densenet121", "inception_v3"]:
        options = {"init_weights": False} if name == "inception_v3" else {}
        model = flatten_storage(getattr(torchvision.models, name)(weights=None, **options))
        torch.jit.script(model).save(folder / f"scripted_{name}.pt")


def rewrite(source: Path, target: Path, ending: str, old: bytes, new: bytes) -> None:
    """Copies a TorchScript file with `old` replaced in the members whose names have this ending."""
    with zipfile.ZipFile(source) as good, zipfile.ZipFile(target, "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            bad.writestr(name, data.replace(old, new) if name.endswith(ending) else data)


def write_bad_files(folder: Path) -> None:
    torch.save({"w": VECTOR}, folder / "state_dict.pt")
    torch.save({"w": VECTOR}, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.export.save(torch.export.export(nn.ReLU(), (VECTOR,)), folder / "exported.pt2")
    whole = (folder / "TracedNet.pt").read_bytes()
    (folder / "truncated.pt").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.pt").write_bytes(b"")
    (folder / "text.pt").write_bytes(b"not a model")
    rewrite(folder / "TracedNet.pt", folder / "bad_program.pt", ".py", b"torch._conv", b"torch._v")
    rewrite(folder / "TracedNet.pt", folder / "no_debug_records.pt", ".debug_pkl", b"\x80\x02", b"\x00\x02")
    (folder / "directory.pt").mkdir(exist_ok=True)
    os.mkfifo(folder / "pipe.pt")


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    torch.backends.mha.set_fastpath_enabled(False)
    x = torch.arange(4.0)
    expected = [-x, x, -x], [x], x + 8, x - 2
    assert str(ListOperators()(x)) == str(expected), "torchscript_control_test.cpp expects Python's results"
    for name, make in FIXTURES.items():
        make().save(folder / f"{name}.pt")
    write_models(folder)
    write_bad_files(folder)


if __name__ == "__main__":
    main()
