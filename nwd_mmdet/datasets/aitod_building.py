"""The third of AI-TOD's images that is cut from xView, without the authors' toolkit.

The annotations of AI-TOD are complete in its release and name every window, so the toolkit's search for windows with
objects need not be repeated: exactly the windows that are named are cut. Settings are those of the toolkit
(jwwangchn/AI-TOD, generate_aitod_imgs.py): 800 px every 600 px, the last window moved back to the border, black where
the image is smaller. It writes what it read as RGB with a function that takes BGR, so that red and blue are exchanged
relative to xView; everybody trained on those images, and so they are here.

Not verified against official images, which were not at hand: the order of x and y in the names. Windows that do not lie
on the grid of their image, as x and y in the wrong order mostly would not, are reported.
"""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from nwd_mmdet.datasets.aitod_files import AnnotationFile, image_folder
from nwd_mmdet.datasets.annotation_files import written_at_once

_WINDOW_NAME = re.compile(r'(\d+)__(\d+)_(\d+)\.png')


@dataclass(frozen=True)
class Window:
    """A part of an xView image.

    Attributes:
        source: Number of the xView image: ``{source}.tif``.
        x: Left border in px.
        y: Upper border in px.
        paths: Files it becomes, one in each split that lists it.
    """

    source: str
    x: int
    y: int
    paths: tuple[Path, ...]


@dataclass
class Report:
    """What was done, and what could not be.

    Attributes:
        written: Number of files written.
        present: Number of files that were there already.
        missing_sources: xView images that are not there.
        unreadable: xView images that could not be read, with the reason.
        outside: Windows that do not lie in their xView image.
        off_grid: Windows that were cut but lie on no place of the toolkit's grid.
        missing_others: Images that do not come from xView and are not there.
    """

    written: int = 0
    present: int = 0
    missing_sources: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    off_grid: list[str] = field(default_factory=list)
    missing_others: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every image is there."""
        return not (self.missing_sources or self.unreadable or self.outside or self.missing_others)

    def lines(self) -> Iterator[str]:
        """The report as text."""
        yield f'{self.written:,} files written, {self.present:,} were there already'
        for names, what in (
            (self.missing_sources, 'images of xView are missing'),
            (self.unreadable, 'images of xView could not be read'),
            (self.outside, 'windows do not lie in their xView image: is it the right one?'),
            (self.off_grid, "windows lie on no place of the toolkit's grid; they were cut as their names say"),
            (self.missing_others, 'images are not from xView and missing; they come with AI-TOD_wo_xview'),
        ):
            if names:
                yield f'{len(names):,} {what}: {", ".join(names[:5])}{" …" if len(names) > 5 else ""}'


def find_windows(root: Path, files: Iterable[AnnotationFile]) -> tuple[list[Window], list[str]]:
    """The windows that the annotations name, and the other images that are missing.

    Args:
        root: The folder of AI-TOD.
        files: Its annotation files; both versions of a split list the same images.
    """
    paths: dict[tuple[str, int, int], dict[Path, None]] = {}
    others: dict[str, None] = {}
    for file in files:
        split, folder = file.release.split, image_folder(root, file.release.split)
        for name in file.file_names:
            if match := _WINDOW_NAME.fullmatch(name):
                paths.setdefault((match[1], int(match[2]), int(match[3])), {})[folder / name] = None
            elif not (folder / name).is_file():
                others[f'{split}/{name}'] = None
    return [Window(*key, tuple(value)) for key, value in sorted(paths.items())], list(others)


def window_starts(length: int, size: int = 800, stride: int = 600) -> list[int]:
    """Where windows begin along a side of ``length`` px; the last one ends at the border."""
    if length <= size:
        return [0]
    return [*range(0, length - size, stride), length - size]


def cut_window(image: NDArray[np.uint8], x: int, y: int, size: int = 800) -> NDArray[np.uint8]:
    """The window, shape [size, size, 3], black where the image ends before it does."""
    window = np.zeros((size, size, 3), image.dtype)
    part = image[y : y + size, x : x + size]
    window[: part.shape[0], : part.shape[1]] = part
    return window


def build(
    sources: Path, root: Path, files: Sequence[AnnotationFile], workers: int = 1, size: int = 800, stride: int = 600
) -> Report:
    """Cut all windows that are not there yet.

    Files appear under their name when they are complete, so it can be interrupted and called again.

    Args:
        sources: Folder with xView's training images, ``1038.tif`` and so on.
        root: The folder of AI-TOD, with annotations; images go where its data set looks for them.
        files: Its annotation files.
        workers: Processes.
        size: Side of a window in px.
        stride: From window to window in px.
    """
    windows, missing_others = find_windows(root, files)
    report = Report(missing_others=missing_others)
    by_source: dict[str, list[Window]] = {}
    for window in windows:
        if all(path.is_file() for path in window.paths):
            report.present += len(window.paths)
        else:
            by_source.setdefault(window.source, []).append(window)
    tasks = {}
    for source, parts in by_source.items():
        path = sources / f'{source}.tif'  # never the ._1038.tif that macOS leaves in archives
        if path.is_file():
            tasks[source] = (path, parts, size, stride)
        else:
            report.missing_sources.append(path.name)
    with ProcessPoolExecutor(workers) as pool:
        futures = [pool.submit(_cut_source, *task) for task in tasks.values()]
        try:
            for future in tqdm(as_completed(futures), 'xView images', len(futures), unit='img'):
                _add(report, future.result())
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    return report


def _add(total: Report, part: Report) -> None:
    total.written += part.written
    total.present += part.present
    for name in ('unreadable', 'outside', 'off_grid'):
        getattr(total, name).extend(getattr(part, name))


def _cut_source(path: Path, windows: Sequence[Window], size: int, stride: int) -> Report:
    """Cut the windows of one xView image."""
    report = Report()
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        report.unreadable.append(path.name)
        return report
    exchanged = image[..., ::-1]  # see the module's docstring
    starts = {axis: window_starts(image.shape[1 - axis], size, stride) for axis in (0, 1)}
    for window in windows:
        if window.x >= image.shape[1] or window.y >= image.shape[0]:
            report.outside.append(window.paths[0].name)
            continue
        if window.x not in starts[0] or window.y not in starts[1]:
            report.off_grid.append(window.paths[0].name)
        pixels = cut_window(exchanged, window.x, window.y, size)
        for target in window.paths:
            if target.is_file():
                report.present += 1
            else:
                _write(pixels, target, [other for other in window.paths if other.is_file()])
                report.written += 1
    return report


def _write(pixels: NDArray[np.uint8], target: Path, same: Sequence[Path]) -> None:
    """Write a PNG in one step; a hard link where another split has the same image and the disk allows it."""
    with written_at_once(target) as temporary:
        try:
            os.link(same[0], temporary)
        except (IndexError, OSError):
            if not cv2.imwrite(str(temporary), pixels):
                raise OSError(f'{temporary} could not be written: is the disk full?') from None
