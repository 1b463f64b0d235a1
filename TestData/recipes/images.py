"""Small JPEG and PNG files of every kind, with what Pillow makes of them: convert("RGB"), the EXIF orientation applied,
16-bit grey by its high byte. images.json holds each file's size and the CRC-32 of its red, green, blue bytes."""

import io
import json
import struct
import zlib

import numpy
from PIL import Image, ImageOps

SIZE = (37, 29)


def picture(channels: int, seed: int = 1) -> numpy.ndarray:
    random = numpy.random.default_rng(seed)
    coarse = random.integers(0, 256, (5, 6, channels), dtype=numpy.uint8)
    return numpy.stack([numpy.asarray(Image.fromarray(coarse[..., c]).resize(SIZE, Image.BICUBIC)) for c in range(channels)], -1)


def png(color_type: int, depth: int, rows: list[bytes], *chunks: tuple[bytes, bytes], interlaced=False) -> bytes:
    """A PNG file of rows that are packed already."""
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = struct.pack(">IIBBBBB", SIZE[0], SIZE[1], depth, color_type, 0, 0, int(interlaced))
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def interlaced(channels: numpy.ndarray) -> list[bytes]:
    """Adam7's seven passes, row by row."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    return [row.tobytes() for x, y, dx, dy in passes for row in channels[y::dy, x::dx] if row.size]


def files() -> dict[str, bytes]:
    out, rgb, grey = {}, Image.fromarray(picture(3)), Image.fromarray(picture(1)[..., 0])

    def save(name: str, image: Image.Image, **options) -> None:
        buffer = io.BytesIO()
        image.save(buffer, "PNG" if name.endswith("png") else "JPEG", **options)
        out[name] = buffer.getvalue()

    for sampling, name in enumerate(["444", "422", "420"]):
        save(f"jpeg_{name}.jpg", rgb, subsampling=sampling, quality=80)
    save("jpeg_progressive.jpg", rgb, progressive=True, quality=70)
    save("jpeg_grey.jpg", grey)
    save("jpeg_cmyk.jpg", Image.fromarray(picture(4), "CMYK"))
    save("jpeg_restart.jpg", rgb, restart_marker_blocks=2)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(f"jpeg_orientation_{orientation}.jpg", rgb, exif=exif)
    exif = Image.Exif()
    exif[0x0112] = 6
    save("png_orientation_6.png", rgb, exif=exif)
    save("png_rgb.png", rgb)
    save("png_grey.png", grey)
    save("png_palette.png", rgb.quantize(16))
    save("png_palette_transparent.png", rgb.quantize(200), transparency=3)
    save("png_rgba.png", Image.fromarray(picture(4), "RGBA"))
    save("png_grey_alpha.png", Image.fromarray(picture(2), "LA"))
    save("png_bilevel.png", grey.convert("1"))
    wide = picture(3).astype(numpy.uint16) * 257 - 40 * (picture(3, 2) > 128)
    out["png_rgb16.png"] = png(2, 16, [row.astype(">u2").tobytes() for row in wide])
    out["png_grey16.png"] = png(0, 16, [row.astype(">u2").tobytes() for row in wide[..., 0]])
    out["png_rgba16.png"] = png(6, 16, [row.astype(">u2").tobytes() for row in numpy.concatenate([wide, wide[..., :1]], -1)])
    for depth in (2, 4):
        values = picture(1)[..., 0] >> (8 - depth)
        bits = ((values[..., None] >> numpy.arange(depth - 1, -1, -1)) & 1).reshape(SIZE[1], -1)
        out[f"png_grey{depth}.png"] = png(0, depth, [numpy.packbits(row).tobytes() for row in bits])
    out["png_interlaced.png"] = png(2, 8, interlaced(picture(3)), interlaced=True)
    out["png_gamma.png"] = png(2, 8, [row.tobytes() for row in picture(3)], (b"gAMA", struct.pack(">I", 100000)))
    out |= more(rgb)
    out["png_transparent_color.png"] = png(2, 8, [row.tobytes() for row in picture(3)], (b"tRNS", bytes(6)))
    return out


def more(rgb: Image.Image) -> dict[str, bytes]:
    """What Pillow does not write: made of what it does, or byte by byte."""
    out = {}
    buffer = io.BytesIO()
    Image.fromarray(picture(4), "CMYK").save(buffer, "JPEG", quality=85)
    cmyk = buffer.getvalue()
    # Adobe's marker: length, name, version, flags and the transform, 0 for CMYK.
    marker = cmyk.index(b"\xff\xee")
    assert cmyk[marker + 4 : marker + 9] == b"Adobe" and cmyk[marker + 15] == 0
    out["jpeg_cmyk_without_marker.jpg"] = cmyk[:marker] + cmyk[marker + 16 :]
    out["jpeg_ycck.jpg"] = cmyk[: marker + 15] + b"\2" + cmyk[marker + 16 :]
    for name, options in [("rgb", {"keep_rgb": True}), ("one_row", {"subsampling": "4:2:0"})]:
        buffer = io.BytesIO()
        (rgb.crop((0, 0, 37, 1)) if name == "one_row" else rgb).save(buffer, "JPEG", **options)
        out[f"jpeg_{name}.jpg"] = buffer.getvalue()
    # The orientation in big-endian TIFF, which cameras write, after another tag.
    tiff = b"MM\0*" + struct.pack(">IHHHIIHHIHHI", 8, 2, 0x0100, 4, 1, 37, 0x0112, 3, 1, 8, 0, 0)
    buffer = io.BytesIO()
    rgb.save(buffer, "JPEG", exif=b"Exif\0\0" + tiff)
    out["jpeg_orientation_big_endian.jpg"] = buffer.getvalue()
    grey, palette = picture(1)[..., 0], picture(3, 4).reshape(-1, 3)[:16].tobytes()
    out["png_interlaced_palette.png"] = png(3, 8, interlaced(grey[..., None] >> 4), (b"PLTE", palette), interlaced=True)
    alpha = picture(2, 5)
    out["png_interlaced_alpha.png"] = png(4, 8, interlaced(alpha), interlaced=True)
    wide = (grey.astype(numpy.uint16) * 257 - 100).astype(">u2")
    out["png_interlaced_grey16.png"] = png(0, 16, interlaced(wide[..., None]), interlaced=True)
    both = numpy.stack([wide, wide[::-1]], -1)
    out["png_grey_alpha16.png"] = png(4, 16, [row.tobytes() for row in both])
    for depth in (1, 2):
        bits = (((grey >> (8 - depth))[..., None] >> numpy.arange(depth - 1, -1, -1)) & 1).reshape(SIZE[1], -1)
        packed = [numpy.packbits(row.astype(numpy.uint8)).tobytes() for row in bits]
        out[f"png_palette{depth}.png"] = png(3, depth, packed, (b"PLTE", palette[: 3 << depth]))
    return out


def pixels(data: bytes) -> numpy.ndarray:
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode.startswith("I;16"):
        return numpy.repeat((numpy.asarray(image) >> 8).astype(numpy.uint8)[..., None], 3, -1)
    return numpy.asarray(image.convert("RGB"))


def write(book) -> None:
    rows = []
    for name, data in files().items():
        book.path(name).write_bytes(data)
        values = pixels(data)
        rows.append({"file": name, "width": values.shape[1], "height": values.shape[0], "crc32": zlib.crc32(values.tobytes())})
    large = Image.fromarray(picture(3, 7)).resize((300, 211), Image.BICUBIC)
    resized = []
    for size in [(256, 180), (37, 300), (300, 100), (512, 400)]:
        values = numpy.asarray(large.resize(size, Image.BILINEAR))
        resized.append({"width": size[0], "height": size[1], "crc32": zlib.crc32(values.tobytes())})
    large.save(book.path("large.png"))
    book.path("images.json").write_text(json.dumps({"files": rows, "resized": resized}, indent=1) + "\n")
