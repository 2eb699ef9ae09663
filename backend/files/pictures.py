"""Pictures as they come in, and what is made of them: a small clean JPEG, a thumbnail, and what evidence needs.

What came in is never kept. Its pixels alone go into a new file, so metadata, other pictures in the same file and
whatever was hidden behind it stay behind.

Memory: a decode takes at most 150 MiB (tests measure it), one at a time in a process. What a pixel costs depends on the
format, so the largest picture does too: 40 megapixels of JPEG, which is decoded at the size it is needed in (progressive
4:4:4: 20), 33 of PNG, 24 of HEIC in tiles as phones make it (10 bits: 16; 4:4:4: 13; without tiles: 11), 8 of WebP.
"""

import ctypes
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from threading import Lock
from typing import Any, ClassVar, TypeVar

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms, PngImagePlugin
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from backend.core.errors import DomainError, invalid
from backend.core.geo import is_point

LONG_EDGE = 1_600
THUMBNAIL_EDGE = 400
MAX_PIXELS = 40_000_000
_DECODING_BYTES = 140_000_000
_PNG_BYTES = 4.2  # a pixel: its four bands, and the strips made of it
_WEBP_BYTES = 17  # a pixel: libwebp's animation decoder holds two canvases, its answer is copied twice
_MAX_SCANS = 100  # of a progressive JPEG, which has about 10: one costs 10 ms and may be written in 100 bytes

# What parsers of hostile files raise. MemoryError is not among them: it is ours.
_FAULTS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    RuntimeError,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    ImageCms.PyCMSError,
)
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_HALVED = 420  # 4:2:0, colour at half the resolution
_TILE_PIXELS = 2**20  # phones make tiles of 512 x 512; four are decoded at once
_FORGED_HEIF_BYTES = 12.7  # a pixel of 4:4:4 in 10 bits that said it were 4:2:0 in 8
_OTHER_FORMATS = re.compile(
    rb"GIF8|BM.{4}\0{4}|II\*\0|MM\0\*|.{4}ftyp|\xff\x0a|\0\0\0\x0c(JXL|jP )|8BPS|<svg|%PDF|RIFF.{4}AVI|\x1a\x45\xdf\xa3",
    re.DOTALL,
)
_OFFSET = re.compile(r"[+-]\d\d:\d\d")
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
_COSINES = np.cos(np.outer(np.arange(8), 2 * np.arange(32) + 1) * np.pi / 64)  # the 8 lowest of a DCT of 32
_ONE_AT_A_TIME = Lock()
_M_MMAP_THRESHOLD = -3  # malloc.h
PngImagePlugin.MAX_TEXT_MEMORY = PngImagePlugin.MAX_TEXT_CHUNK  # compressed comments unpack to 1 MiB in all, not to 64

T = TypeVar("T")

# glibc raises its threshold with every large block that is freed, and then keeps such blocks, in each thread's own heap:
# 32 uploads in 8 threads left 700 MiB behind. A threshold once set stays: 1 MiB and more always goes back.
if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
    mallopt(_M_MMAP_THRESHOLD, 2**20)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the file said about itself when it came in. Restricted: never served with the picture.

    `captured_at` is ISO 8601 as the camera's clock said it, with an offset only where the camera gave one: whoever
    compares it reads it in the region's time zone otherwise. Device make and model are not read.
    """

    sha256: str
    captured_at: str | None
    lat: float | None
    lng: float | None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A JPEG in sRGB, upright, at most 1,600 pixels long, without any metadata."""

    content_type: ClassVar[str] = "image/jpeg"
    content: bytes
    width: int
    height: int
    evidence: Evidence


def take_picture(source: bytes) -> Picture:
    """Decode JPEG (MPO too), PNG, WebP or HEIC and make it anew: 0.2 s of CPU for 12 megapixels of JPEG.

    Of a file with several pictures the main one counts; an animation is refused. Raises the 422 for `file`:
    `files.not_a_picture`, `files.unsupported_format`, `files.broken_picture` (cut or damaged) or
    `files.too_many_pixels` (`max_megapixels`: what a file of its kind may have).
    """
    decode = _decoder(source)
    with _ONE_AT_A_TIME:
        try:
            image = decode(source)
            exif = _try(image.getexif, Image.Exif())
            icc_profile = image.info.get("icc_profile")
            image.thumbnail((LONG_EDGE, LONG_EDGE), Image.Resampling.LANCZOS)
            image = _try(lambda: _in_srgb(image, icc_profile), image) if icc_profile else image
            turn = _try(lambda: _TURNS.get(exif[ExifTags.Base.Orientation]), None)
            image = image if turn is None else image.transpose(turn)
            content = _encode(image, quality=82)
        except _FAULTS as error:
            raise invalid("file", "files.broken_picture") from error
    lat, lng = _try(lambda: _place(exif), None) or (None, None)
    evidence = Evidence(
        sha256=sha256(source).hexdigest(),
        captured_at=_try(lambda: _captured_at(exif), None),
        lat=lat,
        lng=lng,
    )
    return Picture(content=content, width=image.width, height=image.height, evidence=evidence)


def make_thumbnail(content: bytes) -> bytes:
    """Return a JPEG at most 400 pixels long of what `take_picture` made."""
    image = JpegImageFile(BytesIO(content))
    image.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE), Image.Resampling.LANCZOS)
    return _encode(image, quality=78)


def perceptual_hash(content: bytes) -> str:
    """Return the 64-bit pHash of what `take_picture` made, as hex; alike pictures differ in few bits.

    The same as ImageHash's `phash`, which would bring 28 MiB of scipy into the process for this one product.
    """
    image = JpegImageFile(BytesIO(content)).convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    low = np.round(_COSINES @ np.asarray(image, dtype=float) @ _COSINES.T, 6)
    return np.packbits(low > np.median(low)).tobytes().hex()


def _try(read: Callable[[], T], otherwise: T) -> T:
    """Return what `read` returns, or `otherwise`: a photo is not refused for what is wrong with its metadata."""
    try:
        return read()
    except _FAULTS:
        return otherwise


def _decoder(source: bytes) -> Callable[[bytes], Image.Image]:
    if source.startswith(b"\xff\xd8\xff"):
        return _decode_jpeg
    if source.startswith(b"\x89PNG\r\n\x1a\n"):
        return _decode_png
    if source[:4] == b"RIFF" and source[8:12] == b"WEBP":
        return _decode_webp
    if source[4:8] == b"ftyp" and source[8:12] in _HEIF_BRANDS:
        return _decode_heif
    raise invalid("file", "files.unsupported_format" if _OTHER_FORMATS.match(source) else "files.not_a_picture")


def _most_pixels(bytes_per_pixel: float) -> int:
    return min(MAX_PIXELS, int(_DECODING_BYTES / bytes_per_pixel))


def _too_many(bytes_per_pixel: float) -> DomainError:
    return invalid("file", "files.too_many_pixels", max_megapixels=_most_pixels(bytes_per_pixel) // 1_000_000)


def _check_pixels(size: tuple[int, int], bytes_per_pixel: float) -> None:
    if size[0] * size[1] > _most_pixels(bytes_per_pixel):
        raise _too_many(bytes_per_pixel)


def _in_strips(size: tuple[int, int], info: dict[Any, Any], strip: Callable[[int, int], Image.Image]) -> Image.Image:
    """Return RGB on white, reduced by a whole factor to one to two times the length wanted.

    Strip by strip (`strip(top, bottom)`), so that no second copy of the whole is ever made.
    """
    width, height = size
    factor = max(1, max(size) // LONG_EDGE)
    small = Image.new("RGB", (math.ceil(width / factor), math.ceil(height / factor)))
    rows = 16 * factor
    for top in range(0, height, rows):
        piece = _flat(strip(top, min(top + rows, height)))
        small.paste(piece.reduce(factor), (0, top // factor))
    small.info = info
    return small


def _flat(piece: Image.Image) -> Image.Image:
    if piece.mode.startswith("I"):  # 16 bits of grey
        return piece.point(lambda level: level * (1 / 256)).convert("L").convert("RGB")
    if not piece.has_transparency_data:
        return piece.convert("RGB")
    piece = piece.convert("RGBA")
    white = Image.new("RGB", piece.size, "white")
    white.paste(piece, mask=piece)
    return white


def _decode_whole(image: ImageFile) -> Image.Image:
    image.load()
    return _in_strips(image.size, image.info, lambda top, bottom: image.crop((0, top, image.width, bottom)))


def _decode_jpeg(source: bytes) -> Image.Image:
    stream = BytesIO(source)
    image = JpegImageFile(stream)  # not Image.open: of an MPO the first picture, its photo, is all that is looked at
    whole = image.size
    times = max(1, max(whole) / LONG_EDGE)
    image.draft("RGB", (max(1, int(whole[0] / times)), max(1, int(whole[1] / times))))
    cost = 4 * (image.width * image.height) / (whole[0] * whole[1])
    first_scan = source.rindex(b"\xff\xda", 0, stream.tell())
    if "progressive" in image.info or source[first_scan + 4] < len(image.layer):
        # In several scans: libjpeg keeps every coefficient, 2 bytes each, and each scan goes through all of them.
        finest = max(h for _, h, _, _ in image.layer) * max(v for _, _, v, _ in image.layer)
        cost += 2 * sum(h * v for _, h, v, _ in image.layer) / finest
        if source.count(b"\xff\xda") > _MAX_SCANS:
            raise invalid("file", "files.unsupported_format")
    _check_pixels(whole, cost)
    image.app.clear()  # `info` has what is needed of the metadata; 10 MB of it need not be there twice
    image.applist.clear()
    return _decode_whole(image)


def _decode_png(source: bytes) -> Image.Image:
    return _decode_still(PngImageFile(BytesIO(source)), bytes_per_pixel=_PNG_BYTES)


def _decode_webp(source: bytes) -> Image.Image:
    try:
        image = WebPImageFile(BytesIO(source))
    except Image.DecompressionBombError as error:
        raise _too_many(_WEBP_BYTES) from error
    return _decode_still(image, bytes_per_pixel=_WEBP_BYTES)


def _decode_still(image: PngImageFile | WebPImageFile, *, bytes_per_pixel: float) -> Image.Image:
    if getattr(image, "is_animated", False):
        raise invalid("file", "files.unsupported_format")
    _check_pixels(image.size, bytes_per_pixel)
    return _decode_whole(image)


def _heif_bytes(frame: pillow_heif.HeifImage) -> float:
    """Return what a pixel takes: its bands, and what libde265 and libheif hold of the coded planes (measured)."""
    info: dict[str, Any] = frame.info
    planes, held = (1.5, 1.8) if info.get("chroma") == _HALVED else (1, 2.35) if frame.mode in {"L", "LA"} else (3, 2.35)
    declared: float = Image.getmodebands(frame.mode) + held * (planes + frame.has_alpha) * math.ceil(info["bit_depth"] / 8)
    # Depth and colour may be forged, which libheif sees when it has decoded: a tile, or the whole if there are none.
    tile = info.get("tiling", {"tile_width": frame.size[0], "tile_height": frame.size[1]})
    tiled = tile["tile_width"] * tile["tile_height"] <= _TILE_PIXELS
    return declared if tiled else max(declared, _FORGED_HEIF_BYTES)


def _decode_heif(source: bytes) -> Image.Image:
    container = pillow_heif.open_heif(BytesIO(source), remove_stride=False)
    frame = container[container.primary_index]
    _check_pixels(frame.size, _heif_bytes(frame))
    pixels, stride = memoryview(frame.data), frame.stride

    def strip(top: int, bottom: int) -> Image.Image:
        rows = pixels[top * stride : bottom * stride]
        return Image.frombytes(frame.mode, (frame.size[0], bottom - top), rows, "raw", frame.mode, stride)

    pillow_heif.set_orientation(frame.info)  # libheif has turned it already
    return _in_strips(frame.size, frame.info, strip)


def _in_srgb(image: Image.Image, icc_profile: bytes) -> Image.Image:
    profile = ImageCms.ImageCmsProfile(BytesIO(icc_profile))
    return ImageCms.profileToProfile(image, profile, _SRGB) or image


def _encode(image: Image.Image, *, quality: int) -> bytes:
    image.info = {}  # Pillow would write a comment from here
    out = BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _captured_at(exif: Image.Exif) -> str | None:
    camera = exif.get_ifd(ExifTags.IFD.Exif)
    taken = str(camera[ExifTags.Base.DateTimeOriginal])
    offset = str(camera.get(ExifTags.Base.OffsetTimeOriginal) or camera.get(ExifTags.Base.OffsetTime))
    zone = offset if _OFFSET.fullmatch(offset) else ""
    return datetime.fromisoformat(f"{taken[:10].replace(':', '-')}T{taken[11:19]}{zone}").isoformat()


def _place(exif: Image.Exif) -> tuple[float, float] | None:
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)

    def angle(tag: int, negative: str) -> float:
        degrees, minutes, seconds = map(float, gps[tag])
        sign = -1 if gps[tag - 1].strip("\0 ").upper() == negative else 1
        return sign * (degrees + minutes / 60 + seconds / 3600)

    lat, lng = angle(ExifTags.GPS.GPSLatitude, "S"), angle(ExifTags.GPS.GPSLongitude, "W")
    return (lat, lng) if is_point(lat, lng) else None
