"""InferenceContext and TorchInferenceContext, over a stand-in for the engine; and what they say without a GPU."""

import numpy as np
import pytest
import tensorrt_rtx as trt
import torch
from converting import convert, new_network
from standin import Context, Engine
from torch import nn

import torch2trt
from torch2trt import InferenceContext, TorchInferenceContext, core
from torch2trt.errors import InvalidArgument, RuntimeFailure

CPU = torch.device("cpu")
module = nn.Linear(3, 4)


def difference(a, b):
    return (a - b.transpose(0, 1)) * 2, a + 1


def engine(dynamic=False):
    if not dynamic:
        network, _ = convert(difference, (torch.zeros(2, 3), torch.zeros(3, 2)))
        return Engine(network)
    network = new_network()
    with core.trt_network(network):
        _, graph = core.torch2trt(module, network.add_input("x", trt.float32, (-1, 3)), frontend="export")
    graph.outputs.name = "y"
    network.mark_output(graph.outputs)
    return Engine(network, {"x": ((1, 3), (2, 3), (4, 3))})


def test_arrays_in_order_and_by_name():
    context = InferenceContext(Context(engine()), cuda_device=CPU)
    a, b = torch.randn(2, 3), torch.randn(3, 2)
    wanted = difference(a, b)
    for results in (
        context.inference(a.numpy(), b.numpy()),
        context.inference_async(a.numpy(), b.numpy()),
        context.inference(b=b.numpy(), a=a.numpy()),
        context.inference(a, b),
    ):
        assert list(results) == ["out0", "out1"]
        for got, reference in zip(results.values(), wanted):
            assert isinstance(got, np.ndarray)
            np.testing.assert_allclose(got, reference.numpy(), rtol=1e-6)


def test_arrays_that_are_not_contiguous_or_wider():
    context = InferenceContext(Context(engine()), cuda_device=CPU)
    a, b = torch.randn(3, 2).t(), torch.randn(4, 3)[1:].t()[:2].t()
    assert not a.is_contiguous() and not b.is_contiguous()
    results = context.inference(a.numpy(), b.numpy())
    np.testing.assert_allclose(results["out0"], difference(a, b)[0], rtol=1e-6)
    results = context.inference(a.double().numpy(), b)
    np.testing.assert_allclose(results["out0"], difference(a, b)[0], rtol=1e-6)


def test_results_are_the_callers():
    context = TorchInferenceContext(Context(engine(dynamic=True)), device=CPU)
    one, two = torch.randn(2, 3), torch.randn(2, 3)
    first = context.inference(one)["y"]
    second = context.inference_async(x=two)["y"]
    torch.testing.assert_close(first, module(one).detach())
    torch.testing.assert_close(second, module(two).detach())
    assert isinstance(first, torch.Tensor)


def test_the_batch_varies_within_the_profile():
    context = TorchInferenceContext(Context(engine(dynamic=True)), device=CPU)
    assert context.max_batch_size == 4
    for batch in (1, 3, 4):
        x = torch.randn(batch, 3)
        torch.testing.assert_close(context.inference(x)["y"], module(x).detach())
    with pytest.raises(
        InvalidArgument, match=r'"x" has the shape \[5, 3\]; the engine takes \[1, 3\] to \[4, 3\]'
    ):
        context.inference(torch.randn(5, 3))


@pytest.mark.parametrize(
    ("args", "named", "message"),
    [
        ((torch.zeros(2, 3),), {}, "1 inputs were given; the engine takes 2: a, b"),
        ((), {}, '"a" is missing; the engine takes a, b'),
        ((), {"a": torch.zeros(2, 3), "c": 1}, '"b" is missing'),
        ((), {"a": 1, "b": 1, "c": 1}, '"c" is no input'),
        ((torch.zeros(2, 3),), {"b": 1}, "in order or by name, not both"),
        ((torch.zeros(2, 3), [1]), {}, 'input "b" is a list; an array or torch tensor is needed'),
        (
            (torch.zeros(2, 3, dtype=torch.int64), torch.zeros(3, 2)),
            {},
            'input "a" is torch.int64; the engine takes torch.float32',
        ),
        (
            (torch.zeros(2, 3, dtype=torch.float64), torch.zeros(3, 2)),
            {},
            'input "a" is torch.float64; the engine takes torch.float32',
        ),
        (
            (torch.zeros(3, 2), torch.zeros(3, 2)),
            {},
            r'"a" has the shape \[3, 2\]; the engine takes \[2, 3\]$',
        ),
        ((torch.zeros(3), torch.zeros(3, 2)), {}, r'"a" has the shape \[3\]'),
    ],
)
def test_inputs_that_do_not_fit(args, named, message):
    context = TorchInferenceContext(Context(engine()), device=CPU)
    with pytest.raises(InvalidArgument, match=message):
        context.inference(*args, **named)
    assert context.context.streams == []


def test_tensorrt_refuses():
    context = InferenceContext(Context(engine(), fails=True), cuda_device=CPU)
    with pytest.raises(RuntimeFailure, match="TensorRT could not run the engine; its logger said why"):
        context.inference(torch.zeros(2, 3), torch.zeros(3, 2))


def test_an_output_whose_shape_depends_on_the_data():
    network = new_network()
    x = network.add_input("x", trt.float32, (4,))
    found = network.add_non_zero(x, trt.int64).get_output(0)
    found.name = "found"
    network.mark_output(found)
    context = InferenceContext(Context(Engine(network)), cuda_device=CPU)
    with pytest.raises(InvalidArgument, match='shape of output "found" depends on the data'):
        context.inference(torch.zeros(4))


def test_a_pushed_context_is_popped_always():
    class CudaContext:
        depth = 0

        def push(self):
            self.depth += 1

        def pop(self):
            self.depth -= 1

    pushed = CudaContext()
    context = InferenceContext(Context(engine(), fails=True), cuda_device=CPU, cuda_context=pushed)
    with pytest.raises(RuntimeFailure):
        context.inference(torch.zeros(2, 3), torch.zeros(3, 2))
    assert pushed.depth == 0


def test_no_context():
    with pytest.raises(InvalidArgument, match="the execution context is None: TensorRT could not make it"):
        InferenceContext(None, cuda_device=CPU)


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is missing without a GPU")
@pytest.mark.parametrize("kind", [InferenceContext, TorchInferenceContext])
def test_without_a_gpu_one_sentence(kind):
    with pytest.raises(RuntimeFailure) as caught:
        kind(Context(engine()))
    assert str(caught.value) == (
        f"{kind.__name__} needs an NVIDIA GPU, and PyTorch sees none (torch.cuda.is_available() is False)"
    )
    assert torch2trt.InferenceContext is InferenceContext
