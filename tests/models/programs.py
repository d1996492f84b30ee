"""Programs as users write them, not as tests do: each with the idioms of its field, and random weights."""

import math

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

_GENERATOR = torch.Generator().manual_seed(0)


def _random(*sizes):
    return torch.randn(*sizes, generator=_GENERATOR)


class Detection(nn.Module):
    """Boxes of deltas, clipped in place through strided views; the best ten; their overlaps suppress each other."""

    def __init__(self):
        super().__init__()
        self.register_buffer("anchors", torch.rand(50, 4) * 100 + torch.tensor([0.0, 0.0, 120.0, 120.0]))

    def forward(self, deltas, logits):
        widths, heights = self.anchors[:, 2] - self.anchors[:, 0], self.anchors[:, 3] - self.anchors[:, 1]
        x, y = self.anchors[:, 0] + 0.5 * widths, self.anchors[:, 1] + 0.5 * heights
        dx, dy, dw, dh = deltas.unbind(-1)
        dw, dh = dw.clamp(max=math.log(1000 / 16)), torch.clamp(dh, max=math.log(1000 / 16))
        x, y, w, h = dx * widths + x, dy * heights + y, dw.exp() * widths, dh.exp() * heights
        boxes = torch.stack((x - 0.5 * w, y - 0.5 * h, x + 0.5 * w, y + 0.5 * h), -1)
        boxes[..., 0::2] = boxes[..., 0::2].clamp(0, 640)
        boxes[..., 1::2].clamp_(0, 480)
        scores, labels = logits.softmax(-1)[..., :-1].max(-1)
        best, index = scores.topk(10, dim=1)
        boxes = boxes.gather(1, index.unsqueeze(-1).expand(-1, -1, 4))
        labels = labels.gather(1, index)
        low = torch.max(boxes[:, :, None, :2], boxes[:, None, :, :2])
        high = torch.min(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
        both = (high - low).clamp(min=0).prod(-1)
        area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
        overlap = both / (area[:, :, None] + area[:, None, :] - both + 1e-7)
        same = labels[:, :, None] == labels[:, None, :]
        before = torch.triu(torch.ones(10, 10, dtype=torch.bool), diagonal=1)
        keep = (overlap * same * before).amax(1) < 0.5
        return boxes, torch.where(keep, best, torch.zeros_like(best)), labels, keep


class CachedBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out, self.mix = nn.Linear(32, 96), nn.Linear(32, 32), nn.Linear(32, 32)
        self.norm = nn.LayerNorm(32)

    def forward(self, x, cache):
        batch, length, size = x.shape
        heads = [
            t.reshape(batch, length, 4, size // 4).transpose(1, 2)
            for t in self.qkv(self.norm(x)).chunk(3, -1)
        ]
        query, key, value = heads
        key, value = torch.cat([cache[0], key], 2), torch.cat([cache[1], value], 2)
        total = key.size(2)
        row = torch.arange(length, device=x.device)[:, None] + (total - length)
        scores = (query @ key.mT) * (query.size(-1) ** -0.5)
        scores = scores.masked_fill(torch.arange(total)[None] > row, float("-inf"))
        x = x + self.out((scores.softmax(-1) @ value).transpose(1, 2).flatten(2))
        return x + F.silu(self.mix(x)), (key, value)


class Decoder(nn.Module):
    """A step of generation: a cache in, a longer one out; the last layer is tied to the first."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(64, 32), nn.Linear(32, 64, bias=False)
        self.head.weight = self.embed.weight
        self.blocks = nn.ModuleList(CachedBlock() for _ in range(2))

    def forward(self, ids, past):
        x, present = self.embed(ids), []
        for block, cache in zip(self.blocks, past):
            x, new = block(x, cache)
            present.append(new)
        return self.head(x[:, -1]), present


class Rotary(nn.Module):
    """RMS norm, rotary positions, grouped keys, causal attention of any length."""

    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Linear(16, 16, bias=False), nn.Linear(16, 8, bias=False)
        self.register_buffer("frequency", 1 / 10000 ** (torch.arange(0, 4).float() / 4))
        self.scale = nn.Parameter(torch.ones(16))

    @staticmethod
    def rotated(x):
        a, b = x[..., : x.shape[-1] // 2], x[..., x.shape[-1] // 2 :]
        return torch.cat((-b, a), -1)

    def forward(self, x):
        x = self.scale * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))
        batch, length, _ = x.shape
        angles = torch.outer(torch.arange(length, device=x.device).float(), self.frequency)
        cos, sin = (f(torch.cat((angles, angles), -1))[None, None] for f in (torch.cos, torch.sin))
        query = self.query(x).view(batch, length, 2, 8).transpose(1, 2)
        key = self.key(x).view(batch, length, 1, 8).transpose(1, 2)
        query, key = query * cos + self.rotated(query) * sin, key * cos + self.rotated(key) * sin
        key = key[:, :, None].expand(batch, 1, 2, length, 8).reshape(batch, 2, length, 8)
        return F.scaled_dot_product_attention(query, key, key, is_causal=True)


def _convolutions(inputs, outputs):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1),
        nn.GroupNorm(2, outputs),
        nn.LeakyReLU(0.1, True),
    )


class UNet(nn.Module):
    """Padding by differences of sizes, interpolation to another tensor's size, a dict of results."""

    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.down3 = _convolutions(3, 8), _convolutions(8, 16), _convolutions(16, 32)
        self.up, self.join2, self.join1 = (
            nn.ConvTranspose2d(32, 16, 2, 2),
            _convolutions(32, 16),
            _convolutions(24, 8),
        )
        self.out = nn.Conv2d(8, 5, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = self.up(self.down3(F.max_pool2d(b, 2, ceil_mode=True)))
        dy, dx = b.size(2) - c.size(2), b.size(3) - c.size(3)
        c = F.pad(c, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        y = self.join2(torch.cat([b, c], 1))
        y = F.interpolate(y, size=a.shape[-2:], mode="bilinear", align_corners=True)
        y = self.out(self.join1(torch.cat((a, y), dim=1)))
        return {"logits": y, "probability": torch.softmax(y, 1).max(dim=1).values}


class Points(nn.Module):
    """A learned transform, features of the nearest neighbours, maxima over the points."""

    def __init__(self):
        super().__init__()
        self.transform = nn.Sequential(
            nn.Conv1d(3, 16, 1), nn.BatchNorm1d(16), nn.ReLU(), nn.Conv1d(16, 32, 1)
        )
        self.matrix = nn.Linear(32, 9)
        self.features = nn.Sequential(nn.Conv1d(9, 32, 1), nn.BatchNorm1d(32), nn.ReLU())
        self.head = nn.Sequential(
            nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 4)
        )

    @staticmethod
    def neighbours(x, count=6):
        batch, size, points = x.shape
        square = torch.sum(x**2, dim=1, keepdim=True)
        index = (2 * torch.matmul(x.transpose(2, 1), x) - square - square.transpose(2, 1)).topk(
            k=count, dim=-1
        )[1]
        index = (index + torch.arange(0, batch, device=x.device).view(-1, 1, 1) * points).view(-1)
        rows = x.transpose(2, 1).contiguous()
        near = rows.view(batch * points, -1)[index, :].view(batch, points, count, size)
        here = rows.view(batch, points, 1, size).repeat(1, 1, count, 1)
        return torch.cat((near - here, here), dim=3).permute(0, 3, 1, 2).contiguous()

    def forward(self, x):
        matrix = self.matrix(self.transform(x).max(2, keepdim=False)[0]) + torch.eye(3).flatten()[None]
        x = torch.bmm(x.transpose(2, 1), matrix.view(-1, 3, 3)).transpose(2, 1)
        y = self.features(torch.cat([x, self.neighbours(x).mean(-1)], 1))
        most, mean = F.adaptive_max_pool1d(y, 1).squeeze(-1), F.adaptive_avg_pool1d(y, 1).flatten(1)
        return self.head(torch.cat([most, mean], 1)).log_softmax(-1), matrix


class Audio(nn.Module):
    """Pre-emphasis, a filter bank in place of a spectrogram, dilated causal convolutions, a recurrent layer."""

    def __init__(self):
        super().__init__()
        self.bank, self.norm = nn.Conv1d(1, 32, 64, stride=16, bias=False), nn.InstanceNorm1d(32, affine=True)
        self.dilated = nn.ModuleList(nn.Conv1d(32, 32, 3, dilation=2**i) for i in range(3))
        self.recurrent, self.out = nn.GRU(32, 16, batch_first=True, bidirectional=True), nn.Linear(32, 10)
        self.weight = nn.Parameter(torch.ones(32))

    def forward(self, x):
        x = x - x.mean(-1, keepdim=True)
        x = x / (x.std(-1, keepdim=True) + 1e-5)
        x = torch.cat([x[..., :1], x[..., 1:] - 0.97 * x[..., :-1]], -1)
        h = self.norm(torch.log1p(self.bank(F.pad(x, (32, 32), mode="reflect")).pow(2) + 1e-6))
        for i, convolution in enumerate(self.dilated):
            h = F.glu(torch.cat([convolution(F.pad(h, (2 * 2**i, 0))), h], 1), dim=1) + h
        y, _ = self.recurrent(h.transpose(1, 2))
        share = torch.softmax(y @ self.weight, 1)
        return self.out((share.unsqueeze(-1) * y).sum(1)), y.transpose(1, 2).unfold(2, 5, 5).mean(-1)


class Messages(nn.Module):
    """Attention over the edges of a graph: softmax by scatter and gather, sums by node, a GRU cell."""

    def __init__(self):
        super().__init__()
        self.message, self.attention, self.out = nn.Linear(20, 16), nn.Linear(16, 1), nn.Linear(8, 3)
        self.update = nn.GRUCell(16, 8)

    def forward(self, x, edges, features):
        source, target, count = edges[0], edges[1], x.size(0)
        for _ in range(2):
            messages = F.relu(self.message(torch.cat([x[source], x[target], features], -1)))
            score = F.leaky_relu(self.attention(messages), 0.2).squeeze(-1)
            most = torch.full((count,), -1e9).scatter_reduce(0, target, score, reduce="amax")
            weight = (score - most[target]).exp()
            weight = weight / (torch.zeros(count).index_add(0, target, weight)[target] + 1e-16)
            index = target[:, None].expand(-1, 16)
            x = self.update(torch.zeros(count, 16).scatter_add_(0, index, messages * weight[:, None]), x)
        degree = (
            torch.zeros(count).index_put_((target,), torch.ones(target.size(0)), accumulate=True).clamp(min=1)
        )
        return self.out((x / degree[:, None]).mean(0, keepdim=True)), x


class Windows(nn.Module):
    """Window attention as einops writes it: reshapes and permutations, rolls, einsum, pixel shuffle."""

    def __init__(self):
        super().__init__()
        self.patches, self.qkv, self.out = nn.Conv2d(3, 24, 4, 4), nn.Linear(24, 72), nn.Linear(24, 24)
        self.bias, self.mix = nn.Parameter(torch.randn(3, 16, 16) * 0.1), nn.Linear(4, 4)

    def forward(self, x):
        x = self.patches(x).permute(0, 2, 3, 1)
        batch, height, width, size = x.shape
        x = torch.roll(x, (-2, -2), (1, 2))
        windows = (
            x.reshape(batch, height // 4, 4, width // 4, 4, size)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(-1, 16, size)
        )
        query, key, value = (
            self.qkv(windows).reshape(windows.size(0), 16, 3, 3, 8).permute(2, 0, 3, 1, 4).unbind(0)
        )
        scores = torch.einsum("bhid,bhjd->bhij", query, key) * 8**-0.5 + self.bias
        y = self.out(torch.einsum("bhij,bhjd->bihd", scores.softmax(-1), value).flatten(-2))
        y = y.view(batch, height // 4, width // 4, 4, 4, size).permute(0, 1, 3, 2, 4, 5)
        y = torch.roll(y.reshape(batch, height, width, size), shifts=(2, 2), dims=(1, 2))
        y = y.view(batch, height // 2, 2, width // 2, 2, size).permute(0, 2, 4, 1, 3, 5).reshape(batch, 4, -1)
        y = self.mix(y.transpose(1, 2)).transpose(1, 2)
        picture = F.pixel_shuffle(y.reshape(batch, 4, -1, width).contiguous(), 2)
        return picture, y.unflatten(2, (-1, size)).mean((1, 2)), x.movedim(-1, 1)[:, ::2].flip(-1)


class Bert(nn.Module):
    """BERT as transformers writes it: position ids in a buffer, a mask of the least number, a pooler."""

    def __init__(self, size=32):
        super().__init__()
        self.words = nn.Embedding(100, size, padding_idx=0)
        self.places, self.kinds = nn.Embedding(32, size), nn.Embedding(2, size)
        self.norm = nn.LayerNorm(size, eps=1e-12)
        self.register_buffer("position_ids", torch.arange(32).expand((1, -1)))
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                {name: nn.Linear(size, size) for name in ("query", "key", "value", "out")}
                | {"up": nn.Linear(size, 2 * size), "down": nn.Linear(2 * size, size)}
                | {"first": nn.LayerNorm(size), "second": nn.LayerNorm(size)}
            )
            for _ in range(2)
        )
        self.pooler, self.decoder = nn.Linear(size, size), nn.Linear(size, 100)
        self.decoder.weight = self.words.weight

    @staticmethod
    def heads(x):
        return x.view(x.size()[:-1] + (4, -1)).permute(0, 2, 1, 3)

    def forward(self, input_ids, attention_mask, token_type_ids):
        batch, length = input_ids.size()
        x = self.words(input_ids) + self.kinds(token_type_ids) + self.places(self.position_ids[:, :length])
        x = self.norm(x)
        mask = 1.0 - attention_mask[:, None, None, :].expand(batch, 1, length, length).to(x.dtype)
        mask = mask.masked_fill(mask.to(torch.bool), torch.finfo(x.dtype).min)
        for layer in self.layers:
            query, key, value = (self.heads(layer[name](x)) for name in ("query", "key", "value"))
            y = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
            x = layer["first"](layer["out"](y.transpose(1, 2).reshape(batch, length, -1)) + x)
            x = layer["second"](layer["down"](F.gelu(layer["up"](x), approximate="tanh")) + x)
        weight = attention_mask.unsqueeze(-1)
        return (
            self.decoder(x),
            torch.tanh(self.pooler(x[:, 0])),
            (x * weight).sum(1) / weight.sum(1).clamp(min=1e-9),
        )


class Segmentation(nn.Module):
    def __init__(self):
        super().__init__()
        make = torchvision.models.segmentation.lraspp_mobilenet_v3_large
        self.model = make(weights=None, weights_backbone=None, num_classes=5)

    def forward(self, x):
        return self.model(x)["out"]


class Recurrent(nn.Module):
    """Scripted: a cell in a loop, a list of every second result, a while."""

    def __init__(self):
        super().__init__()
        self.cell, self.out = nn.LSTMCell(6, 8), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor):
        h = torch.zeros(x.size(0), 8, dtype=x.dtype, device=x.device)
        c = torch.zeros_like(h)
        results = []
        for t in range(x.size(1)):
            h, c = self.cell(x[:, t], (h, c))
            if t % 2 == 0:
                results.append(self.out(h))
        best = torch.stack(results, 1)
        i = 0
        total = best.new_zeros(best.size(0))
        while i < best.size(1):
            total = total + best[:, i].max(dim=-1)[0]
            i += 1
        return best, total, (h, c)


class Experts(nn.Module):
    """Each token goes to two of four experts, whose weights are the gate's."""

    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(8, 4, bias=False)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)) for _ in range(4)
        )

    def forward(self, x):
        sizes, x = x.shape, x.view(-1, 8)
        share = self.gate(x).softmax(-1)
        weight, chosen = share.topk(2, -1)
        weight = weight / weight.sum(-1, keepdim=True)
        taken, out = F.one_hot(chosen, 4).permute(2, 1, 0), torch.zeros_like(x)
        for i, expert in enumerate(self.experts):
            out += expert(x) * (taken[i].float() * weight.t()).sum(0)[:, None]
        return out.view(sizes), share.mean(0)


_MASK = torch.cat([torch.ones(2, 9), torch.zeros(2, 3)], 1).long()
_CACHE = [(_random(2, 4, 5, 8), _random(2, 4, 5, 8)) for _ in range(2)]
_EDGES = torch.randint(0, 12, (2, 30), generator=_GENERATOR)
_IDS = torch.randint(1, 64, (2, 12), generator=_GENERATOR)

# Arguments, and the dimensions that may vary: {axis: name} for each tensor.
PROGRAMS = {
    Detection: ((_random(1, 50, 4) * 0.1, _random(1, 50, 3)), None),
    Decoder: ((_IDS[:, :3], _CACHE), ({1: "t"}, [({2: "p"}, {2: "p"})] * 2)),
    Rotary: ((_random(2, 10, 16),), ({1: "t"},)),
    UNet: ((_random(2, 3, 40, 40),), ({0: "b"},)),
    Points: ((_random(2, 3, 64),), None),
    Audio: ((_random(2, 1, 800),), None),
    Messages: ((_random(12, 8), _EDGES, _random(30, 4)), None),
    Windows: ((_random(2, 3, 32, 48),), ({0: "b"},)),
    Bert: ((_IDS, _MASK, torch.zeros(2, 12).long()), ({0: "b", 1: "s"},) * 3),
    Segmentation: ((_random(1, 3, 64, 64),), None),
    Experts: ((_random(3, 5, 8),), None),
    Recurrent: ((_random(2, 7, 6),), None),
}
