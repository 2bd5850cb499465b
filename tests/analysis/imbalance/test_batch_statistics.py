"""The classes of batches, by hand."""

import json

import numpy as np
import pytest

from nwd_mmdet.analysis.imbalance.balance import measure_balance
from nwd_mmdet.analysis.imbalance.batch_statistics import classes_per_batch


def test_classes_per_batch():
    labels = [np.array(part, int) for part in ([0, 0, 0], [0, 1], [], [-1, 1])]
    found = classes_per_batch(labels, iter([[0], [1, 3], [2], [0, 3]]), 3)
    assert found.batches == 4
    assert found.classes.tolist() == [1, 1, 2, 0]
    assert found.batches_per_class.tolist() == [3, 2, 0]
    # The data set has 4 of class 0 and 2 of class 1; the batches 3 : 0, 1 : 2, nothing, and 3 : 1.
    entropies = [measure_balance(counts).entropy for counts in ([3, 0, 0], [1, 2, 0], [3, 1, 0])]
    assert found.entropy == pytest.approx(np.mean(entropies))
    assert found.distance == pytest.approx(np.mean([1 / 3, 1 / 3, 1 / 12]))
    json.dumps(found.as_dict(), allow_nan=False)


@pytest.mark.parametrize('batches', [[], [[0], [0]]])
def test_batches_without_objects(batches):
    found = classes_per_batch([np.zeros(0, int)], batches, 2)
    assert found.batches == len(batches) and found.entropy is None and found.distance is None
