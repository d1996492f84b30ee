from torch import nn

from .table import In, f16, row

X, H = (2, 5), (2, 3)


class _Lstm(nn.LSTMCell):
    def forward(self, x, h, c):
        return tuple(super().forward(x, (h, c)))


# Traces hold what PyTorch composes the cells of.
ROWS = [
    row("aten::lstm_cell", lambda: _Lstm(5, 3), X, H, H, module=True, only="export"),
    row("aten::lstm_cell", lambda: _Lstm(5, 3, bias=False), X, H, H, module=True, only="export"),
    row(
        "aten::lstm_cell",
        lambda: _Lstm(5, 3).half(),
        In(X, f16),
        In(H, f16),
        In(H, f16),
        module=True,
        only="export",
    ),
    row("aten::lstm_cell", lambda: nn.LSTMCell(5, 3), X, module=True, only="export"),
    row("aten::gru_cell", lambda: nn.GRUCell(5, 3), X, H, module=True, only="export"),
    row("aten::gru_cell", lambda: nn.GRUCell(5, 3, bias=False), X, H, module=True, only="export"),
    row("aten::gru_cell", lambda: nn.GRUCell(5, 3), X, module=True, only="export"),
    # The unsafe_chunk of its gates, and writes to the pieces.
    row("aten::chunk", lambda: nn.GRUCell(5, 3), X, H, module=True, only="trace"),
    row("aten::chunk", lambda: nn.GRUCell(5, 3), X, module=True, only="trace"),
    row("aten::rnn_tanh_cell", lambda: nn.RNNCell(5, 3), X, H, module=True, only="export"),
    row(
        "aten::rnn_relu_cell", lambda: nn.RNNCell(5, 3, nonlinearity="relu"), X, H, module=True, only="export"
    ),
    row("aten::rnn_tanh_cell", lambda: nn.RNNCell(5, 3, bias=False), X, H, module=True, only="export"),
]
