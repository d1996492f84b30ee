"""The executor's only exception class."""


class ExecutorError(RuntimeError):
    """A network cannot be executed, or a layer's result contradicts what the network declares.

    Attributes
    ----------
    layer: name of the layer, or None when the error does not belong to one
    layer_type: name of its ``LayerType`` (``"CONVOLUTION"``), or None
    """

    def __init__(self, message: str, layer: str | None = None, layer_type: str | None = None):
        where = f"layer {layer!r} ({layer_type}): " if layer is not None else ""
        super().__init__(where + message)
        self.layer = layer
        self.layer_type = layer_type
