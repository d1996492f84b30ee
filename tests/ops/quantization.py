import torch
from torch.nn import functional as F

from .table import In, f16, row

X = (2, 3, 4)
SCALES = torch.tensor([0.02, 0.013, 0.5])
ZEROS = torch.zeros(3, dtype=torch.int32)
WEIGHT = torch.linspace(-1, 1, 12).reshape(3, 4)
tensor = torch.fake_quantize_per_tensor_affine
channel = torch.fake_quantize_per_channel_affine

ROWS = [
    row("aten::fake_quantize_per_tensor_affine", lambda x: tensor(x, 0.02, 0, -128, 127), X),
    row("aten::fake_quantize_per_tensor_affine", lambda x: tensor(x, 0.01, 0, -127, 127), X),
    row("aten::fake_quantize_per_tensor_affine", lambda x: tensor(x, 0.01, 128, 0, 255), X),
    row("aten::fake_quantize_per_tensor_affine", lambda x: tensor(x, 0.02, 30, 0, 255), X),
    row("aten::fake_quantize_per_tensor_affine", lambda x: tensor(x, 0.2, 0, -8, 7), In(X, f16)),
    row("aten::fake_quantize_per_tensor_affine", lambda x: F.linear(x, tensor(WEIGHT, 0.01, 0, -128, 127)), X),
    row("aten::fake_quantize_per_tensor_affine.tensor_qparams",
        lambda x: tensor(x, torch.tensor(0.02), torch.tensor(0, dtype=torch.int32), -128, 127), X),
    row("aten::fake_quantize_per_tensor_affine.tensor_qparams",
        lambda x: tensor(x, torch.tensor([0.02]), torch.tensor([3], dtype=torch.int32), -128, 127), X),
    row("aten::fake_quantize_per_tensor_affine.tensor_qparams",
        lambda x: tensor(x, torch.tensor(0.05), torch.tensor(0, dtype=torch.int32), -127, 127), X),
    row("aten::fake_quantize_per_channel_affine", lambda x: channel(x, SCALES, ZEROS, 1, -128, 127), X),
    row("aten::fake_quantize_per_channel_affine", lambda x: channel(x, SCALES, ZEROS, 1, -127, 127), X),
    row("aten::fake_quantize_per_channel_affine", lambda x: channel(x, SCALES, ZEROS + 3, 1, 0, 15), X),
    row("aten::fake_quantize_per_channel_affine", lambda x: F.linear(x, channel(WEIGHT, SCALES, ZEROS, 0, -127, 127)), X),
]
