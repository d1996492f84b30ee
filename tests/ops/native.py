"""The native_* forms, which decomposed programs have."""

import torch

from .table import In, f16, row

X = (2, 4, 5, 3)
ops = torch.ops.aten
C4, MEAN, VAR = torch.linspace(-1, 1, 4), torch.linspace(-0.5, 0.5, 4), torch.linspace(0.5, 1.5, 4)

ROWS = [
    row("aten::native_batch_norm", lambda x: ops.native_batch_norm(x, C4, MEAN, MEAN, VAR, False, 0.1, 1e-5)[0], X),
    row("aten::native_batch_norm", lambda x: ops.native_batch_norm(x, None, None, MEAN, VAR, False, 0.1, 1e-3)[0], (2, 4)),
    row("aten::native_batch_norm", lambda x: ops.native_batch_norm(x, C4, MEAN, None, None, True, 0.1, 1e-5)[0], (2, 4, 6)),
    row("aten::native_batch_norm", lambda x: ops.native_batch_norm(x, C4, MEAN, None, None, True, 0.1, 1e-5)[1], X, refused="only the normalized output"),
    row("aten::_native_batch_norm_legit_no_training", lambda x: ops._native_batch_norm_legit_no_training(x, C4, None, MEAN, VAR, 0.1, 1e-5)[0], X),
    row("aten::_native_batch_norm_legit_no_training", lambda x: ops._native_batch_norm_legit_no_training(x, None, C4, MEAN, VAR, 0.1, 1e-5)[0], (2, 4, 3)),
    row("aten::_native_batch_norm_legit_no_training", lambda x: ops._native_batch_norm_legit_no_training(x, C4.half(), C4.half(), MEAN.half(), VAR.half(), 0.1, 1e-5)[0], In(X, f16)),
    row("aten::_native_batch_norm_legit.no_stats", lambda x: ops._native_batch_norm_legit.no_stats(x, C4, MEAN, True, 0.1, 1e-5)[0], X),
    row("aten::_native_batch_norm_legit.no_stats", lambda x: ops._native_batch_norm_legit.no_stats(x, None, None, True, 0.1, 1e-3)[0], (2, 4, 3)),
    row("aten::_native_batch_norm_legit.no_stats", lambda x: ops._native_batch_norm_legit.no_stats(x, C4, None, True, 0.1, 1e-5)[0], (3, 4, 3)),
    row("aten::native_layer_norm", lambda x: ops.native_layer_norm(x, [5, 3], None, None, 1e-5)[0], X),
    row("aten::native_layer_norm", lambda x: ops.native_layer_norm(x, [4], C4, MEAN, 1e-3)[0], (2, 4)),
    row("aten::native_layer_norm", lambda x: ops.native_layer_norm(x, [4], C4, None, 1e-5)[0], (2, 3, 4)),
    row("aten::native_layer_norm", lambda x: ops.native_layer_norm(x, [4], C4, None, 1e-5)[1], (2, 3, 4), refused="only the normalized output"),
    row("aten::native_group_norm", lambda x: ops.native_group_norm(x, C4, MEAN, 2, 4, 15, 2, 1e-5)[0], In(X, batch=None), static_only="sizes are arguments"),
    row("aten::native_group_norm", lambda x: ops.native_group_norm(x, None, None, x.shape[0], 4, 15, 4, 1e-5)[0], X, only="export"),
    row("aten::native_group_norm", lambda x: ops.native_group_norm(x, C4, None, x.shape[0], 4, 6, 1, 1e-3)[0], (2, 4, 6), only="export"),
    row("aten::native_dropout", lambda x: ops.native_dropout(x, 0.5, False)[0] * 2, X),
    row("aten::native_dropout", lambda x: ops.native_dropout(x + 1, 0.0, False)[0], (2, 4)),
    row("aten::native_dropout", lambda x: ops.native_dropout(x, 0.5, True)[0], X, refused="random"),
    row("aten::_softmax", lambda x: ops._softmax(x, -1, False), X),
    row("aten::_softmax", lambda x: ops._softmax(x, 0, False), In(X, batch=1)),
    row("aten::_softmax", lambda x: ops._softmax(x, 1, False), In(X, f16)),
    row("aten::_log_softmax", lambda x: ops._log_softmax(x, 1, False), X),
    row("aten::_prelu_kernel", lambda x: ops._prelu_kernel(x, C4.reshape(4, 1, 1)), X),
    row("aten::_prelu_kernel", lambda x: ops._prelu_kernel(x, torch.tensor([0.25])), X),
    row("aten::_prelu_kernel", lambda x: ops._prelu_kernel(x, C4), (2, 3, 4)),
    row("aten::softmax.int", lambda x: torch.nn.functional.softmin(x, 1), X),
    row("aten::max_pool2d_with_indices", lambda x: ops.max_pool2d_with_indices(x, [3, 2], [2, 1], [1, 0])[0], X),
    row("aten::max_pool2d_with_indices", lambda x: ops.max_pool2d_with_indices(x, [2], [], 0, 1, True)[0], (2, 3, 5, 5)),
    row("aten::max_pool2d_with_indices", lambda x: ops.max_pool2d_with_indices(x, [2])[1], X, refused="no indices"),
    row("aten::max_pool3d_with_indices", lambda x: ops.max_pool3d_with_indices(x, [2, 2, 2])[0], (2, 2, 4, 4, 4)),
    *[row("aten::adaptive_max_pool1d", lambda x, n=n: torch.nn.functional.adaptive_max_pool1d(x, n), (2, 3, 10)) for n in (1, 5, 4, 9, 10)],
    *[row("aten::adaptive_max_pool2d", lambda x, n=n: torch.nn.functional.adaptive_max_pool2d(x, n), (2, 3, 6, 7)) for n in (1, (3, 7), (4, 5), (None, 1), (3, 2))],
    row("aten::adaptive_max_pool2d", lambda x: torch.ops.aten.adaptive_max_pool2d(x, [2, 2])[1], (2, 3, 6, 7), refused="no indices"),
    *[row("aten::adaptive_max_pool3d", lambda x, n=n: torch.nn.functional.adaptive_max_pool3d(x, n), (2, 3, 4, 6, 5)) for n in (1, 2, (4, 3, 5))],
]
