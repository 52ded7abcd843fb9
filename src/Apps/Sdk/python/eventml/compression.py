"""LZ4 and ZSTD by the system's own libraries, which every Debian has; a clear error where they are missing."""

import ctypes
import ctypes.util
import functools
import struct

import numpy as np

from .flatbuffer import ArrowError

_LZ4_VERSION = 100


def decompress(codec, raw, limit):
    """What a compressed buffer of an Arrow file holds, as uint8; no more than limit bytes."""
    if len(raw) < 8:
        raise ArrowError("a compressed buffer is too short")
    (size,) = struct.unpack_from("<q", raw)
    packed = np.frombuffer(raw[8:], np.uint8)
    if size == -1:
        return packed
    if not 0 <= size <= limit:
        raise ArrowError(f"a compressed buffer claims {size} bytes")
    target = np.empty(size, np.uint8)
    if codec not in _CODECS:
        raise ArrowError("the file is compressed in an unknown way; write it with LZ4, ZSTD or none")
    if size and not _CODECS[codec](packed, target):
        raise ArrowError(f"a buffer does not decompress: its {codec} data is damaged")
    return target


@functools.lru_cache(maxsize=None)
def _library(name, package):
    try:
        return ctypes.CDLL(name)
    except OSError:
        raise ArrowError(f"the file is compressed, and {name} is missing; install {package}, or write the file without compression") from None


def _zstd(packed, target):
    decode = _library("libzstd.so.1", "libzstd1").ZSTD_decompress
    decode.restype = ctypes.c_size_t
    decode.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t]
    return decode(target.ctypes.data, target.nbytes, packed.ctypes.data, packed.nbytes) == target.nbytes


def _lz4(packed, target):
    library = _library("liblz4.so.1", "liblz4-1")
    library.LZ4F_decompress.restype = ctypes.c_size_t
    library.LZ4F_decompress.argtypes = [ctypes.c_void_p] * 6
    library.LZ4F_isError.argtypes = [ctypes.c_size_t]
    library.LZ4F_freeDecompressionContext.argtypes = [ctypes.c_void_p]
    context = ctypes.c_void_p()
    library.LZ4F_createDecompressionContext(ctypes.byref(context), ctypes.c_uint(_LZ4_VERSION))
    try:
        read = written = 0
        while True:
            taken, given = ctypes.c_size_t(packed.nbytes - read), ctypes.c_size_t(target.nbytes - written)
            left = library.LZ4F_decompress(context, target.ctypes.data + written, ctypes.byref(given), packed.ctypes.data + read, ctypes.byref(taken), None)
            if library.LZ4F_isError(left):
                return False
            read, written = read + taken.value, written + given.value
            if left == 0 or (taken.value == 0 and given.value == 0):
                return written == target.nbytes
    finally:
        library.LZ4F_freeDecompressionContext(context)


_CODECS = {"LZ4": _lz4, "ZSTD": _zstd}
