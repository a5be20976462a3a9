"""NumPy's own file of one array (`.npy`, format 1 and 2), as a body: no list of lists, and no text for a number.

Source of the format: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
"""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.lib import format as npy

from trainyard.errors import InvalidInputError, not_acceptable

CONTENT_TYPE = "application/x-npy"
# Numbers and truth values; nothing that a reader would run, and no records.
KINDS = "biuf"
READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_array_file(body: object) -> np.ndarray:
    """The array of a body. Raises InvalidInputError for what is no such file, or not as long as its head says."""
    if not isinstance(body, bytes | bytearray):
        raise _not_npy("it has no bytes")
    file = io.BytesIO(body)
    try:
        shape, is_by_column, dtype = READERS[npy.read_magic(file)](file)
    except KeyError as error:
        raise _not_npy(f"its format is {error}, and 1.0 and 2.0 are read") from error
    except (ValueError, EOFError, OverflowError, RecursionError, MemoryError) as error:
        raise _not_npy(str(error)) from error
    if dtype.kind not in KINDS:
        raise _not_npy(f"it holds {dtype}, and numbers are read")
    start, size = file.tell(), math.prod(shape) * dtype.itemsize
    # Before anything is allocated: the head alone may stand for any number of bytes.
    if len(body) - start != size:
        raise _not_npy(f"its head stands for {size} bytes, and {len(body) - start} follow it")
    values = np.frombuffer(body, dtype=dtype, offset=start)
    return values.reshape(shape, order="F" if is_by_column else "C")


def write_array_file(values: np.ndarray) -> bytes:
    """The body for an array of numbers or truth values. Raises InvalidInputError (406) for one of anything else."""
    if values.dtype.kind not in KINDS:
        raise not_acceptable(f"The answer holds {values.dtype}, which {CONTENT_TYPE} has no form for: ask for JSON.")
    file = io.BytesIO()
    npy.write_array(file, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)
    return file.getvalue()


def _not_npy(why: str) -> InvalidInputError:
    return InvalidInputError("not-npy", f"The body is no {CONTENT_TYPE} that can be read: {why}.")
