"""From a model to what `analyse` takes, in a few lines; torch and Keras are never imported here.

>>> from sklearn.dummy import DummyClassifier
>>> scores, labels = from_sklearn(DummyClassifier().fit([[0], [1]], [0, 1]), [[0]], [1])
>>> scores.shape, labels.tolist()
((1, 2), [1])
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluation.arrays import Floats, Ints
from evaluation.errors import InputError


def from_sklearn(model: Any, x: Any, y: Any) -> tuple[Floats, Ints]:
    """Return (pred_list, label_list) of a scikit-learn classifier; ids follow model.classes_."""
    classes = list(model.classes_)
    place = {value: index for index, value in enumerate(classes)}
    labels = []
    for index, value in enumerate(np.asarray(y).tolist()):
        if value not in place:
            raise InputError(f"y[{index}] is {value!r}, which the model has never seen")
        labels.append(place[value])
    if hasattr(model, "predict_proba"):
        scores = np.asarray(model.predict_proba(x), np.float64)
    else:
        scores = np.asarray(model.decision_function(x), np.float64)
        if scores.ndim == 1:
            # The margin of two classes is the difference of their logits.
            scores = np.column_stack([np.zeros(len(scores)), scores])
    return scores, np.array(labels, np.int64)


def from_torch(
    module: Any, loader: Iterable[Any], device: str = "cpu"
) -> tuple[NDArray[np.float32], Ints]:
    """Return (pred_list, label_list) of a torch module over batches (images, labels, …)."""
    import torch

    training = module.training
    module.eval()
    scores, labels = [], []
    with torch.no_grad():
        for batch in loader:
            output = module(batch[0].to(device))
            scores.append(output.float().cpu().numpy())
            labels.append(np.asarray(batch[1], np.int64))
    module.train(training)
    if not scores:
        raise InputError("the loader gave no batch")
    return np.concatenate(scores), np.concatenate(labels)


def from_keras(model: Any, batches: Iterable[Any]) -> tuple[NDArray[np.float32], Ints]:
    """Return (pred_list, label_list) of a Keras model over batches (images, labels, …)."""
    scores, labels = [], []
    for batch in batches:
        # The one call that gives numpy arrays whatever backend Keras runs on.
        scores.append(np.asarray(model.predict_on_batch(batch[0]), np.float32))
        labels.append(np.asarray(batch[1], np.int64))
    if not scores:
        raise InputError("there was no batch")
    return np.concatenate(scores), np.concatenate(labels)


class TorchModel:
    """A torch module as `model=`: predictions, gradients and, with `layer`, Grad-CAM.

    module: takes (n, 3, h, w). mean, std: per channel, on the scale 0…1. size: (height, width)
    that images are resized to, None for as they are. layer: the last convolution, for the maps.
    """

    heat_map_method = "Grad-CAM"

    def __init__(
        self,
        module: Any,
        *,
        mean: Sequence[float] = (0.0, 0.0, 0.0),
        std: Sequence[float] = (1.0, 1.0, 1.0),
        size: tuple[int, int] | None = None,
        device: str = "cpu",
        layer: Any = None,
    ) -> None:
        self.module = module.to(device).eval()
        self.mean, self.std = tuple(mean), tuple(std)
        self.size, self.device, self.layer = size, device, layer
        if layer is not None:
            self.heat_map: Callable[[NDArray[np.float32], Ints], NDArray[np.float32]] = self._cam

    def predict(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return logits of images (n, h, w, 3), 0…255."""
        import torch

        with torch.no_grad():
            result: NDArray[np.float32] = self._forward(self._tensor(images)).cpu().numpy()
        return result

    def gradient(self, images: NDArray[np.float32], labels: Ints) -> NDArray[np.float32]:
        """Return the slope of the cross-entropy by the pixels, in the shape of `images`."""
        import torch

        tensor = self._tensor(images).requires_grad_(True)
        loss = torch.nn.functional.cross_entropy(
            self._forward(tensor), torch.as_tensor(labels, device=self.device), reduction="sum"
        )
        (slope,) = torch.autograd.grad(loss, tensor)
        result: NDArray[np.float32] = slope.permute(0, 2, 3, 1).cpu().numpy()
        return result

    def _cam(self, images: NDArray[np.float32], classes: Ints) -> NDArray[np.float32]:
        """Return Grad-CAM maps of the classes. Selvaraju et al. (2017)."""
        import torch

        kept: list[Any] = []
        handle = self.layer.register_forward_hook(lambda _m, _i, output: kept.append(output))
        try:
            # A slope of the images keeps the graph alive where all parameters are frozen.
            scores = self._forward(self._tensor(images).requires_grad_(True))
        finally:
            handle.remove()
        chosen = scores[torch.arange(len(classes)), torch.as_tensor(classes)].sum()
        (slope,) = torch.autograd.grad(chosen, kept[0])
        weights = slope.mean(dim=(2, 3), keepdim=True)
        maps = torch.relu((weights * kept[0]).sum(dim=1))
        result: NDArray[np.float32] = maps.detach().cpu().numpy()
        return result

    def _tensor(self, images: NDArray[np.float32]) -> Any:
        import torch

        return torch.as_tensor(np.ascontiguousarray(images), device=self.device).permute(0, 3, 1, 2)

    def _forward(self, tensor: Any) -> Any:
        import torch

        if self.size is not None and tuple(tensor.shape[2:]) != tuple(self.size):
            tensor = torch.nn.functional.interpolate(
                tensor, self.size, mode="bilinear", align_corners=False
            )
        mean = torch.tensor(self.mean, device=tensor.device).view(1, -1, 1, 1)
        std = torch.tensor(self.std, device=tensor.device).view(1, -1, 1, 1)
        return self.module((tensor / 255 - mean) / std)
