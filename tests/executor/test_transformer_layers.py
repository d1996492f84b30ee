"""Quantization, attention, rotary embedding, key-value cache, mixture of experts."""

import pytest
import tensorrt_rtx as trt
import torch
import torch.nn.functional as F
from networks import Net, numbers, run
from test_layers import close

from torch2trt.executor import ExecutorError, execute
from torch2trt.executor.quantization import round_to_fp4

SOFTMAX = trt.AttentionNormalizationOp.SOFTMAX
FP4 = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])


def quantized(scale, kind, axis=None, block=False):
    """Quantize and dequantize, with the quantized values in between where TensorRT lets them out."""

    def make(net, x):
        q = net.network.add_quantize(x, net.constant(scale), kind)
        if axis is not None:
            q.axis = axis
        d = net.network.add_dequantize(q.get_output(0), net.constant(scale), trt.float32)
        if axis is not None:
            d.axis = axis
        return d

    return make


def test_int8_rounds_half_to_even_and_saturates():
    x = torch.tensor([0.5, 1.5, 2.5, -0.5, 127.4, 200.0, -128.6, -300.0])
    (y,) = run(quantized(torch.tensor(1.0), trt.int8), x)
    assert y.tolist() == [0, 2, 2, 0, 127, 127, -128, -128]


def test_int8_per_channel():
    x, scale = numbers(3, 4, 2) * 10, torch.tensor([0.1, 0.2, 0.3, 0.4])
    (y,) = run(quantized(scale, trt.int8, axis=1), x)
    close(y, torch.fake_quantize_per_channel_affine(x, scale, torch.zeros(4).int(), 1, -128, 127))


def test_fp8_saturates_at_448():
    x = torch.tensor([500.0, -1e4, 17.3, 0.001])
    (y,) = run(quantized(torch.tensor(1.0), trt.fp8), x)
    close(y, x.clamp(-448, 448).to(torch.float8_e4m3fn).float())


def _executes(make, x):
    """As `run` for layers TensorRT-RTX builds only in patterns it knows."""
    net = Net()
    net.output(make(net, net.input("x", x)).get_output(0), "y")
    return execute(net.network, {"x": x})["y"]


def test_int4_in_blocks():
    x, scale = numbers(4, 6) * 3, numbers(2, 6, seed=1).abs() + 0.1
    wide = scale.repeat_interleave(2, 0)
    close(_executes(quantized(scale, trt.int4), x), torch.round(x / wide).clamp(-8, 7) * wide)


def test_fp4_grid_and_ties():
    x = torch.tensor([[0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, 100.0, -0.3, -2.6, 0.1, 5.1, 0, 0, 0, 0]])
    wanted = [0, 1, 1, 2, 2, 4, 4, 6, -0.5, -3, 0, 6, 0, 0, 0, 0]
    assert round_to_fp4(x[0]).tolist() == wanted
    assert _executes(quantized(torch.tensor(1.0), trt.fp4), x).tolist() == [wanted]


@pytest.mark.parametrize("v2", [False, True])
def test_dynamic_quantize_nvfp4(v2):
    x = numbers(4, 32)

    def make(net, t):
        if v2:
            layer = net.network.add_dynamic_quantize_v2(t, (1, 16), trt.fp4, trt.fp8)
        else:
            layer = net.network.add_dynamic_quantize(t, 1, 16, trt.fp4, trt.fp8)
        layer.set_input(1, net.constant(torch.tensor(0.5)))
        scale = net.network.add_dequantize(layer.get_output(1), net.constant(torch.tensor(0.5)), trt.float32)
        return net.network.add_dequantize(layer.get_output(0), scale.get_output(0), trt.float32)

    y = _executes(make, x)
    blocks = x.reshape(4, 2, 16)
    scale = (blocks.abs().amax(-1, keepdim=True) / 6 / 0.5).to(torch.float8_e4m3fn).float() * 0.5
    nearest = (blocks.abs() / scale)[..., None].sub(FP4).abs().argmin(-1)
    close(y, (FP4[nearest] * scale * blocks.sign()).reshape(4, 32))


def test_dynamic_quantize_mxfp8():
    def make(net, t):
        layer = net.network.add_dynamic_quantize(t, 1, 32, trt.fp8, trt.DataType.E8M0)
        return net.network.add_dequantize(layer.get_output(0), layer.get_output(1), trt.float32)

    x = numbers(4, 64) * torch.tensor([[1.0], [100], [1e-3], [0]])
    y = _executes(make, x)
    assert torch.allclose(y, x, rtol=0.07, atol=1e-6)


def attention(norm=SOFTMAX, causal=trt.CausalMaskKind.NONE, mask=None):
    def make(net, q, k, v, *rest):
        layer = net.network.add_attention(q, k, v, norm, False)
        layer.decomposable = True
        layer.causal_kind = causal
        if rest:
            layer.mask = rest[0]
        return layer

    return make


def test_attention_does_not_scale():
    q, k, v = (numbers(2, 4, 5, 8, seed=s) for s in range(3))
    close(run(attention(), q, k, v)[0], F.scaled_dot_product_attention(q, k, v, scale=1.0), atol=1e-5)


@pytest.mark.parametrize("kind, shift", [("UPPER_LEFT", 0), ("LOWER_RIGHT", 3)])
def test_attention_causal(kind, shift):
    q, k, v = numbers(2, 4, 3, 8), numbers(2, 2, 6, 8, seed=1), numbers(2, 2, 6, 8, seed=2)
    allowed = torch.ones(3, 6, dtype=torch.bool).tril(shift)
    wanted = F.scaled_dot_product_attention(q, k, v, allowed, scale=1.0, enable_gqa=True)
    close(run(attention(causal=getattr(trt.CausalMaskKind, kind)), q, k, v)[0], wanted, atol=1e-5)


@pytest.mark.parametrize("boolean", [True, False])
def test_attention_masks(boolean):
    q, k, v = (numbers(2, 4, 5, 8, seed=s) for s in range(3))
    mask = numbers(2, 1, 5, 5, seed=3)
    if boolean:
        mask = (mask > -0.5) | torch.eye(5, dtype=torch.bool)
    wanted = F.scaled_dot_product_attention(q, k, v, mask, scale=1.0)
    close(run(attention(), q, k, v, mask)[0], wanted, atol=1e-5)


def test_attention_without_normalization():
    q, k, v = (numbers(2, 4, 5, 8, seed=s) for s in range(3))
    close(run(attention(trt.AttentionNormalizationOp.NONE), q, k, v)[0], q @ k.mT @ v, atol=1e-3)


def test_attention_packed_and_with_lengths():
    half = torch.float16
    q, k, v = (
        numbers(5, 4, 8, dtype=half),
        numbers(7, 2, 8, seed=1, dtype=half),
        numbers(7, 2, 8, seed=2, dtype=half),
    )
    q_ends, k_ends = (torch.tensor(e, dtype=torch.int32) for e in ([0, 2, 5], [0, 3, 7]))
    net = Net()
    tensors = [net.input(n, t) for n, t in zip("qkvab", (q, k, v, q_ends, k_ends), strict=True)]
    layer = net.network.add_attention(*tensors[:3], SOFTMAX, False)
    layer.query_form = layer.key_value_form = trt.AttentionIOForm.PACKED_NHD
    layer.query_lengths, layer.key_value_lengths = tensors[3:]
    net.output(layer.get_output(0), "y")
    y = execute(net.network, dict(zip("qkvab", (q, k, v, q_ends, k_ends), strict=True)))["y"]
    for rows, columns in ((slice(0, 2), slice(0, 3)), (slice(2, 5), slice(3, 7))):
        parts = [t.float().transpose(0, 1)[None] for t in (q[rows], k[columns], v[columns])]
        wanted = F.scaled_dot_product_attention(*parts, scale=1.0, enable_gqa=True)[0].transpose(0, 1)
        close(y[rows], wanted.half(), rtol=1e-3, atol=1e-3)


def test_attention_with_key_lengths():
    half = torch.float16
    q, k, v = (numbers(2, 2, 4, 8, seed=s, dtype=half) for s in range(3))
    lengths = torch.tensor([3, 4], dtype=torch.int32)
    net = Net()
    tensors = [net.input(n, t) for n, t in zip("qkvl", (q, k, v, lengths), strict=True)]
    layer = net.network.add_attention(*tensors[:3], SOFTMAX, False)
    layer.key_value_lengths = tensors[3]
    net.output(layer.get_output(0), "y")
    y = execute(net.network, dict(zip("qkvl", (q, k, v, lengths), strict=True)))["y"]
    allowed = (torch.arange(4) < lengths[:, None])[:, None, None]
    wanted = F.scaled_dot_product_attention(q.float(), k.float(), v.float(), allowed, scale=1.0)
    close(y, wanted.half(), rtol=1e-3, atol=1e-3)


def test_attention_with_quantized_normalization_is_refused():
    net = Net()
    x = numbers(1, 1, 2, 8)
    tensors = [net.input(n, x) for n in "qkv"]
    layer = net.network.add_attention(*tensors, SOFTMAX, False)
    layer.normalization_quantize_scale = net.constant(torch.tensor(1.0))
    net.output(layer.get_output(0), "y")
    with pytest.raises(ExecutorError, match="quantized attention normalization"):
        execute(net.network, dict.fromkeys("qkv", x))


def test_rotary_embedding_of_the_first_half():
    x, angles = numbers(2, 3, 4, 8), numbers(10, 2, seed=1)
    ids = torch.tensor([[0, 1, 2, 9], [3, 3, 4, 5]])

    def make(net, t, i):
        cosine, sine = net.constant(angles.cos()), net.constant(angles.sin())
        layer = net.network.add_rotary_embedding(t, cosine, sine, True, 4)
        layer.set_input(3, i)
        return layer

    pairs = torch.view_as_complex(x[..., :4].reshape(2, 3, 4, 2, 2))
    turned = pairs * torch.polar(torch.ones(10, 2), angles)[ids][:, None]
    wanted = torch.cat([torch.view_as_real(turned).flatten(-2), x[..., 4:]], -1)
    close(run(make, x, ids)[0], wanted)


@pytest.mark.parametrize("packed", [False, True])
def test_key_value_cache(packed):
    cache, start = numbers(2, 3, 8, 4), torch.tensor([1, 5], dtype=torch.int32)
    update = numbers(2, 3, 2, 4, seed=1)
    ends = torch.tensor([0, 2, 4], dtype=torch.int32)
    value = update.transpose(1, 2).reshape(4, 3, 4) if packed else update
    net = Net()
    feed = {"c": cache, "u": value, "w": start} | ({"e": ends} if packed else {})
    tensors = [net.input(n, t) for n, t in feed.items()]
    layer = net.network.add_kv_cache_update(*tensors[:3], trt.KVCacheMode.LINEAR)
    if packed:
        layer.update_form, layer.update_lengths = trt.AttentionIOForm.PACKED_NHD, tensors[3]
    net.output(layer.get_output(0), "y")
    wanted = cache.clone()
    wanted[0, :, 1:3], wanted[1, :, 5:7] = update[0], update[1]
    assert torch.equal(execute(net.network, feed)["y"], wanted)
    feed["w"] = start + 2
    with pytest.raises(ExecutorError, match=r"writes 7\.\.9 into a cache of 8"):
        execute(net.network, feed)


def _experts(**swiglu):
    hidden, scores = numbers(2, 3, 4), numbers(2, 3, 2, seed=1)
    experts = torch.tensor([[[0, 1], [2, 0], [1, 2]], [[0, 2], [2, 1], [1, 0]]], dtype=torch.int32)
    gate, up, down = numbers(3, 4, 6, seed=2), numbers(3, 4, 6, seed=3), numbers(3, 6, 4, seed=4)
    biases = numbers(3, 6, seed=5), numbers(3, 6, seed=6), numbers(3, 4, seed=7)
    net = Net()
    feed = {"h": hidden, "e": experts, "s": scores}
    layer = net.network.add_moe(*(net.input(n, t) for n, t in feed.items()))
    layer.set_gated_weights(*(net.constant(w) for w in (gate, up, down)), trt.MoEActType.SILU)
    layer.set_gated_biases(*(net.constant(b) for b in biases))
    if swiglu:
        layer.set_swiglu_params(**swiglu)
    net.output(layer.get_output(0), "y")
    wanted = torch.zeros_like(hidden)
    for b, s, k in torch.cartesian_prod(torch.arange(2), torch.arange(3), torch.arange(2)).tolist():
        e, x = int(experts[b, s, k]), hidden[b, s]
        inner = F.silu(x @ gate[e] + biases[0][e]) * (x @ up[e] + biases[1][e])
        wanted[b, s] += scores[b, s, k] * (inner @ down[e] + biases[2][e])
    return net, feed, wanted


def test_mixture_of_experts():
    net, feed, wanted = _experts()
    close(execute(net.network, feed)["y"], wanted, atol=1e-5)


def test_mixture_of_experts_with_swiglu_parameters_is_refused():
    net, feed, _ = _experts(limit=7.0, alpha=1.7, beta=1.0)
    with pytest.raises(ExecutorError, match="swiglu parameters"):
        execute(net.network, feed)
