"""The parts of an HDF5 file that posteriors are made of, read without following anything that leads out of it."""

from __future__ import annotations

import io
import math
import re
import struct
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np
import xarray as xr

from clvmodels.errors import ClvError
from clvmodels.intervals import Array

# Its low level, of which the stubs know little.
LOW: Any = h5py
GROUP, METADATA, DIMS = "posterior", "clvmodels", ("chain", "draw")
MOST_METADATA = 2**24
# A heap's head with its size, and that of each object in it: index, count of references, size.
HEAP, OBJECT = re.compile(rb"GCOL\x01.{3}(.{8})", re.DOTALL), struct.Struct("<H6xQ")
# What h5py raises for files that are none, are cut short, or contradict themselves.
DAMAGED = (OSError, KeyError, ValueError, TypeError, RuntimeError, OverflowError, AttributeError, MemoryError)


class PosteriorFile:
    """A file of posteriors, held in memory: its metadata and its draws.

    Links and data that lie elsewhere (external, virtual) are refused before they are looked at, and so is what is
    larger than the file: `save` writes plain arrays only.

    Raises
    ------
    ClvError
        If it holds a link, lacks a part, or a part is not of the kind and size that `save` writes.
    """

    def __init__(self, content: bytes) -> None:
        self._size = len(content)
        _check_heaps(content)
        self._file = h5py.File(io.BytesIO(content), "r")
        root: Any = self._file.id
        if root.get_create_plist().get_sizes() != (8, 8):
            raise ClvError("its addresses or lengths are not of 8 bytes")
        self._check_links(root)

    def metadata(self) -> bytes:
        """The JSON text in which `save` put all but the draws."""
        root: Any = self._file
        if METADATA not in root.attrs:
            raise ClvError(f"it has no attribute {METADATA!r}")
        attribute = root.attrs.get_id(METADATA)
        if attribute.shape != () or h5py.check_string_dtype(attribute.dtype) is None:
            raise ClvError(f"its attribute {METADATA!r} is no text")
        found = root.attrs[METADATA]
        text = found.encode("utf-8", "surrogateescape") if isinstance(found, str) else bytes(found)
        if len(text) > MOST_METADATA:
            raise ClvError(f"its attribute {METADATA!r} has {len(text):,} bytes; {MOST_METADATA:,} are the most")
        return text

    def draws(self, names: Sequence[str], group_name: str = GROUP) -> xr.Dataset:
        """The parameters' draws in a group, dims (chain, draw)."""
        group = self._member(self._file.id, group_name, LOW.h5g.GroupID, "a group")
        self._check_links(group)
        values = {name: self._array(group, name, 2) for name in names}
        coordinates = {name: self._coordinate(group, name) for name in DIMS if name.encode() in group}
        return xr.Dataset(
            {name: (DIMS, value) for name, value in values.items()},
            coords={name: value for name, value in coordinates.items() if value is not None},
        )

    def _array(self, group: Any, name: str, dimensions: int, kind: str = "f") -> Array:
        """An array as it stands in the file; its kind and size are looked at first."""
        dataset = self._member(group, name, LOW.h5d.DatasetID, "an array")
        plain = dataset.get_create_plist()
        # Before all else: even the shape of virtual data is looked up in other files.
        if plain.get_layout() != LOW.h5d.CONTIGUOUS or plain.get_external_count():
            raise ClvError(f"{name} is not stored as one plain array in the file itself")
        dtype, shape = dataset.dtype, dataset.shape
        if dtype.kind != kind or dtype.itemsize != 8:
            raise ClvError(f"{name} has the type {dtype}, not {'float64' if kind == 'f' else 'int64'}")
        if shape is None or len(shape) != dimensions:
            raise ClvError(f"{name} has the shape {shape}; {dimensions} dimensions are needed")
        if not dataset.get_storage_size() == math.prod(shape) * dtype.itemsize <= self._size:
            raise ClvError(f"{name} has the shape {shape}, which the file is too short for")
        values = np.empty(shape, dtype.newbyteorder("="))
        dataset.read(LOW.h5s.ALL, LOW.h5s.ALL, values)
        return values

    def _coordinate(self, group: Any, name: str) -> Array | None:
        """The labels of a dimension; None where it is a dimension alone, which NetCDF keeps as an array of float32."""
        dataset = self._member(group, name, LOW.h5d.DatasetID, "an array")
        label_free = dataset.get_type().get_class() == LOW.h5t.FLOAT
        return None if label_free else self._array(group, name, 1, kind="i")

    @staticmethod
    def _member(group: Any, name: str, kind: type, described: str) -> Any:
        if name.encode() not in set(group):
            raise ClvError(f"it has no {name!r}")
        found = LOW.h5o.open(group, name.encode())
        if not isinstance(found, kind):
            raise ClvError(f"its {name!r} is not {described}")
        return found

    @staticmethod
    def _check_links(group: Any) -> None:
        for name in group:
            if group.links.get_info(name).type != LOW.h5l.TYPE_HARD:
                raise ClvError(f"its {name.decode(errors='replace')[:40]!r} is a link, which may lead to another file")


def _check_heaps(content: bytes) -> None:
    """Refuse heaps (where texts are kept) that contradict themselves: HDF5 would go round in them for ever."""
    for heap in HEAP.finditer(content):
        at, end = heap.end(), heap.start() + int.from_bytes(heap[1], "little")
        while end <= len(content) and end - at >= OBJECT.size:
            index, size = OBJECT.unpack_from(content, at)
            # What is free counts its own head; what is held is padded to 8 bytes.
            step = OBJECT.size + -(-size // 8) * 8 if index else size
            if step < OBJECT.size:
                break
            at += step
        if not 0 <= end - at < OBJECT.size:
            raise ClvError("its texts are damaged")
