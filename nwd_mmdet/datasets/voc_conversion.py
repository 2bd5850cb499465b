"""Pascal VOC's XML files to COCO's format, with any classes."""

from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from nwd_mmdet.datasets.conversion import Conversion, empty_dataset
from nwd_mmdet.datasets.image_files import SUFFIXES, image_size
from nwd_mmdet.datasets.voc_files import VocAnnotation, VocObject, VocSet, VocSplit, read_xml

Annotations = dict[str, VocAnnotation | ValueError]


def read_annotations(dataset: VocSet) -> Annotations:
    """The XML files of all splits by the id of their image; a ValueError where one cannot be read."""
    ids = dict.fromkeys(image_id for split in dataset.splits for image_id in split.ids)
    found: Annotations = {}
    for image_id in tqdm(ids, 'annotations', unit='file', delay=2):
        if (path := dataset.xml_of(image_id)).is_file():
            try:
                found[image_id] = read_xml(path)
            except ValueError as error:
                found[image_id] = error
    return found


def classes_of(annotations: Annotations) -> list[str]:
    """The names of the classes, sorted."""
    readable = (annotation for annotation in annotations.values() if isinstance(annotation, VocAnnotation))
    return sorted({thing.name for annotation in readable for thing in annotation.objects if thing.name})


def convert(
    dataset: VocSet, split: VocSplit, annotations: Annotations, classes: Sequence[str], first_pixel: int = 1
) -> Conversion:
    """Convert one split, with the boxes that mmdet's ``XMLDataset`` has.

    * Corners are cut to whole pixels, and 1 is taken off each, as VOC counts from 1: ``[xmin - 1, ymin - 1, xmax -
      xmin, ymax - ymin]``. (For VOC the last pixel belongs to the object; this is one px narrower.)
    * Objects marked difficult become crowd annotations: ignored in training and evaluation. ``difficult``,
      ``truncated`` and ``occluded`` stay.
    * Left out are objects of other classes, without a name, without four numbers or without width or height, and
      images without a readable XML file or of unknown size.
    * The size of an image is that of its file as mmdet reads it; without a file, that of ``<size>``.

    All of it is counted.

    Args:
        dataset: Where the files are.
        split: One of its splits.
        annotations: As :func:`read_annotations` returns them.
        classes: Names of the classes, which get the category ids 1, 2, … in this order.
        first_pixel: What the set calls the first pixel: 1 as VOC, or 0, where nothing is taken off.
    """
    result = Conversion(empty_dataset(f'converted from Pascal VOC XML: {split.name}', dict(enumerate(classes, 1))))
    used: set[Path | None] = set()
    for image_id in tqdm(dict.fromkeys(split.ids), f'{split.name}: images', unit='img', delay=2):
        annotation = annotations.get(image_id)
        if not isinstance(annotation, VocAnnotation):
            what = 'without an XML file' if annotation is None else 'whose XML file cannot be read'
            result.count(f'images {what}, left out', image_id if annotation is None else str(annotation))
            used.add(dataset.by_stem.get(image_id))
            continue
        image = dataset.image_of(image_id, annotation)
        used.add(image)
        size = _size(result, image_id, annotation, image)
        if size is None:
            continue
        if image:
            name = image.relative_to(dataset.images).as_posix()
        else:
            name = annotation.filename if Path(annotation.filename).suffix.lower() in SUFFIXES else f'{image_id}.jpg'
        result.add_image(name, size)
        _add_objects(result, image_id, annotation.objects, classes, first_pixel)
    result.count('images that are listed again, left out', number=len(split.ids) - len(set(split.ids)))
    if split.whole_folder:
        unused = [path.name for path in dataset.files if path not in used]
        result.count('images without an XML file of their own, left out', ''.join(unused[:1]), len(unused))
    return result


def _size(result: Conversion, image_id: str, annotation: VocAnnotation, image: Path | None) -> tuple[int, int] | None:
    """The size of an image; None where it is to be left out."""
    if image is None:
        known = 'kept: size and name are from the XML' if annotation.size else 'without a <size> either, left out'
        result.count(f'images without a file, {known}', image_id)
        return annotation.size
    try:
        size = image_size(image)
    except ValueError as error:
        result.count('images that cannot be read, left out', str(error))
        return None
    if annotation.size is None:
        result.count('XML files without a <size>: that of the image is taken', image_id)
    elif annotation.size != size:
        (width, height), said = size, annotation.size
        example = f'{image_id}, {said[0]} x {said[1]} in the XML, {width} x {height} in the file'
        turned = ' (exchanged: annotated before the EXIF rotation?)' if said == (height, width) else ''
        result.count(f"images whose <size> is another than the file's, which is taken{turned}", example)
    return size


def _add_objects(
    result: Conversion, image_id: str, objects: Sequence[VocObject], classes: Sequence[str], first_pixel: int
) -> None:
    image = result.dataset['images'][-1]
    category = {name: number for number, name in enumerate(classes, 1)}
    if not objects:
        result.count('XML files without objects: their images are kept', image_id)
    for number, thing in enumerate(objects, 1):
        example = f'{image_id}, object {number}'
        result.count('parts of objects, left out', example, thing.parts)
        if thing.name not in category:
            name = f'of class {thing.name!r}, which is none of the classes' if thing.name else 'without a name'
            result.count(f'objects {name}, left out', example)
            continue
        if thing.corners is None:
            result.count('objects without a <bndbox> of four numbers, left out', example)
            continue
        x1, y1, x2, y2 = map(int, thing.corners)
        fractions = (x1, y1, x2, y2) != thing.corners
        result.count(
            "objects with fractions of pixels, cut to whole ones as mmdet's XMLDataset does", example, fractions
        )
        if first_pixel and 0 in (x1, y1):
            result.count('objects that begin at 0, before the first pixel: counted from 0? (--zero-based)', example)
        box = [x1 - first_pixel, y1 - first_pixel, x2 - x1, y2 - y1]
        if box[2] <= 0 or box[3] <= 0:
            result.count('objects without width or height, left out', f'{example}: {thing.corners}')
            continue
        over = min(box[:2]) < 0 or box[0] + box[2] > image['width'] or box[1] + box[3] > image['height']
        result.count('boxes over the border of their image, kept', example, int(over))
        difficult = bool(thing.flags.get('difficult'))
        result.count('objects marked difficult, kept as crowd: not trained on, not evaluated', example, difficult)
        result.add_object(category[thing.name], box, difficult, **thing.flags)
