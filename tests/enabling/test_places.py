"""What is changed and left."""

from mmdet.models.losses import L1Loss

from nwd_mmdet.enabling.places import Change, instead_of, plain


def test_the_place_of_a_change_is_what_it_speaks_of() -> None:
    assert Change('nms', 'model.test_cfg.nms', {}, '', '').place == 'model.test_cfg.nms'
    assert Change('loss', 'model.bbox_head', {}, '', '', 'loss_bbox').place == 'model.bbox_head.loss_bbox'


def test_settings_replace_those_of_the_base_where_there_are_some() -> None:
    base = dict(type='GIoULoss', loss_weight=2.0, eps=1e-6)
    assert instead_of(base, dict(type='NWDLoss'), keep=['loss_weight']) == dict(
        _delete_=True, type='NWDLoss', loss_weight=2.0
    )
    # mmengine takes the mark away where there is something to delete, and leaves it in elsewhere
    assert instead_of(None, dict(type='NWDLoss')) == dict(type='NWDLoss')


def test_classes_are_spelt_by_their_names() -> None:
    assert plain([dict(type=L1Loss, inner=dict(type='mmdet.X'))]) == [dict(type='L1Loss', inner=dict(type='X'))]
