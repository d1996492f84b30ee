import torch

from .table import In, f16, i64, row

X = (2, 3)

ROWS = [
    row("aten::rand", lambda x: x + torch.rand(3), X, random=True),
    row("aten::rand", lambda x: x + torch.rand(2, 1, dtype=torch.float16), In(X, batch=None), random=True, static_only="fixed size"),
    row("aten::rand", lambda x: x + torch.rand(x.shape[0], 3), X, random=True),
    row("aten::rand", lambda x: x + torch.rand(()), X, random=True),
    row("aten::randn", lambda x: x + torch.randn(1, 3), X, random=True),
    row("aten::randn", lambda x: torch.randn(x.shape[0], 2), X, random=True),
    row("aten::randn", lambda x: x + torch.randn(3, dtype=torch.float16), In(X, f16), random=True),
    row("aten::rand_like", lambda x: torch.rand_like(x), X, random=True),
    row("aten::rand_like", lambda x: torch.rand_like(x), In(X, f16), random=True),
    row("aten::randn_like", lambda x: torch.randn_like(x), X, random=True),
    row("aten::randn_like", lambda x: torch.randn_like(x, dtype=torch.float32), In(X, i64), random=True),
    row("aten::randint", lambda x: x + torch.randint(7, (3,)), In(X, i64), random=True),
    row("aten::randint.low", lambda x: torch.randint(-3, 5, (x.shape[0], 2)), X, random=True),
    row("aten::randperm", lambda x: x + torch.randperm(3), X, refused="random permutations"),
    row("aten::bernoulli", lambda x: torch.bernoulli(x), In(X, low=0, high=1), refused="bernoulli"),
    row("aten::multinomial", lambda x: torch.multinomial(x, 2), In(X, low=0.1, high=1), refused="multinomial"),
]
