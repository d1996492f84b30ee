"""One model of each of torchvision's families, static and with a dynamic batch, equal to PyTorch. `make zoo`: all."""

import pytest
import torch

from tools.zoo import measure, models, page


@pytest.mark.parametrize("name", models.FAMILIES)
def test_converts(name: str) -> None:
    size = models.Size(name, models.FAMILIES[name])
    model = models.seeded(size)
    measure.spread(measure.reference(model, size.images(2, seed=2)))  # raises if comparing proved little
    static = measure.convert(model, size, dynamic=False)
    dynamic = measure.convert(model, size, dynamic=True)
    errors = [*static["errors"].values(), *dynamic["errors"].values()]
    assert len(errors) == 3 and all(error <= measure.LIMIT for error in errors), errors


def test_every_family_has_a_model_here() -> None:
    assert {models.family(name) for name in models.names()} == {
        models.family(name) for name in models.FAMILIES
    }
    assert len(models.names()) == len(set(models.names())) >= 85


def test_the_page_names_every_model() -> None:
    text = (page.PAGE).read_text()
    assert not [name for name in models.names() if name not in text]


def test_a_reference_that_proves_nothing_is_refused() -> None:
    for hopeless in (torch.ones(2, 3), torch.tensor([[1.0, 2.0], [1.0, torch.inf]])):
        with pytest.raises(measure.Vacuous):
            measure.spread([hopeless])
    assert measure.spread([torch.tensor([[3.0, 4.0], [3.0, 3.0]])]) == pytest.approx(0.2)


def test_weights_are_not_trivial() -> None:
    model = models.seeded(models.Size("vit_b_32", models.IMAGE))
    assert model.heads.head.weight.std() > 0.05  # torchvision's is zero
    assert not any((p == p.flatten()[0]).all() for p in model.parameters())


def test_failures_are_told() -> None:
    well = {"layers": 3, "errors": {"1": 1e-6}, "seconds": {}}
    assert measure.failures({"spread": 0.5, "static": well, "dynamic": well}) == []
    wrong = {"layers": 3, "errors": {"1": 1e-6, "2": float("nan")}, "seconds": {}}
    entry = {"spread": {"failed": "Vacuous: the same"}, "static": {"failed": "Error: no"}, "dynamic": wrong}
    assert measure.failures(entry) == [
        "spread: Vacuous: the same",
        "static: Error: no",
        "dynamic, batch 2: relative error nan",
    ]
    assert measure.failures({"killed": "killed after 5 s"}) == ["killed after 5 s"]
