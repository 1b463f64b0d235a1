"""Keys that are no texts, and texts that are odd: a tensor's name is what Python's str gives for each key."""

import torch

from recipes.zip_tensors import floats


def write(book) -> None:
    book.save("empty.pth", {"": floats(2), "a": {"": floats(3)}, "b": {"": {"c": floats(1)}}}, "keys that are empty")
    numbers = [0, -3, 2**70, True, None, 0.1, 1e16, 1e15, 1e-4, 1e-5, 123456789012345680.0, -0.0, 1.5e300, 5e-324]
    numbers += [float("inf"), float("-inf"), 9007199254740993.0, 1e22, 12345.678, 2.0]
    book.save("numbers.pth", {key: floats(1) for key in numbers}, "numbers, True and None, as Python writes them")
    texts = ["it's", 'say "x"', "both ' and \"", "back\\slash", "line\nbreak\ttab\rcr", "\x00\x1b\x7f\x9f\xa0\xad"]
    texts += ["\u200b\u2028\ue000\ufeff", "größe 中 \U0001f600", "e\u0301", "\U000e0001", "\u3000"]
    book.save("texts.pth", {(text,): floats(1) for text in texts}, "texts in tuples: Python's quotes and escapes")
    data = [b"by", b"it's", b'"', b"'\"", bytes(range(256)), b""]
    book.save("bytes.pth", {key: floats(1) for key in data}, "bytes as keys")
    tuples = [(), (1,), (1, 2), ((1, "a"), (None, (b"x", 0.5, True)))]
    book.save("tuples.pth", {"t": {key: floats(1) for key in tuples}, torch.float32: floats(1)}, "tuples, and a dtype")
