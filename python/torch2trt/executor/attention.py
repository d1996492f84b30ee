"""Attention, rotary embedding, key-value cache."""

import math

import torch

from .registry import Call, layer
from .types import widen


@layer("ATTENTION_INPUT", "IAttentionInputLayer")
def attention(call: Call):
    """The whole attention; its output layer passes the result on.

    Query [batch, heads, length, size], key and value [batch, heads_kv, length_kv, size], optional mask.
    Scores are not
    scaled: query @ key^T as it is. Query head h reads key-value head h // (heads / heads_kv).
    """
    settings = call.layer.attention
    query, key, value = (widen(call.need(i, n)) for i, n in enumerate(("query", "key", "value")))
    for form in ("query_form", "key_value_form"):
        if hasattr(settings, form) and getattr(settings, form).name != "PADDED_BHND":
            raise call.unknown(f"attention {form}", getattr(settings, form))
    if getattr(settings, "key_value_lengths", None) is not None:
        raise call.error("attention key_value_lengths is not supported by the executor")
    if settings.normalization_quantize_scale is not None:
        raise call.error("quantized attention normalization is not supported by the executor")
    if query.shape[1] % max(key.shape[1], 1):
        raise call.error(f"{query.shape[1]} query heads for {key.shape[1]} key-value heads")
    repeat = query.shape[1] // max(key.shape[1], 1)
    scores = query @ key.repeat_interleave(repeat, 1).transpose(-1, -2)
    scores = _masked(call, settings, scores)
    if settings.norm_op.name == "SOFTMAX":
        scores = torch.softmax(scores, -1)
    elif settings.norm_op.name != "NONE":
        raise call.unknown("attention normalization", settings.norm_op)
    return (scores @ value.repeat_interleave(repeat, 1)).to(call.x.dtype)


def _masked(call: Call, settings, scores):
    kind = _causal(settings)
    excluded = -math.inf if settings.norm_op.name == "SOFTMAX" else 0.0
    mask = call.get(3)
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
    """Cache [batch, heads, capacity, size] with update [batch, heads, length, size] written from
    write_indices[b] on.
    """
    cache, update, start = call.x.clone(), call.need(1, "update"), call.need(2, "write indices")
    lay = call.layer
    if lay.cache_mode.name != "LINEAR":
        raise call.unknown("cache mode", lay.cache_mode)
    if hasattr(lay, "update_form") and lay.update_form.name != "PADDED_BHND":
        raise call.unknown("update form", lay.update_form)
    for item, first in enumerate(start.tolist()):
        last = first + update.shape[2]
        if first < 0 or last > cache.shape[2]:
            raise call.error(f"writes {first}..{last} into a cache of {cache.shape[2]}")
        cache[item, :, first:last] = update[item]
    return cache
