"""The first 640 of the handwritten digits, which are part of the package: data for statements about training."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from montecarlo.arguments import as_count
from montecarlo.arrays import Array

IMAGES = 640
"""How many images there are."""


def few_digits(images: int = IMAGES) -> tuple[Array, NDArray[np.intp]]:
    """Return the first handwritten digits, shape (images, 64), and their labels 0 to 9.

    Each pixel is centred over these images, and all are divided by one number, so that their mean square is 1.

    Parameters
    ----------
    images : int
        How many, from 10 to 640.

    Raises
    ------
    InvalidArgument
        If there are not so many.

    References
    ----------
    E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998
    (10.24432/C50P49, CC BY 4.0): the first 640 of the test set, in the order in which scikit-learn has them.

    Examples
    --------
    >>> inputs, labels = few_digits(100)
    >>> inputs.shape, labels[:12], round(float((inputs**2).mean()), 12)
    ((100, 64), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]), 1.0)
    """
    pixels, classes = _stored()
    count = as_count("images", images, 10, IMAGES, example=200)
    inputs = pixels[:count].astype(np.float64)
    inputs -= inputs.mean(axis=0)
    inputs /= np.sqrt((inputs**2).mean())
    return inputs, classes[:count].astype(np.intp)


@cache
def _stored() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    with np.load(Path(__file__).with_name("digits.npz"), allow_pickle=False) as stored:
        return stored["pixels"], stored["labels"]
