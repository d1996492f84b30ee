"""Attention, rotary embedding, key-value cache."""

import math

import torch

from .registry import Call, layer
from .types import ints, widen


@layer("ATTENTION_INPUT", "IAttentionInputLayer")
def attention(call: Call):
    """The whole attention; its output layer passes the result on.

    Query [batch, heads, length, size], key and value [batch, heads_kv, length_kv, size], optional mask.
    Scores are
    not scaled: query @ key^T as it is. Query head h reads key-value head h // (heads / heads_kv).
    Packed forms are [tokens, heads, size] with the cumulative lengths of the batch items in inputs 5 and 6.
    """
    settings = call.layer.attention
    if call.get(4) is not None:
        raise call.error("quantized attention normalization is not supported by the executor")
    if all(_form(call, settings, f) == "PADDED_BHND" for f in ("query_form", "key_value_form")):
        if call.get(6) is None:
            query, key, value = (widen(call.need(i, n)) for i, n in enumerate(("query", "key", "value")))
            return _attend(call, settings, query, key, value, call.get(3)).to(call.x.dtype)
    return _attend_items(call, settings).to(call.x.dtype)


def _form(call: Call, settings, name: str) -> str:
    form = getattr(settings, name, None)
    if form is not None and form.name not in ("PADDED_BHND", "PACKED_NHD"):
        raise call.unknown(f"attention {name}", form)
    return "PADDED_BHND" if form is None else form.name


def _attend_items(call: Call, settings):
    """One batch item after the other, each with its own lengths."""
    query, key, value = (widen(call.need(i, n)) for i, n in enumerate(("query", "key", "value")))
    packed = _form(call, settings, "query_form") == "PACKED_NHD"
    packed_keys = _form(call, settings, "key_value_form") == "PACKED_NHD"
    if packed or packed_keys:
        if call.get(3) is not None:
            raise call.error("a mask for packed sequences is not supported by the executor")
    ends = ints(call.need(5, "query lengths")) if packed else None
    counts = None if call.get(6) is None else ints(call.get(6))
    if packed_keys and counts is None:
        raise call.error("packed keys without lengths")
    out = torch.zeros((*query.shape[:-1], value.shape[-1]), dtype=query.dtype)
    for item in range(len(ends) - 1 if packed else query.shape[0]):
        rows = slice(ends[item], ends[item + 1]) if packed else item
        q = query[rows].transpose(0, 1) if packed else query[rows]
        if packed_keys:
            k, v = (t[counts[item] : counts[item + 1]].transpose(0, 1) for t in (key, value))
        else:
            k, v = (t[item, :, : counts[item]] if counts else t[item] for t in (key, value))
        mask = call.get(3)
        if mask is not None:
            mask = mask[min(item, mask.shape[0] - 1) :][:1, ..., : k.shape[1]]
        y = _attend(call, settings, q[None], k[None], v[None], mask)[0]
        out[rows] = y.transpose(0, 1) if packed else y
    return out


def _attend(call: Call, settings, query, key, value, mask):
    if query.shape[1] % max(key.shape[1], 1):
        raise call.error(f"{query.shape[1]} query heads for {key.shape[1]} key-value heads")
    repeat = query.shape[1] // max(key.shape[1], 1)
    scores = query @ key.repeat_interleave(repeat, 1).transpose(-1, -2)
    scores = _masked(call, settings, scores, mask)
    if settings.norm_op.name == "SOFTMAX":
        scores = torch.softmax(scores, -1)
    elif settings.norm_op.name != "NONE":
        raise call.unknown("attention normalization", settings.norm_op)
    return scores @ value.repeat_interleave(repeat, 1)


def _masked(call: Call, settings, scores, mask):
    kind = _causal(settings)
    excluded = -math.inf if settings.norm_op.name == "SOFTMAX" else 0.0
    if mask is not None:
        if mask.dtype == torch.bool:
            return torch.where(mask, scores, excluded)
        return scores + widen(mask)
    if kind == "NONE":
        return scores
    rows, columns = scores.shape[-2:]
    shift = {"UPPER_LEFT": 0, "LOWER_RIGHT": columns - rows}.get(kind)
    if shift is None:
        raise call.error(f"causal mask {kind} is not supported by the executor")
    return torch.where(torch.ones(rows, columns, dtype=torch.bool).tril(shift), scores, excluded)


def _causal(settings) -> str:
    if hasattr(settings, "causal_kind"):
        return settings.causal_kind.name
    return "UPPER_LEFT" if settings.causal else "NONE"


@layer("ATTENTION_OUTPUT", "IAttentionOutputLayer")
def attention_output(call: Call):
    return call.x


@layer("ROTARY_EMBEDDING", "IRotaryEmbeddingLayer")
def rotary_embedding(call: Call):
    """Input [batch, heads, length, size]; caches [batch, length, half] or, with position ids, [positions,
    half].
    """
    x, ids = widen(call.x), call.get(3)
    cosine, sine = (widen(call.need(i, n)) for i, n in ((1, "cosines"), (2, "sines")))
    if ids is not None:
        cosine, sine = cosine[ids.long()], sine[ids.long()]
    cosine, sine = cosine.unsqueeze(1), sine.unsqueeze(1)
    size = call.layer.rotary_embedding_dim or x.shape[-1]
    turned, rest = x[..., :size], x[..., size:]
    if call.layer.interleaved:
        a, b = turned[..., 0::2], turned[..., 1::2]
    else:
        a, b = turned[..., : size // 2], turned[..., size // 2 :]
    parts = (cosine * a - sine * b, sine * a + cosine * b)
    if call.layer.interleaved:
        turned = torch.stack(parts, -1).flatten(-2)
    else:
        turned = torch.cat(parts, -1)
    return torch.cat([turned, rest], -1).to(call.x.dtype)


@layer("KV_CACHE_UPDATE", "IKVCacheUpdateLayer")
def kv_cache_update(call: Call):
    """Cache [batch, heads, capacity, size] with an update written from position write_indices[b] on.

    Update: [batch, heads, length, size], or packed [tokens, heads, size] with cumulative lengths in input 3.
    """
    cache, update, start = call.x.clone(), call.need(1, "update"), ints(call.need(2, "write indices"))
    lay = call.layer
    if lay.cache_mode.name != "LINEAR":
        raise call.unknown("cache mode", lay.cache_mode)
    form = getattr(lay, "update_form", None)
    if form is not None and form.name not in ("PADDED_BHND", "PACKED_NHD"):
        raise call.unknown("update form", form)
    packed = form is not None and form.name == "PACKED_NHD"
    ends = ints(call.need(3, "update lengths")) if packed else None
    for item, first in enumerate(start):
        part = update[ends[item] : ends[item + 1]].transpose(0, 1) if packed else update[item]
        last = first + part.shape[1]
        if first < 0 or last > cache.shape[2]:
            raise call.error(f"writes {first}..{last} into a cache of {cache.shape[2]}")
        cache[item, :, first:last] = part
    return cache
