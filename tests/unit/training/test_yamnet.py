from __future__ import annotations

import struct

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs torch")

from training.targets import class_list  # noqa: E402
from training.yamnet import STRIDES, YamNet, load, mel_filters, read_variables  # noqa: E402
from wakeword.errors import ConfigError  # noqa: E402

PREFIX = "layer-1/layer/_func/_yamnet/layer_with_weights-"
SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"


def varint(value):
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def block(entries):
    """A block of a sorted table whose keys share what they begin with, and its checksum."""
    data, before = b"", b""
    for key, value in entries:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        data += varint(shared) + varint(len(key) - shared) + varint(len(value))
        data += key[shared:] + value
        before = key
    return data + struct.pack("<II", 0, 1), b"\0\0\0\0\0"


def write(folder, arrays):
    """A SavedModel's variables, as TensorFlow lays them out."""
    folder.mkdir(parents=True)
    data, entries = b"", []
    for key in sorted(arrays):
        array = arrays[key].astype("<f4")
        dims = b"".join(
            b"\x12" + varint(len(dim)) + dim for dim in (b"\x08" + varint(n) for n in array.shape)
        )
        entry = b"\x08\x01\x12" + varint(len(dims)) + dims
        entry += b"\x20" + varint(len(data)) + b"\x28" + varint(array.nbytes) + b"\x35abcd"
        entries.append((key.encode(), entry))
        data += array.tobytes()
    first, check = block(entries)
    table = first + check
    index, check = block([(b"\xff", varint(0) + varint(len(first)))])
    place = varint(0) + varint(0) + varint(len(table)) + varint(len(index))
    table += index + check + place.ljust(40, b"\0") + bytes.fromhex("57fb808b247547db")
    (folder / "variables.index").write_bytes(table)
    (folder / "variables.data-00000-of-00001").write_bytes(data)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A network of YAMNet's form with four channels and weights by chance."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("yamnet")
    arrays = {}

    def put(layer, name, *shape):
        value = 0.3 * rng.standard_normal(shape)
        arrays[f"{PREFIX}{layer}/{name}{SUFFIX}"] = np.abs(value) if "variance" in name else value

    put(0, "kernel", 3, 3, 1, 4)
    for number in range(2 * len(STRIDES) + 1):
        for name in ("beta", "moving_mean", "moving_variance"):
            put(2 * number + 1, name, 4)
    for number in range(len(STRIDES)):
        put(4 * number + 2, "depthwise_kernel", 3, 3, 4, 1)
        put(4 * number + 4, "kernel", 1, 1, 4, 4)
    put(4 * len(STRIDES) + 2, "kernel", 4, 3)
    put(4 * len(STRIDES) + 2, "bias", 3)
    write(folder / "variables", arrays)
    (folder / "assets").mkdir()
    rows = ["index,mid,display_name", "0,/m/a,Speech", '1,/m/b,"Bark"', "2,/m/c,No such thing"]
    (folder / "assets" / "yamnet_class_map.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder, arrays


def test_variables_are_read_as_they_were_written(model):
    """Every array by its layer and name, in its shape."""
    folder, arrays = model
    found = read_variables(folder / "variables")
    assert len(found) == len(arrays)
    for (layer, name), array in found.items():
        np.testing.assert_array_equal(array, arrays[f"{PREFIX}{layer}/{name}{SUFFIX}"].astype("f4"))


def test_a_second_of_sound_has_features_and_classes(model):
    """Classes stand where AudioSet has them; the level of a recording does not matter."""
    teacher = YamNet(model[0])
    heard = np.random.default_rng(1).uniform(-0.1, 0.1, (2, 16000)).astype(np.float32)
    features, logits = teacher(heard)
    assert features.shape == (2, 4)
    assert logits.shape == (2, 527)
    known = [class_list().index(name) for name in ("Speech", "Bark")]
    assert np.flatnonzero(logits[0] > -12.0).tolist() == sorted(known)
    quieter = teacher(np.multiply(heard, 0.5, dtype=np.float32))[0]
    assert np.abs(quieter - features).max() < 1e-4 * np.abs(features).max()


def test_mel_filters_cover_the_stated_bands():
    """Nothing below 125 Hz or above 7.5 kHz; every filter has a peak."""
    filters = mel_filters()
    hertz = np.linspace(0, 8000, 257)
    assert filters.shape == (257, 64)
    assert not filters[(hertz <= 125) | (hertz >= 7500)].any()
    assert (filters.max(axis=0) > 0.3).all()


def test_without_a_folder_there_is_no_teacher(monkeypatch):
    """The environment names it."""
    monkeypatch.delenv("YAMNET", raising=False)
    with pytest.raises(ConfigError, match="YAMNET"):
        load()
