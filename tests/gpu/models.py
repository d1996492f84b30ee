"""Whole models as files for gpu_table (tests/gpu/table.cpp): programs, inputs and what PyTorch returns on the CPU.

    python -m tests.gpu.models DIR [NAME ...] [--batch N]

Needs torch, torchvision and, for bert_base, transformers; not this package. Weights are random and seeded.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import warnings

import torch

from tests.gpu.store import Store

VISION = {
    "resnet50": 224,
    "inception_v3": 299,
    "densenet121": 224,
    "mobilenet_v3_large": 224,
    "efficientnet_b0": 224,
    "convnext_tiny": 224,
    "vit_b_16": 224,
    "swin_t": 224,
    "deeplabv3_resnet50": 224,
}
NAMES = (*VISION, "bert_base")


class Bert(torch.nn.Module):
    """transformers' BERT with its default configuration (that of BERT-base), its two outputs as a tuple."""

    def __init__(self) -> None:
        super().__init__()
        import transformers

        config = transformers.BertConfig(attn_implementation="sdpa")
        self.bert = transformers.BertModel(config)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        result = self.bert(input_ids=input_ids, attention_mask=attention_mask, use_cache=False)
        return result.last_hidden_state, result.pooler_output


def randomise(model: torch.nn.Module) -> torch.nn.Module:
    """Statistics and scales that a mistake in folding shows, and no weight that makes a comparison vacuous."""
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
        if isinstance(module, torch.nn.Linear) and not module.weight.any():
            torch.nn.init.normal_(module.weight, 0, 0.02)  # torchvision's ViT has a head of zeros
    for name, parameter in model.named_parameters():
        if name.endswith("layer_scale"):
            torch.nn.init.normal_(parameter, 0, 0.5)  # ConvNeXt's are 1e-6: its blocks would not matter
    return model.eval()


def model_and_inputs(name: str, batch: int) -> tuple[torch.nn.Module, tuple[torch.Tensor, ...]]:
    """A model on the CPU and the arguments it takes."""
    torch.manual_seed(0)
    if name == "bert_base":
        mask = torch.ones(batch, 128, dtype=torch.int64)
        mask[:, 100:] = 0
        return randomise(Bert()), (torch.randint(0, 30522, (batch, 128)), mask)
    import torchvision

    options = {"init_weights": True} if name == "inception_v3" else {}
    if name.startswith("deeplab"):
        options["weights_backbone"] = None
    model = torchvision.models.get_model(name, weights=None, **options)
    return randomise(model), (torch.rand(batch, 3, VISION[name], VISION[name]),)


def leaves(value: object) -> list[torch.Tensor]:
    """The tensors in a model's result, in order."""
    return [leaf for leaf in torch.utils._pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor)]


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    options.folder.mkdir(parents=True, exist_ok=True)
    cases = []
    with (options.folder / "rows.bin").open("wb") as file:
        store = Store(file)
        for name in options.names:
            model, inputs = model_and_inputs(name, options.batch)
            with torch.no_grad():
                expected = leaves(model(*inputs))
                program = torch.export.export(model, inputs)
            torch.export.save(program, options.folder / f"{name}.pt2")
            names = program.graph_signature.user_inputs
            outputs = [
                {"expected": store.add(f"output {i}", value), "rtol": 1e-4}
                for i, value in enumerate(expected)
            ]
            run = {"inputs": [store.add(key, value) for key, value in zip(names, inputs)], "outputs": outputs}
            case = {
                "name": name,
                "model": f"{name}.pt2",
                "random": False,
                "shapes": {},
                "layers": [],
                "runs": [run],
            }
            cases.append(case)
            print(f"{name}: {sum(p.numel() for p in model.parameters()) / 1e6:.1f} M parameters", flush=True)
    (options.folder / "rows.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
