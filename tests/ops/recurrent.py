"""LSTM, GRU and plain recurrent networks: every layer is a TensorRT loop over the time steps."""

import torch
from torch import nn

from .table import In, f16, row

X = In((5, 3, 4), batch=1)  # steps, batch, features
FIRST = In((3, 5, 4))


class State(nn.Module):
    """A recurrent network that is given its initial state."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x, state):
        return self.network(x, state)


class States(State):
    """The same with the two of an LSTM."""

    def forward(self, x, hidden, cell):
        return self.network(x, (hidden, cell))


class FromParameters(nn.Module):
    """Initial states that the module holds."""

    def __init__(self):
        super().__init__()
        self.network = nn.GRU(4, 6)
        self.state = nn.Parameter(torch.randn(1, 1, 6))

    def forward(self, x):
        return self.network(x, self.state.expand(-1, x.shape[1], -1).contiguous())


class Packed(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = nn.LSTM(4, 6)

    def forward(self, x):
        return self.network(nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 4, 2])))[0].data


class Trained(nn.Module):
    def __init__(self):
        super().__init__()
        self.network = nn.LSTM(4, 6, num_layers=2, dropout=0.5)

    def forward(self, x):
        self.network.training = True
        return self.network(x)


ROWS = [
    row("aten::lstm.input", lambda: nn.LSTM(4, 6), X, module=True),
    row("aten::lstm.input", lambda: nn.LSTM(4, 6), In(X.shape, batch=0), module=True, only="trace",
        note="dynamic sequence length; torch.export fixes it"),
    row("aten::lstm.input", lambda: nn.LSTM(4, 6, num_layers=2, bidirectional=True, batch_first=True), FIRST, module=True),
    row("aten::lstm.input", lambda: nn.LSTM(4, 6, bidirectional=True, batch_first=True), In((3, 5, 4), batch=1),
        module=True, only="trace"),
    row("aten::lstm.input", lambda: nn.LSTM(4, 6, bias=False), X, module=True),
    row("aten::lstm.input", lambda: States(nn.LSTM(4, 6, num_layers=2)), X, In((2, 3, 6), batch=1), In((2, 3, 6), batch=1),
        module=True),
    row("aten::lstm.input", lambda: nn.LSTM(4, 6, proj_size=2, bidirectional=True, num_layers=2), X, module=True),
    row("aten::lstm.input", lambda: nn.LSTM(4, 6), In((5, 4)), module=True, only="trace", note="no batch"),
    row("aten::lstm.input", lambda: nn.LSTM(4, 6, bidirectional=True), In((1, 3, 4), batch=1), module=True),
    row("aten::lstm.input", lambda: nn.LSTM(4, 6).half(), In(X.shape, f16, batch=1), module=True),
    row("aten::lstm.input", Trained, X, module=True, refused="dropout in training mode"),
    row("aten::lstm.data", Packed, In(X.shape, batch=None), module=True, refused="packed sequences are not supported", only="trace"),
    row("aten::gru.input", lambda: nn.GRU(4, 6), X, module=True),
    row("aten::gru.input", lambda: nn.GRU(4, 6, num_layers=2, bidirectional=True, batch_first=True), FIRST, module=True),
    row("aten::gru.input", lambda: nn.GRU(4, 6, bias=False, bidirectional=True), In(X.shape, batch=0), module=True, only="trace"),
    row("aten::gru.input", lambda: State(nn.GRU(4, 6, bidirectional=True)), X, In((2, 3, 6), batch=1), module=True),
    row("aten::gru.input", FromParameters, X, module=True),
    row("aten::gru.input", lambda: nn.GRU(4, 6), In((5, 4)), module=True, only="trace", note="no batch"),
    row("aten::rnn_tanh.input", lambda: nn.RNN(4, 6), X, module=True),
    row("aten::rnn_tanh.input", lambda: nn.RNN(4, 6, num_layers=2, bidirectional=True, batch_first=True), FIRST, module=True),
    row("aten::rnn_tanh.input", lambda: State(nn.RNN(4, 6, bias=False)), In(X.shape, batch=None), In((1, 3, 6), batch=None),
        module=True),
    row("aten::rnn_relu.input", lambda: nn.RNN(4, 6, nonlinearity="relu"), X, module=True),
    row("aten::rnn_relu.input", lambda: nn.RNN(4, 6, num_layers=2, nonlinearity="relu", bidirectional=True), X, module=True),
    row("aten::rnn_relu.input", lambda: nn.RNN(4, 6, nonlinearity="relu", batch_first=True), In((3, 5, 4), batch=1), module=True, only="trace"),
]  # fmt: skip
