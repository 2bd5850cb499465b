import functools
from collections.abc import Iterator

import mmengine.config.utils
import pytest


@pytest.fixture(scope='package', autouse=True)
def metafiles_read_once() -> Iterator[None]:
    """mmengine reads all of mmdet's metafiles for every ``mmdet::`` base: half a second a config."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mmengine.config.utils, 'load', functools.cache(mmengine.config.utils.load))
        yield
