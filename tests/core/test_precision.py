"""float32 modules computed in half precision: as PyTorch within 1e-2, few casts, the same inputs and outputs."""

import math
import re
from collections import Counter

import pytest
import tensorrt_rtx as trt
import torch
import torchvision
from converting import build, convert, layer_names, layers, new_network, run
from torch import nn
from torch.nn import functional as F

import torch2trt
from torch2trt import core, errors

HALVES = (torch.float16, torch.bfloat16)
TYPES = {torch.float16: trt.float16, torch.bfloat16: trt.bfloat16}


def types(network):
    return Counter(layer.type.name for layer in layers(network))


def casts(network):
    return [layer.name for layer in layers(network) if layer.type == trt.LayerType.CAST]


def held(network):
    """Elements of constants, by type."""
    counts = Counter()
    for layer in layers(network):
        if layer.type == trt.LayerType.CONSTANT:
            counts[layer.get_output(0).dtype] += trt.volume(layer.get_output(0).shape)
    return counts


def error(got, wanted):
    assert got.dtype == wanted.dtype and got.shape == wanted.shape
    assert wanted.std() > 1e-3, "the reference is trivial"
    return ((got - wanted).norm() / wanted.norm()).item()


def check(module, args, precision, frontend="trace", tolerance=1e-2, **options):
    """Its network in half precision, built and compared; (network, the same in float32)."""
    module.eval()
    args = args if isinstance(args, tuple) else (args,)
    with torch.no_grad():
        wanted = module(*args)
    network, _ = convert(module, args, frontend, precision=precision, **options)
    (got,) = run(network, *args)
    # bfloat16 has 8 bits: 1e-2 is a few roundings.
    assert error(got, wanted) < (tolerance if precision is torch.float16 else 2 * tolerance)
    build(network)
    return network, convert(module, args, frontend)[0]


class Layer(nn.Module):
    def __init__(self, size, heads):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(size, size) for _ in range(4))
        self.first, self.second = nn.LayerNorm(size, eps=1e-12), nn.LayerNorm(size, eps=1e-12)
        self.up, self.down = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)

    def split(self, x):
        return x.view(x.size(0), -1, self.heads, x.size(-1) // self.heads).transpose(1, 2)

    def forward(self, x, mask):
        query, key, value = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        weights = (query @ key.transpose(-1, -2) / math.sqrt(16.0) + mask).softmax(-1)
        x = self.first(x + self.out((weights @ value).transpose(1, 2).reshape(x.shape)))
        return self.second(x + self.down(F.gelu(self.up(x))))


class Bert(nn.Module):
    """As BERT, its mask of the least float32 included, which is no half."""

    def __init__(self, size=64, depth=3):
        super().__init__()
        self.words, self.places = nn.Embedding(200, size), nn.Embedding(64, size)
        self.norm = nn.LayerNorm(size, eps=1e-12)
        self.layers = nn.ModuleList(Layer(size, 4) for _ in range(depth))

    def forward(self, ids, mask):
        mask = (1.0 - mask[:, None, None, :].float()) * torch.finfo(torch.float32).min
        x = self.norm(self.words(ids) + self.places(torch.arange(ids.size(1))))
        for layer in self.layers:
            x = layer(x, mask)
        return x


def bert_inputs():
    mask = torch.ones(2, 16, dtype=torch.long)
    mask[1, 10:] = 0
    return torch.randint(0, 200, (2, 16)), mask


@pytest.mark.parametrize("precision", HALVES)
def test_resnet_is_half_but_for_its_ends(precision):
    torch.manual_seed(0)
    network, single = check(torchvision.models.resnet18(), torch.rand(1, 3, 64, 64), precision)
    assert len(casts(network)) == 2 and network.num_layers == single.num_layers + 2
    assert network.get_input(0).dtype == network.get_output(0).dtype == trt.float32
    assert set(held(network)) == {TYPES[precision]}


@pytest.mark.parametrize("precision", HALVES)
def test_vit_keeps_its_norms_float32(precision):
    torch.manual_seed(0)
    vit = torchvision.models.VisionTransformer(32, 8, 4, 4, 64, 128, num_classes=10)
    nn.init.normal_(vit.heads.head.weight, std=0.1)
    network, single = check(vit, torch.rand(2, 3, 32, 32), precision)
    # Into and out of each norm, 9 of them; the input and the output. The first norm of a layer reads half.
    assert len(casts(network)) == 20 and network.num_layers == single.num_layers + 20
    for layer in layers(network):
        if layer.type == trt.LayerType.NORMALIZATION:
            assert layer.get_output(0).dtype == trt.float32
        if layer.type == trt.LayerType.MATRIX_MULTIPLY:
            assert layer.get_output(0).dtype == TYPES[precision]


@pytest.mark.parametrize("frontend", ["trace", "export"])
@pytest.mark.parametrize("precision", HALVES)
def test_bert_adds_six_casts_a_layer(precision, frontend):
    torch.manual_seed(0)
    network, _ = check(Bert(), bert_inputs(), precision, frontend)
    assert len(casts(network)) == 6 * 3 + 2  # and that of the mask, and one before the first norm
    assert all(
        layer.get_output(0).dtype == trt.float32
        for layer in layers(network)
        if layer.type == trt.LayerType.SOFTMAX
    )
    # The scales and shifts of the norms, and a few numbers, stay float32.
    assert held(network)[trt.float32] < 1000 < 100000 < held(network)[TYPES[precision]]


def test_attention_takes_the_least_float32_in_its_mask():
    class Attention(nn.Module):
        def forward(self, x, allowed):
            mask = torch.where(allowed, 0.0, torch.finfo(torch.float32).min)
            return F.scaled_dot_product_attention(x, x, x, attn_mask=mask)

    allowed = torch.ones(6, 6, dtype=torch.bool).tril()
    network, _ = check(Attention(), (torch.randn(2, 4, 6, 16), allowed), torch.float16)
    assert types(network)["ATTENTION_INPUT"] == 1

    class Constant(nn.Module):
        def forward(self, x):
            mask = torch.full((6, 6), torch.finfo(torch.float32).min).triu(1)
            return F.scaled_dot_product_attention(x, x, x, attn_mask=mask)

    network, _ = check(Constant(), torch.randn(2, 4, 6, 16), torch.float16)
    assert trt.float32 not in held(network)


def test_what_overflows_while_it_runs_is_infinite():
    """Nothing at conversion can see it: docs/precision.md."""
    linear = nn.Linear(4, 4, bias=False)
    nn.init.constant_(linear.weight, 200.0)
    x = torch.full((1, 4), 100.0)
    assert run(convert(linear, x, precision=torch.float16)[0], x)[0].isinf().all()
    assert run(convert(linear, x, precision=torch.bfloat16)[0], x)[0].allclose(linear(x), rtol=1e-2)
    kept = convert(linear, x, precision=torch.float16, keep_float32="linear")[0]
    assert torch.equal(run(kept, x)[0], linear(x)) and not casts(kept)


def test_keep_float32_chooses_by_module_path_and_operator():
    module = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    x = torch.randn(2, 4)
    network = convert(module, x, precision=torch.float16, keep_float32=r"^2/")[0]
    products = [layer for layer in layers(network) if layer.type == trt.LayerType.MATRIX_MULTIPLY]
    assert [layer.get_output(0).dtype for layer in products] == [trt.float16, trt.float32]
    assert layer_names(network).count("0/float16") == 1
    assert all(name in layer_names(network) for name in ("0/linear", "1/relu", "2/linear"))


def test_positions_are_not_rounded():
    """Angles of rotary embeddings: the product of a position above 2048 and a frequency."""

    class Angles(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("frequency", 1.0 / 10000 ** (torch.arange(0, 8).float() / 8))

        def forward(self, x, position):
            angles = (self.frequency[None, :, None] @ position[:, None, :].float()).transpose(1, 2)
            return x * angles.cos() + x * angles.sin()

    args = (torch.randn(1, 3, 8), torch.tensor([[2049, 3333, 4095]]))
    check(Angles(), args, torch.float16, tolerance=1e-5)


@pytest.mark.parametrize("length", [3, 70])
def test_scripted_loops_and_branches(length):
    """Written out, and as a loop of the network: what it carries keeps one type."""

    class Loop(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.Linear(8, 8)

        def forward(self, x):
            h = torch.zeros(x.size(0), 8)
            kept = []
            for i in range(x.size(1)):
                h = torch.tanh(self.cell(h + x[:, i]))
                kept.append(h)
            y = torch.stack(kept, 1)
            if bool(y.sum() > 0):
                y = self.cell(y)
            else:
                y = y * 2
            return y

    torch.manual_seed(1)
    module = torch.jit.script(Loop())
    network, _ = check(module, torch.randn(2, length, 8), torch.float16)
    assert types(network)["CONDITION"] == 1 and (types(network)["TRIP_LIMIT"] > 0) == (length > 64)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_layers(kind):
    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = kind(6, 8, num_layers=2, bidirectional=True, batch_first=True)

        def forward(self, x):
            return self.rnn(x)[0]

    check(Net(), torch.randn(2, 7, 6), torch.float16)


def test_a_handler_of_ones_own_gets_the_programs_types():
    seen = []

    @torch2trt.register_node_handler("aten::tanh")
    def tanh(inputs, attributes):
        (x,) = inputs
        network = core.current_network()
        if network is None:
            return [x.tanh()]
        seen.append(x.dtype)
        return [network.add_activation(x, trt.ActivationType.TANH).get_output(0)]

    try:
        network, _ = convert(nn.Sequential(nn.Linear(4, 4), nn.Tanh()), torch.randn(2, 4), precision="fp16")
    finally:
        core.unregister_node_handler("aten::tanh")
    assert seen == [trt.float32] and casts(network)


def test_dynamic_itensors():
    network = new_network()
    x = network.add_input("x", trt.float32, (-1, 3, 16, 16))
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.SiLU(), nn.AdaptiveAvgPool2d(1)).eval()
    with core.trt_network(network):
        _, graph = core.torch2trt(module, x, frontend="export", precision="bf16")
    network.mark_output(graph.get_resolved_outputs()[0][0])
    for batch in (1, 5):
        value = torch.rand(batch, 3, 16, 16)
        assert error(run(network, value)[0], module(value).detach()) < 2e-2


def test_graph_module_and_tensorrt_module():
    module, x = nn.Conv2d(3, 4, 3), torch.rand(1, 3, 8, 8)
    graph = torch2trt.GraphModule(module, x, precision=torch.float16)
    assert torch.equal(graph(x), module(x))  # torch mode computes in the module's own types
    network = new_network()
    with core.trt_network(network):
        result = graph(network.add_input("x", trt.float32, (1, 3, 8, 8)))
    assert result.dtype == trt.float32 and len(casts(network)) == 2
    counts = []
    for dtype in (None, trt.float32, trt.float16, torch.bfloat16):
        wrapper = torch2trt.TensorRTModuleWrapper(
            module,
            1,
            1 << 28,
            dtype,
            net_post_fn=lambda network: counts.append(len(casts(network))),
            tensorrt="tensorrt_rtx",
        )
        wrapper.eval().build_tensorrt(module, [x])
    assert counts == [0, 0, 2, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"precision": torch.int8}, "precision is torch.int8; torch.float16 and torch.bfloat16 are possible"),
        ({"precision": "fp8"}, "precision is 'fp8'; torch.float16 and"),
        ({"keep_float32": "x"}, "keep_float32 is given without precision; give precision=torch.float16 too"),
        (
            {"precision": "fp16", "keep_float32": "("},
            'keep_float32 is "(", which is no regular expression: missing )',
        ),
    ],
)
def test_wrong_arguments(options, message):
    network = new_network()
    for attempt in (
        lambda: core.torch2trt(nn.ReLU(), torch.rand(2), **options),
        lambda: torch2trt.GraphModule(nn.ReLU(), torch.rand(2), **options),
    ):
        with core.trt_network(network), pytest.raises(errors.InvalidArgument, match=re.escape(message)):
            attempt()
    assert network.num_layers == 0


def test_torch_mode_has_no_precision():
    with pytest.raises(errors.InvalidArgument, match="precision is for networks; torch mode computes in"):
        core.torch2trt(nn.ReLU(), torch.rand(2), precision=torch.float16)


class Ranked(nn.Module):
    """Half precision would refuse the quantile and round the regions' places."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x, regions):
        pooled = torchvision.ops.roi_align(self.conv(x), regions, 3, 1.0, 2)
        return pooled + torch.quantile(pooled.flatten(1), 0.3, dim=1)[:, None, None, None]


@pytest.mark.parametrize("frontend", ["trace", "export"])
@pytest.mark.parametrize("precision", HALVES)
def test_ranks_and_regions_stay_float32(precision, frontend):
    regions = torch.tensor([[0.0, 1001.3, 500.2, 1019.9, 511.1], [0.0, 1003.7, 503.3, 1021.1, 509.7]])
    network, _ = check(Ranked(), (torch.randn(1, 3, 512, 1024), regions), precision, frontend)
    assert all(
        layer.get_output(0).dtype == trt.float32
        for layer in layers(network)
        if layer.type == trt.LayerType.TOPK
    )
