"""What is to be changed in a detector's settings, and what is left as it is."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from nwd_mmdet.settings import type_name

#: The parts of a detector that compare boxes, in the order of training.
PARTS = ('assign', 'nms', 'loss')


@dataclass(frozen=True)
class Change:
    """A place of a detector that gets the overlap.

    Attributes:
        part: One of :data:`PARTS`.
        path: Of the settings in the config, with dots: ``model.train_cfg.rcnn.0.assigner``.
        settings: What is merged over those of the base; a dictionary with ``_delete_=True`` takes their place.
        before: What was there, in words.
        after: What is there now.
        key: Which of the settings ``before`` and ``after`` speak of, where it is not all of them.
    """

    part: str
    path: str
    settings: dict[str, Any]
    before: str
    after: str
    key: str = ''

    @property
    def place(self) -> str:
        """Path of what ``before`` and ``after`` speak of."""
        return f'{self.path}.{self.key}' if self.key else self.path


@dataclass(frozen=True)
class Left:
    """What stays as it is.

    Attributes:
        part: One of :data:`PARTS`.
        place: Path of settings, or name of what has no such part.
        reason: Why.
        done: Whether it is left since it has the overlap already.
    """

    part: str
    place: str
    reason: str
    done: bool = False


Places = Iterator[Change | Left]


def instead_of(base: dict[str, Any] | None, settings: dict[str, Any], keep: Collection[str] = ()) -> dict[str, Any]:
    """Settings that take the place of those of the base.

    Args:
        base: Settings of the base; None where it has none.
        settings: The new ones.
        keep: Keys of the base that stay.
    """
    if base is None:
        return settings
    return {'_delete_': True, **settings, **{key: plain(value) for key, value in base.items() if key in keep}}


def plain(value: Any) -> Any:
    """A setting as a config file spells it: classes, as pure-Python configs have them, by their name."""
    if isinstance(value, dict):
        return {key: type_name(value) if key == 'type' else plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
