"""`torch2trt.compile` and `TRTModule`. Engines are built by TensorRT-RTX, which needs no GPU; where one would run, its
network runs on the CPU (standin.py), with the session that runs engines."""

import copy
import json
import pickle
import struct
import threading
from typing import NamedTuple

import pytest
import tensorrt_rtx as trt
import torch
from converting import new_network
from standin import Context, Engine, memory_at
from torch import nn
from torch.utils import dlpack

import torch2trt
from torch2trt import _C, TRTModule, _sessions, compiled, core
from torch2trt.errors import InvalidArgument, InvalidModel, RuntimeFailure

CPU = torch.device("cpu")


class Pair(NamedTuple):
    left: torch.Tensor
    right: torch.Tensor


class Nest(nn.Module):
    """Nested both ways, with keyword arguments, constants, float64, int64, numbers and None."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)

    def forward(self, pair, scale=1.0, *, table=None, mode="sum"):
        a, b = pair
        y = self.linear(a) * scale + (0 if table is None else table["k"])
        return {"y": y, 3: [b.double() * 2, (y > 0).long()]}, Pair(y + b, None), 7


def nest_args():
    torch.manual_seed(0)
    return ((torch.randn(2, 3), torch.randn(2, 3)), 2.0), {"table": {"k": torch.randn(2, 3)}, "mode": "sum"}


@pytest.fixture
def engines(monkeypatch):
    """Engines run on the CPU; collects their networks' contexts."""
    known, contexts = {}, []
    build = _C.build_bundle

    def building(graph, shapes, options, *rest):
        bundle = build(graph, shapes, options, *rest)
        precision = (options["precision"], options["keep_float32"]) if "precision" in options else None
        known[bundle] = graph, shapes, precision
        return bundle

    def opened(bundle, about, cuda_graph):
        graph, shapes, precision = known[bundle]
        network = new_network()
        with core.trt_network(network) as context:
            converted = _C.convert(graph, context._native, shapes, precision=precision)
        contexts.append(Context(Engine(network, converted["ranges"])))
        return _sessions.PythonSession(trt, contexts[-1], CPU, about)

    monkeypatch.setattr(_C, "build_bundle", building)
    monkeypatch.setattr(_sessions, "open_session", opened)
    return contexts


def test_nesting_names_and_types_are_pytorchs(engines):
    module, (args, kwargs) = Nest(), nest_args()
    wanted = module(*args, **kwargs)
    compiled_module = torch2trt.compile(module, args, kwargs=kwargs)
    assert isinstance(compiled_module, nn.Module) and engines == []
    got = compiled_module(*args, **kwargs)
    assert list(got[0]) == ["y", 3] and isinstance(got[0][3], list) and type(got[1]) is tuple
    torch.testing.assert_close(got[0]["y"], wanted[0]["y"].detach())
    torch.testing.assert_close(got[0][3][0], wanted[0][3][0].double(), rtol=1e-6, atol=1e-6)
    assert got[0][3][0].dtype is torch.float64
    assert got[0][3][1].dtype is torch.int64 and torch.equal(got[0][3][1], wanted[0][3][1])
    assert 0 < got[0][3][1].sum() < 6
    torch.testing.assert_close(got[1][0], wanted[1].left.detach())
    assert got[1][1] is None and got[2] == 7 and type(got[2]) is int
    assert not got[0]["y"].requires_grad


def test_other_values_same_engine_and_arguments_by_name(engines):
    module, (args, kwargs) = Nest(), nest_args()
    engine = torch2trt.compile(module, args, kwargs=kwargs)
    pair, table = (torch.randn(2, 3), torch.randn(2, 3)), {"k": torch.randn(2, 3)}
    wanted = module(pair, 2.0, table=table)[0]["y"].detach()
    for got in (
        engine(pair, 2.0, mode="sum", table=table),
        engine(scale=2.0, pair=Pair(*pair), table=table),
        engine(list(pair), table=table),
        copy.deepcopy(engine)(pair, table=table),
        pickle.loads(pickle.dumps(engine))(pair, table=table),
    ):
        torch.testing.assert_close(got[0]["y"], wanted)
    first = engine(*args, **kwargs)[0]["y"]
    kept = first.clone()
    engine(pair, table=table)
    assert torch.equal(first, kept), "results are the caller's"


@pytest.mark.parametrize("limit", [float("inf"), float("-inf")])
def test_numbers_that_json_has_not(engines, tmp_path, limit):
    class Net(nn.Module):
        def forward(self, x, limit, *, other=0.0):
            return x + other, limit, limit

    x = torch.randn(3)
    engine = torch2trt.compile(Net(), (x, limit), kwargs={"other": 1.0})
    y, *numbers = engine(x, limit, other=1.0)
    assert torch.equal(y, x + 1)
    assert [repr(number) for number in numbers] == [repr(limit)] * 2
    for other in (None, 1.0, -limit, torch.tensor(limit)):
        with pytest.raises(InvalidArgument, match=f"the program was made for limit = {limit!r}, not"):
            engine(x, other, other=1.0)


def test_a_copy_keeps_its_options(engines):
    engine = torch2trt.compile(nn.Linear(3, 2), torch.randn(2, 3), cuda_graph=True)
    for other in (copy.copy(engine), copy.deepcopy(engine), pickle.loads(pickle.dumps(engine))):
        assert other.bundle == engine.bundle and other._cuda_graph
    assert not pickle.loads(pickle.dumps(TRTModule(engine.bundle)))._cuda_graph


def wrong_calls():
    (pair, _), kwargs = nest_args()
    table = kwargs["table"]
    x = pair[0]
    return [
        (
            (),
            {},
            r'the argument "pair" is missing; the engine takes pair.0: float32\[2, 3\], pair.1: float32\[2, 3\]',
        ),
        ((pair,), {}, 'the argument "table" is missing'),
        ((pair, 2.0, 1), {}, "3 arguments were given; the engine takes 2: pair.0"),
        ((pair,), {"table": table, "what": 1}, 'there is no argument "what"; the engine takes pair.0'),
        ((pair,), {"table": table, "pair": 1}, 'there is no argument "pair"'),
        ((pair, 3.0), {"table": table}, "the program was made for scale = 2.0, not 3.0"),
        ((pair, x), {"table": table}, "the program was made for scale = 2.0, not a tensor"),
        ((pair,), {"table": table, "mode": "mean"}, "the program was made for mode = 'sum', not 'mean'"),
        ((x,), {"table": table}, "pair is a tuple of 2 in the program, not a Tensor"),
        (((x,),), {"table": table}, "pair is a tuple of 2 in the program, not one of 1"),
        (
            ((x, 1),),
            {"table": table},
            r"pair.1 is a int; the engine takes the tensor pair.1: float32\[2, 3\]",
        ),
        (
            (pair,),
            {"table": {"j": x}},
            r"table is a dict with the keys \['k'\] in the program, not the keys \['j'\]",
        ),
        ((pair,), {"table": x}, r"table is a dict with the keys \['k'\] in the program, not a Tensor"),
        (((x, x.long()),), {"table": table}, "pair.1 is torch.int64; the engine takes pair.1: float32"),
        (((x, x.half()),), {"table": table}, "pair.1 is torch.float16"),
        (
            ((x, x[0]),),
            {"table": table},
            r"pair.1 has the shape \[3\]; the engine takes pair.1: float32\[2, 3\]",
        ),
        (((x, x.t()),), {"table": table}, r"pair.1 has the shape \[3, 2\]"),
    ]


def test_what_does_not_fit_is_refused_before_the_engine_is_opened(engines):
    args, kwargs = nest_args()
    engine = torch2trt.compile(Nest(), args, kwargs=kwargs)
    for given, named, message in wrong_calls():
        with pytest.raises(InvalidArgument, match=message):
            engine(*given, **named)
    assert engines == []


def test_a_file_without_pickles(engines, tmp_path):
    module, x = nn.Linear(3, 2).eval(), torch.randn(4, 3)
    engine = torch2trt.compile(module, x)
    path = tmp_path / "net.engine"
    engine.save(path)
    content = path.read_bytes()
    assert content == engine.bundle and content[:8] == b"\x89T2TRT\r\n"
    loaded = TRTModule.load(str(path))
    torch.testing.assert_close(loaded(x), module(x).detach())
    torch.testing.assert_close(loaded(input=x), module(x).detach())
    assert loaded.about["model"] == "Linear" and loaded.about["flavour"] == "tensorrt_rtx"
    assert "input: float32[4, 3] -> output: float32[4, 2]; tensorrt_rtx 1." in repr(loaded)
    assert dict(loaded.state_dict()) == {}
    path.write_bytes(content[:-1])
    with pytest.raises(InvalidModel, match="the engine file is damaged"):
        TRTModule.load(path)
    with pytest.raises(RuntimeFailure, match="cannot be written: there is no folder"):
        engine.save(tmp_path / "none" / "net.engine")
    with pytest.raises(InvalidModel, match="does not begin as one"):
        TRTModule(b"something else")


def test_dynamic_shapes(engines):
    class Net(nn.Module):
        def forward(self, x):
            return x.flatten(1) @ torch.ones(6, 2), x.shape[0] * 2

    module, batch = Net(), torch.export.Dim("batch", min=1, max=8)
    engine = torch2trt.compile(module, torch.randn(2, 2, 3), dynamic_shapes=({0: batch},))
    for size in (1, 5, 8):
        x = torch.randn(size, 2, 3)
        got, number = engine(x)
        torch.testing.assert_close(got, module(x)[0])
        assert number == 2 * size and type(number) is int
    with pytest.raises(InvalidArgument, match=r"the engine takes \[1, 2, 3\] to \[8, 2, 3\]"):
        engine(torch.randn(9, 2, 3))
    with pytest.raises(
        InvalidArgument, match=r"x has the shape \[4, 3, 2\]; the engine takes x: float32\[-1, 2, 3\]"
    ):
        engine(torch.randn(4, 3, 2))
    ranges = {"x": ((2, 2, 3), (4, 2, 3), (4, 2, 3))}
    engine = torch2trt.compile(
        module, torch.randn(3, 2, 3), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},), shapes=ranges
    )
    with pytest.raises(InvalidArgument, match=r"takes \[2, 2, 3\] to \[4, 2, 3\]"):
        engine(torch.randn(5, 2, 3))
    with pytest.raises(InvalidArgument, match="has no upper bound in the program"):
        torch2trt.compile(module, torch.randn(3, 2, 3), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))


@pytest.mark.parametrize("precision", [torch.float16, torch.bfloat16])
def test_precision(engines, precision):
    module = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 4)).eval()
    x = torch.randn(5, 8)
    engine = torch2trt.compile(module, x, precision=precision)
    wanted = copy.deepcopy(module).to(precision)(x.to(precision)).float().detach()
    got = engine(x)
    assert got.dtype is torch.float32
    torch.testing.assert_close(got, wanted, rtol=2e-2, atol=2e-2)
    assert not torch.equal(got, module(x).detach()), "it was computed in float32"
    assert engine.about["options"] == {"fp16" if precision is torch.float16 else "bf16": "true"}
    assert module[0].weight.dtype is torch.float32
    kept = torch2trt.compile(torch.export.export(module, (x,)), precision=precision, keep_float32=".")
    torch.testing.assert_close(kept(x), module(x).detach(), rtol=1e-5, atol=1e-6)
    assert kept.about["options"]["keepFloat32"] == "."
    plain = torch2trt.compile(module, x, tf32=False, workspace=1 << 30, optimization_level=2)
    assert plain.about["options"] == {
        "builderOptimizationLevel": "2",
        "memPoolSize": "workspace:1073741824B",
        "noTF32": "true",
    }


def test_functions_programs_and_handlers_of_the_users(engines):
    weight = torch.randn(3, 3)

    def function(x, flag):
        return torch.erfinv(x @ weight) if flag else x

    calls = []

    def handler(inputs, attributes):
        calls.append(attributes["kind"])
        return [core.current_network().add_unary(inputs[0], trt.UnaryOperation.NEG).get_output(0)]

    x = torch.rand(2, 3)
    core.register_node_handler("aten::erfinv")(lambda inputs, attributes: calls.append(1) or [inputs[0]])
    try:
        engine = torch2trt.compile(function, (x, True))
    finally:
        core.unregister_node_handler("aten::erfinv")
    assert calls and engine.about["model"].endswith("function")
    program = torch.export.export(nn.Linear(3, 2), (x,))
    torch.testing.assert_close(torch2trt.compile(program)(x), program.module()(x).detach())
    with pytest.raises(InvalidArgument, match="an ExportedProgram has its arguments"):
        torch2trt.compile(program, x)
    with pytest.raises(InvalidArgument, match="torch.export takes no ScriptModule"):
        torch2trt.compile(torch.jit.script(nn.Linear(3, 2)), x)
    with pytest.raises(
        InvalidArgument, match="precision is torch.float64; torch.float16 and torch.bfloat16 are possible"
    ):
        torch2trt.compile(nn.Linear(3, 2), x, precision=torch.float64)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workspace": -1}, "workspace is -1; a number of bytes is needed"),
        ({"workspace": 1.5}, "workspace is 1.5; a number of bytes"),
        ({"optimization_level": 9}, "optimization_level is 9; 0 to 5 are possible"),
        ({"optimization_level": "fast"}, "optimization_level is 'fast'; 0 to 5"),
        ({"shapes": {"x": ((1, 3), (2, 3))}}, r'shapes\["x"\] is .* three shapes are needed'),
        ({"shapes": {"x": 3}}, "three shapes are needed: the smallest, the usual and the largest"),
    ],
)
def test_options_that_are_none(options, message):
    with pytest.raises(InvalidArgument, match=message):
        torch2trt.compile(nn.Linear(3, 2), torch.randn(2, 3), **options)


def test_two_positional_arguments_are_not_a_call_with_keywords(engines):
    """A tuple and a dict nest like positional and keyword arguments; the inputs' names tell."""

    class Two(nn.Module):
        def forward(self, pair, options):
            return pair[0] - pair[1] * options["options"]

    class Keywords(nn.Module):
        def forward(self, a, b, *, options):
            return a - b * options

    a, b, c = torch.randn(3), torch.randn(3), torch.randn(3)
    two = torch2trt.compile(Two(), ((a, b), {"options": c}))
    torch.testing.assert_close(two((a, b), {"options": c}), a - b * c)
    torch.testing.assert_close(two(options={"options": c}, pair=(a, b)), a - b * c)
    keywords = torch2trt.compile(Keywords(), (a, b), kwargs={"options": c})
    torch.testing.assert_close(keywords(a, b, options=c), a - b * c)


def test_inputs_that_are_views_or_wider(engines, monkeypatch):
    monkeypatch.setattr(_sessions, "_ALIGNMENT", 64)  # what PyTorch has on the CPU

    class Net(nn.Module):
        def forward(self, x, index):
            return x * 2, index + 1

    x, index = torch.randn(3, 4, dtype=torch.float64), torch.arange(3)
    engine = torch2trt.compile(Net(), (x, index))
    base = torch.randn(4, 4, dtype=torch.float64)
    doubled, more = engine(base.t()[1:], index[:].flip(0))
    torch.testing.assert_close(doubled, base.t()[1:] * 2, rtol=1e-6, atol=1e-6)
    assert doubled.dtype is torch.float64 and torch.equal(more, torch.tensor([3, 2, 1]))
    engine(x.float(), index)  # the engine's own type
    padded = torch.randn(13)[1:].view(3, 4)  # not at a multiple of 64 bytes
    engine(padded, index)
    assert all(
        address % 64 == 0
        for name, address in engines[0].addresses.items()
        if name in engines[0].engine.inputs
    )


def test_threads_take_turns(engines):
    module = nn.Linear(3, 2)
    engine = torch2trt.compile(module, torch.randn(2, 3))
    inputs = [torch.randn(2, 3) for _ in range(16)]
    results = [None] * len(inputs)

    def work(first):
        for index in range(first, len(inputs), 4):
            results[index] = engine(inputs[index])

    threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(engines) == 1
    for x, got in zip(inputs, results):
        torch.testing.assert_close(got, module(x).detach())


def about_of(**changes):
    leaf = {"name": "x", "dtype": "float32", "torch_dtype": "float32", "shape": (2,)}
    return {"inputs": [leaf], "outputs": [leaf], "input_structure": "", "output_structure": ""} | changes


def test_a_bundle_that_says_nothing_of_nesting():
    from torch2trt._signature import signature_of

    x = torch.zeros(2)
    signature = signature_of(about_of())
    assert signature.flatten((x,), {})[0].equal(x) and signature.nest([x]) is x
    two = about_of()["outputs"] * 2
    assert signature_of(about_of(outputs=two)).nest([x, x]) == (x, x)


def test_a_nan_is_every_other():
    from torch2trt._signature import signature_of

    x, nan = torch.zeros(2), float("nan")
    about = about_of(input_structure='{"tuple": [null, {"float": "nan", "name": "limit"}]}')
    assert len(signature_of(about).flatten((x, nan), {})) == 1
    for other in (0.0, None, "nan"):
        with pytest.raises(InvalidArgument, match="made for limit = nan, not"):
            signature_of(about).flatten((x, other), {})


@pytest.mark.parametrize(
    ("structure", "message"),
    [
        ("{", "malformed"),
        ('{"tuple": null}', "malformed"),
        ('{"set": []}', "malformed"),
        ('{"dict": [["x", null]]}', "malformed"),
        ('{"dict": [["__import__(1)", null]]}', "malformed"),
        ('{"dict": [["1", null], ["1", {"none": true}]]}', "malformed"),
        ('{"tuple": [], "list": []}', "malformed"),
        ('{"float": "seven"}', "malformed"),
        ('{"float": []}', "malformed"),
        ("[]", "malformed"),
        ("[" * 100000, "malformed"),
        ('{"tuple": [null, null]}', "input_structure has 2 tensors; the engine has 1"),
    ],
)
def test_a_structure_that_is_none(structure, message):
    from torch2trt._signature import signature_of

    with pytest.raises(InvalidModel, match=message):
        signature_of(about_of(input_structure=structure))


@pytest.mark.skipif(torch.cuda.is_available(), reason="says what is missing without a GPU")
def test_without_a_gpu_calling_says_what_is_missing():
    engine = torch2trt.compile(nn.Linear(3, 2), torch.randn(2, 3))
    with pytest.raises(RuntimeFailure) as caught:
        engine(torch.randn(2, 3))
    assert str(caught.value) == (
        "TRTModule runs a TensorRT engine, which needs an NVIDIA GPU, and PyTorch sees none "
        "(torch.cuda.is_available() is False)"
    )


def test_which_runtime_is_chosen(monkeypatch):
    """The native one for TensorRT where it is, else the Python module; what is missing is said of both."""
    opened = []
    about = {"flavour": "tensorrt", "inputs": [], "outputs": []}
    monkeypatch.setattr(_sessions, "require_gpu", lambda what: None)
    monkeypatch.setattr(
        _sessions, "NativeSession", lambda bundle, graph: opened.append((bundle, graph)) or "native"
    )

    def missing(*_):
        raise RuntimeFailure("no libnvinfer here")

    monkeypatch.setattr(_C, "native_tensorrt", lambda: "10.14.1")
    assert _sessions.open_session(b"bundle", about, True) == "native" and opened == [(b"bundle", True)]
    monkeypatch.setattr(_C, "native_tensorrt", missing)
    with pytest.raises(InvalidArgument, match="cuda_graph needs the native runtime: no libnvinfer here"):
        _sessions.open_session(b"bundle", about, True)
    monkeypatch.setattr(_sessions._tensorrt, "import_tensorrt", missing)
    with pytest.raises(
        RuntimeFailure, match="no libnvinfer here\nNor is there a native runtime: no libnvinfer here"
    ):
        _sessions.open_session(b"bundle", about, False)
    with pytest.raises(
        RuntimeFailure, match="Nor is there a native runtime: it runs engines of TensorRT, not of"
    ):
        _sessions.open_session(b"bundle", about | {"flavour": "tensorrt_rtx"}, False)


class FakeEngine:
    """As _C.NativeEngine: y = x * n, with n in host memory, and the elements of x above 0 as a third output."""

    on_host, sized_by_data = [False, True], True

    def __init__(self, bundle, cuda_graph, log, allocate):
        self.allocate, self.seen = allocate, []

    def enqueue(self, views, stream):
        self.seen.append((views, stream))
        x, n = (memory_at(address, shape, getattr(torch, dtype)) for address, dtype, shape, device in views)
        y = self.allocate(x.numel() * 4).view(torch.float32).view(x.shape)
        torch.mul(x, n, out=y)
        self.results = [y, x[x > 0]]

    def outputs(self):
        return [dlpack.to_dlpack(value) for value in self.results]


def test_the_native_session(monkeypatch):
    monkeypatch.setattr(_C, "NativeEngine", FakeEngine)
    monkeypatch.setattr(_sessions, "_ALIGNMENT", 64)
    session = _sessions.NativeSession(b"", False, CPU)
    x = torch.randn(4, 3).t()
    y, positive = session.run([x, torch.tensor([3])])
    torch.testing.assert_close(y, x * 3)
    torch.testing.assert_close(positive, x.contiguous()[x > 0])
    ((address, dtype, shape, device), n), stream = session._engine.seen[0]
    assert (dtype, shape, device, stream) == ("float32", [3, 4], -1, 0) and address % 64 == 0
    assert n[1:] == ("int64", [1], -1)


def test_an_engine_of_another_tensorrt_is_refused(monkeypatch):
    engine = torch2trt.compile(nn.Linear(3, 2), torch.randn(2, 3))
    with pytest.raises(
        RuntimeFailure, match="(?s)built for something else.*running on: TensorRT for RTX 1.0.0.1,"
    ):
        _C.bundle_check_fits(engine.bundle, "tensorrt_rtx", "1.0.0.1")
    _C.bundle_check_fits(engine.bundle, "tensorrt_rtx", engine.about["tensorrt"])
    assert _C.bundle_plan(engine.bundle) == engine.bundle[-len(_C.bundle_plan(engine.bundle)) :]


def test_what_the_file_says_of_nesting():
    args, kwargs = nest_args()
    bundle = torch2trt.compile(Nest(), args, kwargs=kwargs).bundle
    (length,) = struct.unpack("<I", bundle[12:16])
    signature = json.loads(bundle[88 : 88 + length])["signature"]
    assert signature["input_structure"] == {
        "tuple": [
            {"tuple": [{"tuple": [None, None]}, {"constant": 2.0, "name": "scale"}]},
            {
                "dict": [
                    ["'table'", {"dict": [["'k'", None]]}],
                    ["'mode'", {"constant": "sum", "name": "mode"}],
                ]
            },
        ]
    }
    assert signature["output_structure"] == {
        "tuple": [
            {"dict": [["'y'", None], ["3", {"list": [None, None]}]]},
            {"tuple": [None, {"none": True}]},
            {"number": True},
        ]
    }
    assert [entry["torch_dtype"] for entry in signature["outputs"]][1:3] == ["float64", "int64"]
    assert compiled.TRTModule is TRTModule
