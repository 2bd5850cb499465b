import numpy as np
import pytest
import torch


@pytest.fixture(scope='session')
def golden(shared):
    """What mmcv's compiled CPU operators return; gradients are those of the sum of the squared output."""
    with np.load(shared / 'golden' / 'mmcv_ops.npz') as data:
        return {name: torch.from_numpy(array) for name, array in data.items()}
