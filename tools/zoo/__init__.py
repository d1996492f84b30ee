"""`make zoo`: torchvision's models through the converter, one process a model. See `__main__.py`."""
