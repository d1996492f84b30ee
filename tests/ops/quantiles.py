import torch

from .table import In, b8, f16, i32, i64, row

X = (2, 3, 6)
V = In((7,), batch=None)
WHOLE = In(X, i64, -2, 2)


def _holes(fn):
    """Every value above 1 becomes NaN, in the first row all of them."""

    def computed(x):
        x = torch.where(x > 1, torch.nan, x)
        return fn(torch.cat([x[:, :1] * torch.nan, x[:, 1:]], 1))

    return computed


def _quantile(q, *arguments, fn=torch.quantile, **options):
    q = torch.tensor(q) if isinstance(q, list) else q
    return lambda x: fn(x, q, *arguments, **options)


ROWS = [
    row("aten::nanmedian", torch.nanmedian, V),
    row("aten::nanmedian", lambda x: torch.nanmedian(torch.where(x > 0, torch.nan, x)), In(X, batch=None)),
    row("aten::nanmedian", lambda x: torch.nanmedian(x * torch.nan), V),
    row("aten::nanmedian", torch.nanmedian, In((), batch=None)),
    row("aten::nanmedian.dim", lambda x: tuple(torch.where(x > 1, torch.nan, x).nanmedian(-1)), X),
    row("aten::nanmedian.dim", _holes(lambda x: x.nanmedian(1, keepdim=True)[0]), (2, 5, 3)),
    row("aten::nanmedian.dim", _holes(lambda x: x.nanmedian(-1)[0]), X),  # where all are NaN, the index is anything
    row("aten::nanmedian.dim", lambda x: x.nanmedian(2)[1], In(X, f16)),
    row("aten::nanmedian.dim", lambda x: x.nanmedian(0)[0] + 1, In((), batch=None)),
    row("aten::nanmedian.dim", lambda x: x.nanmedian(1)[0], WHOLE, refused="int64 has no NaN: take median"),
    row("aten::nanmedian.dim", lambda x: x.nanmedian(1)[0], (2, 3841), refused="at most 3840"),
    *[row("aten::quantile.scalar", _quantile(0.3, -1, interpolation=mode), X) for mode in ("linear", "lower", "higher", "midpoint", "nearest")],
    row("aten::quantile.scalar", _quantile(0.75, 1, keepdim=True), (2, 5, 3)),
    row("aten::quantile.scalar", _quantile(0.5), In(X, batch=None)),
    row("aten::quantile.scalar", _quantile(1.0, 1), X),
    row("aten::quantile.scalar", _quantile(0.9, keepdim=True), In(X, batch=None)),
    row("aten::quantile.scalar", _holes(_quantile(0.4, 2)), X),
    row("aten::quantile.scalar", _quantile(0.4, 0), In((), batch=None)),
    row("aten::quantile.scalar", lambda x: torch.quantile(x, 0.4, 1) / 0.0, X),
    row("aten::quantile", _quantile([0.0, 0.25, 0.9], 1), X),
    row("aten::quantile", _quantile([0.1, 0.6], -1, keepdim=True, interpolation="midpoint"), X),
    row("aten::quantile", _quantile([0.1, 1.0, 0.5], keepdim=True), In(X, batch=None)),
    row("aten::quantile", _quantile([0.5]), V),
    row("aten::quantile", lambda x: torch.quantile(x, torch.tensor(0.7), 1, interpolation="nearest"), X),
    row("aten::quantile", lambda x, q: torch.quantile(x, q, 1), In(X, batch=None), In((2,), low=0, high=1, batch=None), refused="only known at run time"),
    row("aten::quantile", _quantile([0.2, 0.2], 2, interpolation="higher"), X),
    *[row("aten::quantile", _quantile([i / 10 for i in range(11)], 1, interpolation=mode), (2, 11)) for mode in ("lower", "higher", "nearest")],
    *[row("aten::nanquantile", _holes(_quantile([i / 10 for i in range(11)], 2, fn=torch.nanquantile, interpolation=mode)), (2, 3, 12)) for mode in ("lower", "higher", "midpoint")],
    *[row("aten::nanquantile.scalar", _holes(_quantile(0.3, -1, fn=torch.nanquantile, interpolation=mode)), X) for mode in ("linear", "lower", "higher", "midpoint", "nearest")],
    row("aten::nanquantile.scalar", _holes(_quantile(0.75, 1, True, fn=torch.nanquantile)), (2, 5, 3)),
    row("aten::nanquantile.scalar", _quantile(0.5, fn=torch.nanquantile), In(X, batch=None)),
    row("aten::nanquantile", _holes(_quantile([0.0, 0.25, 0.9], 2, fn=torch.nanquantile)), X),
    row("aten::nanquantile", _holes(_quantile([0.1, 0.6], 1, fn=torch.nanquantile, keepdim=True)), (2, 6, 3)),
    row("aten::nanquantile", _quantile([1.0, 0.5], fn=torch.nanquantile, keepdim=True), V),
    row("aten::mode", lambda x: tuple(x.mode()), WHOLE),
    row("aten::mode", lambda x: tuple(x.mode(1, keepdim=True)), In((2, 7, 3), i32, 0, 3)),
    row("aten::mode", lambda x: x.mode(-2)[0], In(X, batch=2)),
    row("aten::mode", lambda x: x.round().mode(2)[1], X),
    row("aten::mode", lambda x: tuple(x.mode()), In((9,), i64, 0, 2, batch=None)),
    row("aten::mode", lambda x: x.mode()[0] + 1, In((), batch=None)),
    row("aten::mode", lambda x: x.mode(1)[0], In((2, 7), b8)),
    row("aten::mode", lambda x: tuple((x * 2).round().mode(1)), In((2, 9, 2), f16)),
    row("aten::mode", lambda x: x.mode(1)[0], (2, 3841), refused="at most 3840"),
]
