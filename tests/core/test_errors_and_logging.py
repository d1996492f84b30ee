"""TensorRT's error recorder, the log and verbose output."""

import io
import logging
import sys

import pytest
import tensorrt_rtx as trt
import torch
from converting import new_network
from torch import nn

import torch2trt
from torch2trt import core
from torch2trt.errors import Error, InvalidArgument, UnsupportedOperator


class Recorder(trt.IErrorRecorder):
    def __init__(self):
        super().__init__()
        self.errors = []

    def clear(self):
        self.errors.clear()

    def get_error_code(self, index):
        return self.errors[index][0]

    def get_error_desc(self, index):
        return self.errors[index][1]

    def has_overflowed(self):
        return False

    def num_errors(self):
        return len(self.errors)

    def report_error(self, code, description):
        self.errors.append((code, description))
        return False


def provoke(network, name="theirs"):
    """An error of the user's own call: two inputs of one name."""
    network.add_input(name, trt.float32, (1,))
    assert network.add_input(name, trt.float32, (1,)) is None


@pytest.mark.parametrize("fails", [False, True])
def test_the_users_recorder_is_back_after_the_block(fails):
    network, recorder = new_network(), Recorder()
    network.error_recorder = recorder
    try:
        with core.trt_network(network):
            assert network.error_recorder is not recorder
            core.torch2trt(nn.ReLU(), torch.zeros(2))
            if fails:
                raise Error("stop")
    except Error as error:
        kept = error  # its traceback holds the block's frames
        assert kept is error
    assert network.error_recorder is recorder and recorder.errors == []
    provoke(network)
    assert any("addInput" in text for _, text in recorder.errors)


def test_no_recorder_is_back_after_the_block():
    network = new_network()
    with core.trt_network(network):
        with core.trt_network(network):
            pass
    assert network.error_recorder is None


def test_recorder_is_back_while_an_exception_of_a_conversion_is_held():
    network = new_network()
    with pytest.raises(Error) as caught:
        with core.trt_network(network):
            core.torch2trt(lambda x: torch.special.i0(x), torch.zeros(2))
    assert caught.value.unsupported and network.error_recorder is None


def test_errors_that_are_not_ours_are_logged(caplog):
    network = new_network()
    with core.trt_network(network):
        provoke(network)
        assert not caplog.records
        core.torch2trt(nn.ReLU(), torch.zeros(2))  # not blamed on this
        provoke(network, "later")
    messages = [record.getMessage() for record in caplog.records if record.name == "torch2trt"]
    assert len(messages) == 2 and all(
        message.startswith("TensorRT: ") and "addInput" in message for message in messages
    )
    assert not any("CUDA" in message for message in messages)


def test_they_reach_the_users_recorder_too(caplog):
    network, recorder = new_network(), Recorder()
    network.error_recorder = recorder
    with core.trt_network(network):
        with core.trt_network(network):
            provoke(network)
    assert len(recorder.errors) == 1 and "addInput" in recorder.errors[0][1]
    assert len(caplog.records) == 1


def test_an_error_a_handler_recovered_from_is_logged(caplog):
    @torch2trt.register_node_handler("aten::relu")
    def relu(inputs, attributes):
        net = core.current_network()
        assert net.add_input("x", trt.float32, (1,)) is None
        return [net.add_activation(inputs[0], trt.ActivationType.RELU).get_output(0)]

    with core.trt_network(new_network()):
        core.torch2trt(nn.Sequential(nn.ReLU(), nn.Tanh()), torch.zeros(2), input_names=["x"])
    assert len(caplog.records) == 1 and "addInput" in caplog.text


def test_a_refused_layer_of_ours_has_tensorrts_text_and_the_node(frontend, caplog):
    args = torch.ones(2, 2, dtype=torch.uint8), torch.rand(2, 2)
    network = new_network()
    with core.trt_network(network):
        with pytest.raises(
            UnsupportedOperator, match=r"TensorRT refused the layer .*\n.*  TensorRT: "
        ) as caught:
            core.torch2trt(lambda u, x: (u[:, :1], torch.linalg.det(x)), args, frontend=frontend)
    assert len(caught.value.unsupported) == 2  # the walk goes on


LINE = r"aten::relu: \[.*float32\[2, 3\]\]==>>\[.*float32\[2, 3\]\]  # 1"


def test_verbose_is_one_line_a_node(frontend, caplog):
    module = nn.Sequential(nn.Tanh(), nn.ReLU())
    level = logging.getLogger("torch2trt").level
    for context in (core.torch_network(), core.trt_network(new_network())):
        caplog.clear()
        with context:
            core.torch2trt(module, torch.zeros(2, 3), verbose=True, frontend=frontend)
        messages = [record.getMessage() for record in caplog.records if record.levelno == logging.INFO]
        assert len(messages) == 2
        import re

        assert re.fullmatch(LINE, messages[1]), messages[1]
    assert logging.getLogger("torch2trt").level == level
    caplog.clear()
    core.torch2trt(module, torch.zeros(2, 3), frontend=frontend)
    assert not caplog.records


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_progress_bar_on_a_terminal(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(sys, "stderr", Terminal())
    core.torch2trt(nn.Sequential(nn.Tanh(), nn.ReLU()), torch.zeros(2), verbose=True)
    text = sys.stderr.getvalue()
    assert "] 1/2" in text and "[" + "#" * 30 + "] 2/2" in text and "aten::relu: [" in text
    assert text.endswith("\r\x1b[K")
    assert logging.getLogger("torch2trt").handlers == []


def test_without_logging_set_up_lines_go_to_stderr(monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    core.torch2trt(nn.ReLU(), torch.zeros(2), verbose=True)
    error = capsys.readouterr().err
    assert error.startswith("aten::relu: [") and error.count("\n") == 1


def test_error_classes():
    assert issubclass(InvalidArgument, ValueError) and issubclass(InvalidArgument, torch2trt.Error)
    with pytest.raises(torch2trt.Error) as caught:
        core.torch2trt(3, torch.zeros(1))
    assert caught.value.category == "InvalidArgument" and caught.value.node == ""
