"""Public data sets of tiny objects on disk: the names that their files go by, and which of them are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nwd_mmdet.datasets.aitod import RELEASES, AITODDataset
from nwd_mmdet.datasets.checks.image_files import image_folders
from nwd_mmdet.datasets.visdrone import VisDroneDataset


class Part(NamedTuple):
    """One annotation file of a data set, and where its images are.

    Attributes:
        name: Such as ``'train, v2'``.
        files: Where the annotation file may be, below the folder of the set, the current name first.
        images: Where its images may be, likewise.
    """

    name: str
    files: tuple[str, ...]
    images: tuple[str, ...]


class FoundPart(NamedTuple):
    """What there is of a part.

    Attributes:
        part: Which.
        file: Its annotation file; None where none is there.
        images: The folder of its images; None where none is there.
    """

    part: Part
    file: Path | None
    images: Path | None


@dataclass(frozen=True)
class PublicSet:
    """A data set.

    Attributes:
        name: As its authors call it.
        help: Where it comes from.
        parts: What was published.
    """

    name: str
    help: str
    parts: tuple[Part, ...]

    def find(self, root: Path) -> Iterator[FoundPart]:
        """Look for every part below the folder of the set; nothing is read."""
        for part in self.parts:
            yield FoundPart(part, _first(root, part.files), _first(root, part.images))

    def unknown_files(self, root: Path) -> list[Path]:
        """JSON files beside those of the set that have none of their names."""
        known = {root / name for part in self.parts for name in part.files}
        return [
            path
            for folder in sorted({path.parent for path in known})
            for path in sorted(folder.glob('*.json'))
            if path not in known
        ]


def _first(root: Path, names: tuple[str, ...]) -> Path | None:
    return next((root / name for name in names if (root / name).exists()), None)


def _aitod() -> Iterator[Part]:
    for release in RELEASES:
        images = tuple(folder.as_posix() for folder in image_folders(Path(release.split)))
        files = tuple(f'annotations/{name}' for name in release.names)
        yield Part(f'{release.split}, v{release.version}', files, images)


def _soda_d() -> Iterator[Part]:
    # shaunyuan22/SODA-mmdetection, tools/img_split/README.md: as unpacked, as its tools expect it, and cut into tiles.
    raw = ('rawData/Images', 'Images')
    for split in ('train', 'val', 'test'):
        yield Part(split, (f'rawData/Annotations/{split}.json', f'Annotations/{split}.json'), raw)
    for split in ('val', 'test'):
        name = f'{split}_wo_ignore.json'
        files = (f'rawData/Annotations/{name}', f'Annotations/{name}')
        yield Part(f'{split} without ignored objects, for evaluation', files, raw)
    for split in ('train', 'val', 'test'):
        yield Part(f'{split}, tiles', (f'divData/Annotations/{split}.json',), (f'divData/Images/{split}',))


def _tiny_person() -> Iterator[Part]:
    # ucas-vg/TOV_mmdetection, configs2/_base_/datasets/TinyPerson, and its older name ucas-vg/PointTinyBenchmark.
    erased = 'erase_with_uncertain_dataset'
    for split in ('train', 'test'):
        images = (split, f'{erased}/{split}')
        yield Part(f'{split}, all images', (f'annotations/tiny_set_{split}_with_dense.json',), images)
    for part, files in {
        'train, ignored regions erased': ('mini_annotations/tiny_set_train_all_erase.json',),
        'train, erased, tiles of 640 x 512': (
            'mini_annotations/tiny_set_train_sw640_sh512_all_erase.json',
            f'{erased}/annotations/corner/task/tiny_set_train_sw640_sh512_all.json',
        ),
    }.items():
        yield Part(part, files, (f'{erased}/train',))
    for part, files in {
        'test, for evaluation': ('mini_annotations/tiny_set_test_all.json', 'annotations/task/tiny_set_test_all.json'),
        'test, tiles of 640 x 512': ('annotations/corner/task/tiny_set_test_sw640_sh512_all.json',),
    }.items():
        yield Part(part, files, ('test', f'{erased}/test'))


def _visdrone() -> Iterator[Part]:
    for split in ('train', 'val'):
        folder = f'VisDrone2019-DET-{split}'
        yield Part(f'{split}, text files', (f'{folder}/annotations',), (f'{folder}/images',))
        yield Part(f'{split}, converted', (f'annotations/visdrone_{split}.json',), (f'{folder}/images',))


SETS = (
    PublicSet('AI-TOD', AITODDataset.SOURCE.help, tuple(_aitod())),
    PublicSet(
        'SODA-D',
        'SODA-D is linked at shaunyuan22.github.io/SODA; tools/img_split of github.com/shaunyuan22/SODA-mmdetection '
        'cuts its tiles and leaves out the ignored objects. Any COCO config reads it, see "Your own data" in '
        'docs/datasets.md.',
        tuple(_soda_d()),
    ),
    PublicSet(
        'TinyPerson',
        'TinyPerson is linked at github.com/ucas-vg/PointTinyBenchmark and github.com/ucas-vg/TOV_mmdetection, as the '
        'folder tiny_set. Any COCO config reads it, see "Your own data" in docs/datasets.md.',
        tuple(_tiny_person()),
    ),
    PublicSet(
        'SIRST-v2',
        'SIRST-v2 is at github.com/YimianDai/open-sirst-v2, as Pascal VOC XML; nwd-mmdet voc2coco converts it, see '
        '"Infrared targets" in docs/datasets.md.',
        tuple(Part(split, (f'{split}.json',), ('images',)) for split in ('train', 'test')),
    ),
    PublicSet('VisDrone-DET', VisDroneDataset.SOURCE.help, tuple(_visdrone())),
)


def set_called(name: str) -> PublicSet:
    """The data set of a name, however it is spelt: ``'ai-tod'`` and ``'AITOD'`` are one.

    Raises:
        ValueError: There is none; the message lists those there are.
    """
    wanted = _letters(name)
    for candidate in SETS:
        if _letters(candidate.name).startswith(wanted) and wanted:
            return candidate
    raise ValueError(f'{name!r} is no set whose files are known; those are {", ".join(each.name for each in SETS)}')


def _letters(name: str) -> str:
    return ''.join(letter for letter in name.lower() if letter.isalnum())
