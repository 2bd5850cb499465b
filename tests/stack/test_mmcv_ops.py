"""The stand-in for mmcv._ext: when it is put in place, and what it says of itself."""

import importlib
import sys
from importlib.util import find_spec

import mmcv
import pytest

import nwd_mmdet  # noqa: F401 - puts the stand-in in place before mmcv.ops is imported
from nwd_mmdet.stack import mmcv_operators, mmcv_ops

COMPILED = mmcv_ops.operator_origin()['nms'] == 'mmcv (compiled)'


@pytest.fixture
def bare_mmcv(monkeypatch, tmp_path):
    """mmcv as after a fresh import, and a folder that it takes for its own; all put back afterwards."""
    monkeypatch.delitem(sys.modules, 'mmcv._ext')
    monkeypatch.setattr(mmcv, '_ext', None, raising=False)
    monkeypatch.setattr(mmcv, '__path__', [str(tmp_path)])
    monkeypatch.setattr(mmcv_ops, 'load_error', '')
    importlib.invalidate_caches()
    return tmp_path


class TestInstall:
    def test_compiled_operators_win(self, bare_mmcv):
        (bare_mmcv / '_ext.py').write_text('compiled = True')
        mmcv_ops.install()
        assert sys.modules['mmcv._ext'].compiled is True

    def test_compiled_operators_that_do_not_load(self, bare_mmcv):
        (bare_mmcv / '_ext.py').write_text("raise ImportError('undefined symbol: _ZN3c10')")
        with pytest.warns(UserWarning, match='built for another') as record:
            mmcv_ops.install()
        assert 'undefined symbol' in mmcv_ops.load_error
        assert '--no-cache-dir' in str(record[0].message)
        assert sys.modules['mmcv._ext'].nms is mmcv_operators.nms

    def test_is_idempotent_and_found_by_spec(self, bare_mmcv):
        mmcv_ops.install()
        module = sys.modules['mmcv._ext']
        mmcv_ops.install()
        assert sys.modules['mmcv._ext'] is module
        assert find_spec('mmcv._ext').loader is not None  # what mmengine and mmcv ask for
        assert mmcv._ext is module

    def test_missing_operator_raises_when_called(self, bare_mmcv):
        mmcv_ops.install()
        operator = sys.modules['mmcv._ext'].border_align_forward
        with pytest.raises(NotImplementedError, match="'border_align_forward'.*(?s:.)*pip install --no-cache-dir"):
            operator(None, pool_size=1)

    def test_origins(self):
        origins = mmcv_ops.operator_origin()
        assert {'nms', 'roi_align_forward', 'deform_conv_backward_input', 'border_align_forward'} <= set(origins)
        if not COMPILED:
            names = ('nms', 'softnms', 'border_align_forward')
            assert [origins[name] for name in names] == ['torchvision', 'torch', 'missing']

    def test_environment_report(self):
        from mmcv.utils.env import collect_env

        assert collect_env()['MMCV Compiler']
