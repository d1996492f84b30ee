import torch
import torch.nn.functional as F

from .table import In, bf16, f16, i64, row

X = (2, 3, 4)

ROWS = [
    row("aten::relu", torch.relu, X),
    row("aten::relu", torch.relu, In(X, i64, -5, 5)),
    row("aten::relu", torch.relu, In((3,), f16)),
    row("aten::relu_", lambda x: F.relu_(x * 2), X),
    row("aten::sigmoid", torch.sigmoid, X),
    row("aten::sigmoid", torch.sigmoid, In(X, bf16)),
    row("aten::tanh", torch.tanh, X),
    row("aten::hardtanh", lambda x: F.hardtanh(x, -0.5, 1.5), X),
    row("aten::hardtanh", F.hardtanh, In(X, i64, -5, 5)),
    row("aten::hardtanh_", lambda x: F.hardtanh_(x + 1, 0.0, 6.0), X),
    row("aten::leaky_relu", lambda x: F.leaky_relu(x, 0.2), X),
    row("aten::leaky_relu_", lambda x: F.leaky_relu_(x + 1, 0.1), X),
    row("aten::elu", lambda x: F.elu(x, 1.3), X),
    row("aten::elu", lambda x: torch._C._nn.elu(x, 0.7, 1.5, 2.0), X),
    row("aten::celu", lambda x: F.celu(x, 1.7), X),
    row("aten::selu", F.selu, X),
    row("aten::softplus", F.softplus, X),
    row("aten::softplus", lambda x: F.softplus(x, 2.0, 1.5), In(X, low=-3, high=3)),
    row("aten::hardsigmoid", F.hardsigmoid, In(X, low=-5, high=5)),
    row("aten::hardswish", F.hardswish, In(X, low=-5, high=5)),
    row("aten::hardswish_", lambda x: F.hardswish(x + 1, inplace=True), In(X, low=-5, high=5)),
    row("aten::gelu", F.gelu, X),
    row("aten::gelu", lambda x: F.gelu(x, approximate="tanh"), X),
    row("aten::logit", torch.logit, In(X, low=0.05, high=0.95)),
    row("aten::logit", lambda x: torch.logit(x, 0.1), In(X, low=-0.5, high=1.5)),
    row("aten::silu", F.silu, X),
    row("aten::silu_", lambda x: F.silu(x + 1, inplace=True), X),
    row("aten::mish", F.mish, X),
    row("aten::threshold", lambda x: F.threshold(x, 0.3, -7.0), X),
    row("aten::prelu", lambda x: F.prelu(x, torch.tensor([0.1, 0.2, 0.3])), X),
    row("aten::prelu", lambda x: F.prelu(x, torch.tensor([0.1])), (2, 3)),
    row("aten::log_sigmoid", F.logsigmoid, X),
    row("aten::softmax.int", lambda x: F.softmax(x, 1), X),
    row("aten::softmax.int", lambda x: F.softmax(x, -1, dtype=torch.float16), X),
    row("aten::log_softmax.int", lambda x: F.log_softmax(x, -2), X),
]
