from pathlib import Path

import numpy as np
from PIL import Image

from evaluation import duplicates, images
from tests.evaluation.pictures import textured, write


def grouped(folder: Path, names: list[str], labels: list[int]) -> duplicates.Duplicates:
    table = images.read_images([folder / n for n in names], np.arange(len(names)), 1)
    return duplicates.find(table, np.array(labels), None)


def test_different_pictures_are_no_duplicates(tmp_path: Path) -> None:
    names = write(tmp_path, 40)
    assert grouped(tmp_path, names, [0] * 40).groups == []


def test_the_same_pixels_in_another_file_are_an_exact_duplicate(tmp_path: Path) -> None:
    names = write(tmp_path, 5)
    Image.open(tmp_path / "2.png").save(tmp_path / "copy.bmp")
    (group,) = grouped(tmp_path, [*names, "copy.bmp"], [0] * 6).groups
    assert group.indices == (2, 5)
    assert group.kind == "exact"
    assert not group.conflicting


def test_a_recompressed_and_resized_picture_is_a_near_duplicate(tmp_path: Path) -> None:
    names = write(tmp_path, 10)
    image = Image.fromarray(textured(4, 200, 240))
    image.save(tmp_path / "large.png")
    image.resize((120, 100)).save(tmp_path / "small.jpg", quality=70)
    found = grouped(tmp_path, [*names, "large.png", "small.jpg"], [0] * 10 + [1, 2])
    groups = [group for group in found.groups if 11 in group.indices]
    assert groups
    assert groups[0].kind == "near"
    assert groups[0].conflicting


def test_blank_pictures_are_not_near_each_other(tmp_path: Path) -> None:
    for i in range(4):
        Image.new("L", (20, 20), 50 * i + 10).save(tmp_path / f"{i}.png")
    assert grouped(tmp_path, [f"{i}.png" for i in range(4)], [0] * 4).groups == []


def test_three_of_a_kind_are_one_group_with_two_repeats(tmp_path: Path) -> None:
    names = write(tmp_path, 4)
    for copy in ("a.png", "b.png"):
        (tmp_path / copy).write_bytes((tmp_path / "1.png").read_bytes())
    found = grouped(tmp_path, [*names, "a.png", "b.png"], [0, 1, 0, 0, 1, 1])
    assert [group.indices for group in found.groups] == [(1, 4, 5)]
    assert found.extra.tolist() == [4, 5]


def test_images_of_the_reference_set_are_called_leaked(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    names, others = write(here, 5), write(there, 3)
    (there / "0.png").unlink()
    first = images.read_images([here / n for n in names], np.arange(5), 1)
    second = images.read_images([there / n for n in others], np.arange(3), 1)
    assert duplicates.find(first, np.zeros(5, int), second).leaked == [(1, 1), (2, 2)]
