"""check, inspect and ops: the same in the executable and in the Python package, with no TensorRT."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import torch
import torchvision
from hosts import NATIVE, Run, environment

import torch2trt


def test_version_and_help(either: Run) -> None:
    version = either("--version")
    assert (version.returncode, version.stdout) == (0, f"torch2trt {torch2trt.__version__}\n")
    usage = either("--help")
    assert usage.returncode == 0
    for command in ("build", "check", "inspect", "ops"):
        assert re.search(rf"^ +{command} ", usage.stdout, re.MULTILINE)
    build = either("build", "--help").stdout
    for option in (
        "--saveEngine",
        "--shapes",
        "--minShapes",
        "--optShapes",
        "--maxShapes",
        "--exportReport",
        "--memPoolSize",
    ):
        assert option in build


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((), "A subcommand is required"),
        (("convert", "static.pt2"), 'there is no command "convert"; there are build, '),
        (("--verbose", "convert"), 'there is no command "convert"'),
        (("check",), "MODEL is required"),
        (("check", "static.pt2", "--fp7"), "--fp7"),
        (("check", "static.pt2", "--model=static.pt2"), "MODEL excludes --model"),
        (("inspect", "--raw", "--network", "static.pt2"), "--raw excludes --network"),
        (("build", "static.pt2", "--builderOptimizationLevel=9"), "--builderOptimizationLevel"),
    ],
)
def test_wrong_usage_is_2(either: Run, arguments: tuple[str, ...], message: str) -> None:
    done = either(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr


def test_the_module_is_a_command(module: Run, native: Run) -> None:
    for arguments in (
        ["check", "dynamic.pt2"],
        ["check", "unsupported.pt2"],
        ["ops", "aten::relux"],
        ["--help"],
    ):
        done, expected = module(*arguments), native(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (
            expected.returncode,
            expected.stdout,
            expected.stderr,
        )


@pytest.mark.parametrize("model", ["static.pt2", "renamed.pt"])
def test_check_supported(either: Run, model: str) -> None:
    done = either("check", f"--model={model}")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert either("check", model).stdout == done.stdout
    assert done.stdout.startswith(f"{model} (pt2): ")
    assert done.stdout.endswith(
        "  input  x : float32[2,3,8,8]\n  output output : float32[2,4]\nsupported: 3 layers\n"
    )


def test_check_reads_by_content_not_by_name(either: Run) -> None:
    done = either("check", "scripted.pt2", "--shapes=x:5x3x9x9", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["format"], found["layers"], found["supported"]) == ("torchscript", 3, True)
    assert found["inputs"] == [
        {"name": "x", "dtype": "float32", "torch_dtype": "float32", "shape": [5, 3, 9, 9]}
    ]
    assert found["outputs"] == [
        {"name": "output", "dtype": "float32", "torch_dtype": "float32", "shape": [5, 4]}
    ]


def test_check_dynamic(native: Run) -> None:
    assert "input  x : float32[?,3,8,8]" in native("check", "dynamic.pt2").stdout
    assert "input  x : float32[?,3,8,8]" in native("check", "unbounded.pt2", "--maxShapes=x:4x3x8x8").stdout
    assert "input  x : float32[7,3,8,8]" in native("check", "dynamic.pt2", "--shapes=x:7x3x8x8").stdout
    traced = native("check", "traced.pt", "--minShapes=x:1x3x8x8", "--maxShapes=x:4x3x8x8")
    assert "output output : float32[?,4]" in traced.stdout, traced.stderr


def test_types_of_torchscript_inputs(native: Run) -> None:
    shapes = "--shapes=ids:2x3,scale:scalar"
    done = native("check", "lookup.pt", shapes, "--inputTypes=ids:int64", "--json")
    assert done.returncode == 0, done.stderr
    assert [(i["name"], i["dtype"], i["shape"]) for i in json.loads(done.stdout)["inputs"]] == [
        ("ids", "int64", [2, 3]),
        ("scale", "float32", []),
    ]
    wrong = native("check", "lookup.pt2", "--inputTypes=ids:float32")
    assert wrong.returncode == 2
    assert 'input "ids" is int64 in the program, float32 was given' in wrong.stderr
    unknown = native("check", "lookup.pt", shapes, "--inputTypes=id:int64")
    assert unknown.returncode == 2
    assert 'no input "id"; its inputs are: "ids", "scale"' in unknown.stderr


def test_check_lists_all_unsupported_nodes_at_once(either: Run) -> None:
    done = either("check", "unsupported.pt2")
    assert done.returncode == 4
    lines = done.stdout.splitlines()
    start = lines.index("unsupported:")
    kinds = [line.strip() for line in lines[start:] if re.match(r"  \S", line)]
    assert "aten::linalg_svdvals (2x): no handler" in kinds
    assert "aten::linalg_pinv.atol_rtol_tensor (1x): no handler" in kinds  # behind the others
    nodes = sum(int(re.search(r"\((\d+)x\)", kind)[1]) for kind in kinds)
    assert sum(bool(re.match(r"    at hosts\.py:\d+", line)) for line in lines) == nodes
    assert f" {nodes} are unsupported, " in lines[1]
    assert "supported:" not in done.stdout.replace("unsupported:", "")


def test_check_json_of_unsupported(native: Run) -> None:
    done = native("check", "unsupported.pt2", "--json")
    assert done.returncode == 4
    found = json.loads(done.stdout)
    assert found["supported"] is False
    assert "layers" not in found
    svd = next(group for group in found["unsupported"] if group["kind"] == "aten::linalg_svdvals")
    assert svd["count"] == 2
    assert svd["reason"] == "no handler"
    assert len({place["source"] for place in svd["places"]}) == 2
    nodes = found["nodes"]
    assert (
        nodes["total"] == nodes["converted"] + nodes["computed"] + nodes["unsupported"] + nodes["unreached"]
    )
    assert nodes["unreached"] >= 1  # the relu behind it all
    assert found["operators"]["aten::conv2d"] == {"converted": 1, "computed": 0}


def test_check_json_of_a_bad_model(either: Run) -> None:
    done = either("check", "text.pt2", "--json")
    assert done.returncode == 3
    error = json.loads(done.stdout)["error"]
    assert error["category"] == "InvalidModel"
    assert error["message"] in done.stderr


def test_check_warns_of_float64(native: Run) -> None:
    done = native("check", "wide.pt2", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["outputs"][0]["dtype"] == "float32"
    assert found["outputs"][0]["torch_dtype"] == "float64"
    assert len(found["warnings"]) == 1 and "no float64" in found["warnings"][0]
    assert "warning: TensorRT has no float64" in native("check", "wide.pt2").stdout


def test_check_warns_of_sizes_below_those_of_the_program(native: Run, tmp_path: Path) -> None:
    class OneIsSpecial(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.expand(3, 4) if x.shape[0] == 1 else x * 2

    dynamic = {"x": {0: torch.export.Dim.DYNAMIC}}
    program = torch.export.export(OneIsSpecial(), (torch.rand(3, 4),), dynamic_shapes=dynamic)
    torch.export.save(program, tmp_path / "special.pt2")

    def warnings(size: int) -> list[str]:
        shapes = (f"--minShapes=x:{size}x4", "--maxShapes=x:8x4")
        return json.loads(native("check", str(tmp_path / "special.pt2"), *shapes, "--json").stdout)[
            "warnings"
        ]

    assert warnings(2) == []
    (warning,) = warnings(1)
    assert re.match(
        r'input "x", dimension 0: sizes from 1 on were asked for, and the program was exported for \S+ >= 2; ',
        warning,
    )
    assert "Dim(min=1)" in warning


def test_check_notes_what_tensorrt_rtx_does_not_build(native: Run, tmp_path: Path) -> None:
    class Mask(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x[x > 0]

    torch.export.save(torch.export.export(Mask(), (torch.rand(3, 4),)), tmp_path / "mask.pt2")
    done = native("check", str(tmp_path / "mask.pt2"))
    assert done.returncode == 0
    assert "warning: the network has a NonZero layer" in done.stdout
    assert "TensorRT-RTX has no kernels for NonZero" in done.stdout
    assert "NonZero" not in native("check", "static.pt2").stdout


def test_check_notes_non_maximum_suppression(native: Run, tmp_path: Path) -> None:
    class Best(torch.nn.Module):
        def forward(self, boxes: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            return torchvision.ops.nms(boxes, scores, 0.5)

    program = torch.export.export(Best(), (torch.rand(5, 4), torch.rand(5)))
    torch.export.save(program, tmp_path / "nms.pt2")
    done = native("check", str(tmp_path / "nms.pt2"))  # which does not know torchvision
    assert done.returncode == 0, done.stderr
    assert "warning: the network has an NMS layer; TensorRT-RTX has no kernels for NMS" in done.stdout


def test_check_goes_on_behind_a_layer_that_is_refused(native: Run, tmp_path: Path) -> None:
    class Refused(torch.nn.Module):
        def forward(self, x: torch.Tensor, u: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return torch.cat([u, u]), torch.linalg.det(x), torch.fft.fft(x).real

    args = (torch.rand(4, 4), torch.ones(4, 4, dtype=torch.uint8))
    torch.export.save(torch.export.export(Refused(), args), tmp_path / "refused.pt2")
    done = native("check", str(tmp_path / "refused.pt2"), "--json")
    assert done.returncode == 4
    found = {entry["kind"]: entry for entry in json.loads(done.stdout)["unsupported"]}
    assert {"aten::cat", "aten::linalg_det", "aten::fft_fft"} <= {kind.split(".")[0] for kind in found}
    assert "TensorRT would refuse layer" in found["aten::cat"]["reason"]
    assert "not uint8" in found["aten::cat"]["reason"]


def test_check_verbose_counts_operators(native: Run) -> None:
    assert re.search(r"aten::conv2d +1 converted +0 computed", native("check", "-v", "static.pt2").stdout)


def test_inspect_shows_graph_before_and_after_passes_and_the_network(either: Run) -> None:
    raw = either("inspect", "--raw", "static.pt2").stdout
    after = either("inspect", "static.pt2").stdout
    network = either("inspect", "--network", "static.pt2").stdout
    assert "aten::batch_norm(" in raw
    assert "aten::batch_norm(" not in after
    assert after == either("inspect", "--passes", "static.pt2").stdout
    assert str(torch2trt._C.parse_graph(raw)) == raw
    assert "input %x : float32[2,3,8,8]\n" in network
    assert "= Convolution(%x, " in network
    assert network.endswith("output %output : float32[2,4]\n")


def test_disabled_passes(native: Run) -> None:
    assert (
        "aten::batch_norm("
        in native("inspect", "static.pt2", "--disablePass=fold_batch_norm,functionalize").stdout
    )
    unknown = native("inspect", "static.pt2", "--disablePass=fold")
    assert unknown.returncode == 2
    assert 'there is no pass "fold" to disable' in unknown.stderr


def test_ops_lists_what_the_registry_has(either: Run) -> None:
    done = either("ops")
    assert [line.split("  ")[0] for line in done.stdout.splitlines()] == torch2trt._C.handler_keys()
    assert [row["key"] for row in json.loads(either("ops", "--json").stdout)] == torch2trt._C.handler_keys()


def test_ops_of_one_operator(either: Run) -> None:
    done = either("ops", "aten::sum")
    assert done.returncode == 0
    for schema in torch2trt._C.operator_schemas("aten::sum"):
        assert f"  schema:  {schema}\n" in done.stdout
    overload = either("ops", "torch.ops.aten.sum.dim_IntList")
    assert overload.stdout.startswith("aten::sum.dim_IntList\n")
    assert overload.stdout.count("schema:") == 1
    assert re.search(r"^    keepdim +bool +default False +read$", overload.stdout, re.MULTILINE)
    assert re.search(r"^    self +Tensor +required +read$", overload.stdout, re.MULTILINE)
    unseen = either("ops", "aten::sum.complex").stdout  # no row of the operator table has it
    assert re.search(r"^    self +complex\[\] +required$", unseen, re.MULTILINE)
    assert re.search(r" memory_format .* ignored$", either("ops", "aten::clone").stdout, re.MULTILINE)
    assert overload.stdout == either("ops", "sum.dim_IntList").stdout


def test_ops_json(native: Run) -> None:
    softmax = json.loads(native("ops", "aten::softmax.int", "--json").stdout)
    assert len(softmax) == 1
    assert softmax[0]["handled"] is True
    assert {"name": "dtype", "type": "ScalarType?", "required": False, "default": "None"} in [
        {key: argument[key] for key in ("name", "type", "required", "default") if key in argument}
        for argument in softmax[0]["arguments"]
    ]
    assert {argument["name"]: argument["use"] for argument in softmax[0]["arguments"]} == dict.fromkeys(
        ("self", "dim", "dtype"), "read"
    )
    unseen = json.loads(native("ops", "aten::sum.complex", "--json").stdout)[0]["arguments"]
    assert unseen[0]["use"] is None
    assert json.loads(native("ops", "aten::linalg_svdvals", "--json").stdout)[0]["handled"] is False


def test_ops_of_what_there_is_not(either: Run) -> None:
    done = either("ops", "aten::relux")
    assert done.returncode == 2
    assert 'there is no operator "aten::relux"' in done.stderr
    assert "aten::max_pool2d" in either("ops", "pool2d").stderr  # names that are alike


def test_full_standard_output() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [NATIVE, "ops"], stdout=full, stderr=subprocess.PIPE, text=True, env=environment(), check=False
        )
    assert done.returncode == 6
    assert "standard output cannot be written: No space left on device" in done.stderr
