import torch

from .table import In, f16, i64, row


def _e(equation, *inputs, **options):
    return row("aten::einsum", lambda *t: torch.einsum(equation, *t), *inputs, **options)



def FIXED(*shape):
    return In(shape, batch=None)


W = torch.linspace(-1, 1, 24).reshape(4, 6)


class _Bilinear(torch.nn.Bilinear):
    def __init__(self, bias):
        super().__init__(3, 5, 4, bias=bias)


ROWS = [
    _e("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    _e("bij,bkj->bik", (2, 3, 4), (2, 5, 4)),
    _e("bji,bjk->bki", (2, 3, 4), (2, 3, 5)),
    _e("ij,jk", (2, 3), FIXED(3, 4)),
    _e("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)),
    _e("nhwpqc->nchpwq", (2, 2, 3, 2, 2, 5)),
    _e("bnhd,bmhd->bhnm", (2, 3, 2, 4), (2, 5, 2, 4)),
    _e("ythwkc,tkc->ythwkc", (2, 3, 2, 2, 2, 4), FIXED(3, 2, 4)),
    _e("byhwc,hkc->byhwk", (2, 3, 4, 2, 5), FIXED(4, 6, 5)),
    _e("...ij,...jk->...ik", (2, 3, 4, 5), FIXED(3, 5, 2)),
    _e("...,...->...", (2, 3), FIXED(3)),
    _e("ij->ji", (2, 3)),
    _e("ij->i", (2, 3)),
    _e("ij->", (2, 3)),
    _e("bii->bi", (2, 3, 3)),
    _e("bii->b", (2, 3, 3)),
    _e("bii,bi->b", (2, 3, 3), (2, 3)),
    _e("i,j->ij", (2,), FIXED(3)),
    _e("bi,bi->b", (2, 3), (2, 3)),
    _e("bi,bi->bi", (2, 3), (2, 3)),
    _e("BiJ,BJk->Bki", (2, 3, 4), (2, 4, 5)),
    _e("ij,kl->il", (2, 3), FIXED(4, 5)),
    _e("bij,bjk,bkl->bil", (2, 3, 4), (2, 4, 5), (2, 5, 2)),
    _e("bn,anm,bm->ba", (2, 3), FIXED(4, 3, 5), (2, 5)),
    _e("bij,bjk->bik", (2, 3, 1), FIXED(1, 4, 5)),
    _e("bij,bjk->bik", In((2, 3, 4), f16), In((2, 4, 5), f16)),
    _e("bij,bjk->bik", In((2, 3, 4), i64, -3, 3), In((2, 4, 5), i64, -3, 3)),
    row("aten::einsum", lambda x: torch.einsum("bj,jk->bk", x, W), (2, 4)),
    row("aten::einsum", lambda x: torch.einsum(x, [0, 1], [1, 0]), (2, 4)),
    row("aten::tensordot", lambda x, y: torch.tensordot(x, y, dims=1), (2, 3, 4), FIXED(4, 5)),
    row("aten::tensordot", lambda x, y: torch.tensordot(x, y, dims=([1, 2], [1, 0])), (2, 3, 4), FIXED(4, 3, 5)),
    row("aten::tensordot", lambda x, y: torch.tensordot(x, y, dims=0), (2, 3), FIXED(4)),
    row("aten::dot", torch.dot, (4,), (4,)),
    row("aten::dot", torch.dot, In((4,), i64, -3, 3), In((4,), i64, -3, 3)),
    row("aten::dot", lambda x: torch.dot(x[:, 0], W[:, 0][:1].expand(1)), In((1, 3), batch=1)),
    row("aten::vdot", torch.vdot, (4,), (4,)),
    row("aten::inner", torch.inner, (2, 3, 4), FIXED(5, 4)),
    row("aten::inner", torch.inner, (4,), (4,)),
    row("aten::inner", torch.inner, (2, 3), In((), batch=None)),
    row("aten::outer", torch.outer, (3,), FIXED(4)),
    row("aten::outer", torch.outer, In((3,), i64), FIXED(4)),
    row("aten::ger", torch.ger, (3,), FIXED(4), only="export"),
    row("aten::kron", torch.kron, (2, 3), FIXED(2, 2), static_only="torch.export fixes the sizes"),
    row("aten::kron", torch.kron, (2, 3), FIXED(4), static_only="torch.export fixes the sizes"),
    row("aten::bilinear", lambda: _Bilinear(True), (2, 3), (2, 5), module=True),
    row("aten::bilinear", lambda: _Bilinear(False), (2, 6, 3), (2, 6, 5), module=True),
    row("aten::chain_matmul", lambda x, y, z: torch.ops.aten.chain_matmul([x, y, z]), (2, 3), FIXED(3, 4), FIXED(4, 5), static_only="torch.export fixes the sizes"),
    row("aten::linalg_multi_dot", lambda x, y, z: torch.linalg.multi_dot([x, y, z]), (2, 3), FIXED(3, 4), FIXED(4, 5), static_only="torch.export fixes the sizes"),
    row("aten::linalg_vecdot", torch.linalg.vecdot, (2, 3), (2, 3)),
    row("aten::linalg_cross", torch.linalg.cross, (2, 3), (2, 3)),
    row("aten::linalg_cross", lambda x, y: torch.linalg.cross(x, y, dim=1), (2, 3, 4), FIXED(1, 3, 4)),
    row("aten::linalg_cross", lambda x, y: torch.linalg.cross(x, y, dim=-2), In((2, 3, 4), i64, -3, 3), In((2, 3, 4), i64, -3, 3)),
    row("aten::addmv", lambda m, v, x: torch.addmv(x, m, v, beta=0.5, alpha=2), (2, 3), FIXED(3), (2,)),
    row("aten::mv", torch.mv, (2, 3), FIXED(3)),
    row("aten::mv", lambda x: torch.mv(x, W[0]), (2, 6)),
    row("aten::mv", torch.mv, In((2, 3), f16), In((3,), f16, batch=None)),
]

