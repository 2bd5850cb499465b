"""A synthetic aerial data set with AI-TOD's classes and object sizes, drawn on the spot and the same everywhere.

It needs no download, so it serves as the embedded default of demos and tests. The eight classes and the sizes follow
AI-TOD (Wang et al., "Tiny Object Detection in Aerial Images", ICPR 2020: mean absolute size 12.8 px, standard
deviation 5.9 px, absolute size being the square root of the box area). The class mix is long-tailed as there, but
less so, so that 100 images hold every class. An image depends on (seed, split, index, size) alone: a larger set
begins with the images of a smaller one.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from nwd_mmdet.datasets.aitod import CLASSES
from nwd_mmdet.datasets.annotation_files import Source, register_source
from nwd_mmdet.datasets.synthetic.canvas import Canvas
from nwd_mmdet.datasets.synthetic.raster import Rng

# By its folder alone: train.json is the name of many a set's file.
register_source(
    Source(
        'The synthetic set is drawn by: nwd-mmdet draw-synthetic data/synthetic',
        places=('*/synthetic/annotations/*.json', '$SYNTHETIC_ROOT/annotations/*.json'),
    )
)

EDITION = 1  # raised whenever the same settings give other pixels or boxes

# Every run of this many images shows each scene as often as it stands here, in an order of its own.
SCENE_CYCLE = (
    *('parking', 'parking', 'parking', 'roads', 'roads', 'roads', 'suburb', 'suburb', 'suburb', 'harbour', 'harbour'),
    *('sea', 'sea', 'beach', 'beach', 'beach', 'tanks', 'tanks', 'airport', 'airport', 'airport'),
    *('river', 'river', 'river', 'wind farm', 'wind farm', 'wind farm', 'empty land', 'empty sea'),
)


class Drawing(NamedTuple):
    """One image of the set.

    Attributes:
        image: RGB, uint8 [H, W, 3].
        boxes: Tight xyxy boxes in pixels, float64 [N, 4], multiples of a quarter pixel, inside the image.
        labels: Index into ``CLASSES``, int64 [N].
        scene: Name of the scene.
    """

    image: NDArray[np.uint8]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    scene: str


def draw(seed: int, split: str, index: int, size: tuple[int, int] = (256, 256)) -> Drawing:
    """Draw one image of the set.

    Args:
        seed: Seed of the set, at least 0.
        split: Name of the split; another name gives other images.
        index: Number of the image in its split, at least 0.
        size: Image (width, height) in pixels, at least 64 each.

    Returns:
        The drawing; the same arguments give the same values on every machine.

    Raises:
        ValueError: If ``seed`` or ``index`` is negative or ``size`` is below 64.
    """
    if seed < 0 or index < 0:
        raise ValueError(f'seed and index must be 0 or more, got seed={seed}, index={index}')
    if min(size) < 64:
        raise ValueError(f'size must be 64 px or more on both sides, got {size[0]}x{size[1]}')
    stream = (seed, zlib.crc32(split.encode()))
    cycle, turn = divmod(index, len(SCENE_CYCLE))
    scene = Rng(*stream, 1, cycle).shuffle(SCENE_CYCLE)[turn]
    canvas = Canvas(Rng(*stream, 0, index), size, scene)
    labels = [CLASSES.index(name) for name in canvas.names]
    boxes = np.array(canvas.boxes, np.float64).reshape(-1, 4)
    return Drawing(canvas.image, boxes, np.array(labels, np.int64), scene)


def draw_set(
    out_dir: str | Path,
    counts: Mapping[str, int],
    size: tuple[int, int] = (256, 256),
    seed: int = 0,
    overwrite: bool = False,
    workers: int = 1,
) -> int:
    """Write a set as ``{split}/{index:06d}.png`` and ``annotations/{split}.json`` in COCO format.

    A set that is complete is left as it is, one that was interrupted is continued.

    Args:
        out_dir: Folder to write to.
        counts: Number of images of each split.
        size: Image (width, height) in pixels.
        seed: Seed of the set.
        overwrite: Replace a set that was drawn with other settings.
        workers: Number of processes; the result does not depend on it.

    Returns:
        Number of images drawn by this call: 0 where the set was complete.

    Raises:
        FileExistsError: If ``out_dir`` holds a set of other settings, files that are no such set, or a broken record.
    """
    out_dir = Path(out_dir)
    settings = {'edition': EDITION, 'seed': seed, 'size': list(size), 'counts': dict(counts)}
    _claim(out_dir, settings, overwrite)
    return sum(_draw_split(out_dir, split, count, size, seed, workers) for split, count in counts.items())


def _claim(out_dir: Path, settings: dict[str, Any], overwrite: bool) -> None:
    """Make sure that ``out_dir`` holds nothing but a set of these settings, or the beginning of one."""
    record = out_dir / 'settings.json'
    present = _read_record(record)
    if present == settings:
        return
    if present.keys() == settings.keys():
        if not overwrite:
            other = [key for key in settings if present[key] != settings[key]]
            difference = ', '.join(f'{key} {present[key]} there and {settings[key]} asked' for key in other)
            raise FileExistsError(
                f'{out_dir} holds a set of other settings: {difference}. '
                'Choose another folder, or replace the set with --overwrite (overwrite=True).'
            )
        for split in present['counts']:
            for path in (*(out_dir / split).glob('*.png'), *(out_dir / 'annotations').glob(f'{split}.json*')):
                path.unlink()
    elif out_dir.exists() and any(out_dir.iterdir()):
        raise FileExistsError(f'{out_dir} is not empty and holds no synthetic set ({record.name}). Choose another.')
    out_dir.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(settings))


def _read_record(record: Path) -> dict[str, Any]:
    """The settings of the set that a folder holds; empty where it holds none."""
    if not record.exists():
        return {}
    try:
        present = json.loads(record.read_text())
        splits = [*present['counts']]
    except (ValueError, KeyError, TypeError):
        splits = ['']
    # Pictures of these splits are removed from the folders of their names.
    if not all(split.isidentifier() for split in splits):
        raise FileExistsError(
            f'{record.parent} is not empty, and its {record.name} is no record of a drawn set. Choose another folder.'
        )
    return dict(present)


def _draw_split(out_dir: Path, split: str, count: int, size: tuple[int, int], seed: int, workers: int) -> int:
    """Draw what is missing of a split, then write its annotations; return the number of images drawn."""
    folder, annotations = out_dir / split, out_dir / 'annotations' / f'{split}.json'
    if annotations.exists() and sum(1 for _ in folder.glob('*.png')) == count:
        return 0
    for parent in (folder, annotations.parent):
        parent.mkdir(exist_ok=True)
    # One line for each image that is finished. A line cut short by an interruption does not count.
    journal = annotations.with_suffix('.json.part')
    lines = journal.read_text().splitlines(keepends=True) if journal.exists() else []
    done = [line for line in lines if line.endswith('\n')]
    journal.write_text(''.join(done))
    job = partial(_draw_file, folder, split=split, size=size, seed=seed)
    with journal.open('a') as file:
        todo = range(len(done), count)
        for line in tqdm(_ordered_map(job, todo, workers), f'drawing {split}', count, initial=len(done), unit='img'):
            done.append(line)
            file.write(line)
            file.flush()
    journal.write_text(json.dumps(_to_coco(map(json.loads, done), size)))
    journal.replace(annotations)
    return len(todo)


def _ordered_map(job: Any, indices: range, workers: int) -> Iterator[str]:
    if workers <= 1:
        yield from map(job, indices)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(job, indices, chunksize=8)


def _draw_file(folder: Path, index: int, split: str, size: tuple[int, int], seed: int) -> str:
    """Write one image; return its line of the journal."""
    drawing = draw(seed, split, index, size)
    path = folder / f'{index:06d}.png'
    if not cv2.imwrite(str(path), drawing.image[..., ::-1]):
        raise OSError(f'could not write {path}')
    return json.dumps([path.name, drawing.scene, drawing.boxes.tolist(), drawing.labels.tolist()]) + '\n'


def _to_coco(drawings: Iterator[Any], size: tuple[int, int]) -> dict[str, Any]:
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for image_id, (name, scene, boxes, labels) in enumerate(drawings, 1):
        images.append(dict(id=image_id, file_name=name, width=size[0], height=size[1], scene=scene))
        for (x1, y1, x2, y2), label in zip(boxes, labels, strict=True):
            bbox = [x1, y1, x2 - x1, y2 - y1]
            entry = dict(image_id=image_id, category_id=label + 1, bbox=bbox, area=bbox[2] * bbox[3], iscrowd=0)
            annotations.append(dict(id=len(annotations) + 1, **entry))
    categories = [dict(id=i, name=name) for i, name in enumerate(CLASSES, 1)]
    return dict(images=images, annotations=annotations, categories=categories)
