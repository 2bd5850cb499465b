"""Data sets against each other: images that both have, labels that mean different classes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from nwd_mmdet.datasets.annotation_files import listing
from nwd_mmdet.datasets.checks.findings import Check, Fate, Finding, Level
from nwd_mmdet.datasets.checks.image_contents import ImageContent

NamedFile = tuple[str, Path | None]

SHARED_NAMES = Check(
    'shared-file-names',
    'images of the same file name, and as far as is known of the same file size, in two sets',
    Fate(Level.HINT, 'if they are the same images, evaluation is on what was learned and its numbers are too good'),
    'compare them, as nwd-mmdet check-data does where it reads the images, and split anew',
)
SHARED_CONTENT = Check(
    'shared-content',
    'images of the same bytes in two sets',
    Fate(Level.ERROR, 'evaluation is on images that were learned, and its numbers are too good'),
    'take them out of one of the sets',
)
LABELS = Check(
    'labels-differ',
    'labels that are another class in two sets',
    Fate(Level.ERROR, 'what is learned as one class is evaluated as another'),
    'give both sets the same metainfo=dict(classes=…), and with CocoDataset their files the same order of categories',
)

CHECKS = (SHARED_NAMES, SHARED_CONTENT, LABELS)


def check_shared_names(
    source: str, files: Sequence[NamedFile], others: Sequence[NamedFile], contents: Mapping[Path, ImageContent]
) -> Iterator[Finding]:
    """Look for file names of two sets in common.

    Numbered images have the same names everywhere. So files of other sizes on disk are passed over, and those that were
    read, which :func:`check_shared_content` tells apart.

    Args:
        source: The sets.
        files: File name as listed, and the file, of each image of one set; None where it is not known.
        others: Those of the other.
        contents: The files that were read.
    """
    known = dict(others)
    pairs = {name: (path, known[name]) for name, path in files if name in known}
    shared = [name for name, (a, b) in pairs.items() if a is None or b is None or not _are_apart(a, b, contents)]
    if shared:
        yield Finding(SHARED_NAMES, source, len(shared), shared[0], SHARED_NAMES.fate)


def _are_apart(first: Path, second: Path, contents: Mapping[Path, ImageContent]) -> bool:
    if first in contents and second in contents:
        return True
    return first.is_file() and second.is_file() and first.stat().st_size != second.stat().st_size


def check_shared_content(
    source: str, paths: Sequence[Path], others: Sequence[Path], contents: Mapping[Path, ImageContent]
) -> Iterator[Finding]:
    """Look for files of two sets with the same bytes."""
    digests, other_digests = (
        {path: contents[path].digest for path in part if path in contents and contents[path].digest}
        for part in (paths, others)
    )
    twins = {digest: path for path, digest in other_digests.items()}
    shared = [path for path, digest in digests.items() if digest in twins]
    if shared:
        text = f'{shared[0]} and {twins[digests[shared[0]]]}'
        yield Finding(SHARED_CONTENT, source, len(shared), text, SHARED_CONTENT.fate)


def check_labels(source: str, labels: Sequence[str], others: Sequence[str]) -> Iterator[Finding]:
    """Compare what labels mean, up to the longer of two lists."""
    longest = max(len(labels), len(others))
    padded = [[*names, *['nothing'] * (longest - len(names))] for names in (labels, others)]
    different = [f'label {i} is {a!r} and {b!r}' for i, (a, b) in enumerate(zip(*padded)) if a != b]
    if different:
        yield Finding(LABELS, source, len(different), listing(different, 1), LABELS.fate)
