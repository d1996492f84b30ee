"""Plugins: computed by functions the caller gives, as nothing in the network says what they compute."""

import torch

from .registry import Call, layer


def _run(call: Call, name: str):
    function = call.plugins.get(name)
    if function is None:
        raise call.error(f"plugin {name!r}: give a function for it in `plugins`")
    result = function(call.layer, *call.inputs)
    return result if isinstance(result, torch.Tensor) else list(result)


@layer("PLUGIN_V2", "IPluginV2Layer")
def plugin_v2(call: Call):
    return _run(call, call.layer.plugin.plugin_type)


@layer("PLUGIN_V3", "IPluginV3Layer")
def plugin_v3(call: Call):
    core = call.layer.plugin.get_capability_interface(call.trt.PluginCapabilityType.CORE)
    return _run(call, core.plugin_name)
