import colorsys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from evaluation import analyse, images
from evaluation.pixels import Meter
from tests.evaluation.pictures import textured, write
from tests.evaluation.samples import scores, softmax


def facts_of(path: Path) -> dict[str, float]:
    return dict(zip(images.PROPERTIES, images.read_facts(path).properties, strict=True))


def test_properties_follow_their_definitions(tmp_path: Path) -> None:
    pixels = textured(3)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    found = facts_of(tmp_path / "a.png")
    wide = pixels.astype(float)
    luma = np.asarray(Image.fromarray(pixels).convert("L"), float)
    exact = wide @ [0.299, 0.587, 0.114]
    assert found["brightness"] == pytest.approx(luma.mean() / 255, abs=1e-9)
    assert found["brightness"] == pytest.approx(exact.mean() / 255, abs=2e-3)
    assert found["contrast"] == pytest.approx(luma.std() / 255, abs=1e-9)
    hsv = [colorsys.rgb_to_hsv(*(pixel / 255)) for pixel in wide.reshape(-1, 3)]
    assert found["saturation"] == pytest.approx(np.mean([s for _, s, _ in hsv]), abs=1e-6)
    first, second = wide[..., 0] - wide[..., 1], (wide[..., 0] + wide[..., 1]) / 2 - wide[..., 2]
    colourfulness = np.hypot(first.std(), second.std())
    colourfulness += 0.3 * np.hypot(first.mean(), second.mean())
    assert found["colourfulness"] == pytest.approx(colourfulness, rel=1e-6)
    cross = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    inner = ndimage.convolve(luma, cross)[1:-1, 1:-1]
    assert found["sharpness"] == pytest.approx(inner.var(), rel=1e-5)
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    noise = np.abs(ndimage.convolve(luma, mask)[1:-1, 1:-1]).sum()
    noise *= np.sqrt(np.pi / 2) / (6 * (48 - 2) * (40 - 2))
    assert found["noise"] == pytest.approx(noise, rel=1e-9)
    _, counts = np.unique(luma, return_counts=True)
    share = counts / counts.sum()
    assert found["entropy"] == pytest.approx(-(share * np.log2(share)).sum())
    assert found["aspect_ratio"] == pytest.approx(40 / 48)
    assert found["resolution"] == 40 * 48


def test_a_grey_picture_has_no_colour(tmp_path: Path) -> None:
    Image.fromarray(textured(1)).convert("L").save(tmp_path / "a.png")
    found = facts_of(tmp_path / "a.png")
    assert found["saturation"] == found["colourfulness"] == 0


def test_black_pixels_have_no_saturation(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    assert facts_of(tmp_path / "a.png")["saturation"] == 0


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    image = Image.fromarray(textured(2))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif)
    found = images.read_facts(tmp_path / "a.jpg")
    assert found.properties[images.PROPERTIES.index("aspect_ratio")] == pytest.approx(48 / 40)
    assert "turned upright by EXIF" in found.notes


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(tmp_path / "a.png")
    found = images.read_facts(tmp_path / "a.png")
    assert found.properties[0] == pytest.approx(1.0)
    assert "transparency laid on white" in found.notes


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    values = np.full((10, 10), 32768, np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    assert facts_of(tmp_path / "a.png")["brightness"] == pytest.approx(0.5, abs=0.01)


def test_the_first_frame_of_an_animation_counts(tmp_path: Path) -> None:
    frames = [Image.new("L", (10, 10), v) for v in (200, 0)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    found = images.read_facts(tmp_path / "a.gif")
    assert found.properties[0] == pytest.approx(200 / 255, abs=0.01)
    assert "first frame of several" in found.notes


def test_what_cannot_be_read_is_counted_with_its_reason(tmp_path: Path) -> None:
    names = write(tmp_path, 3)
    (tmp_path / "text.png").write_text("not an image")
    (tmp_path / "empty.png").write_bytes(b"")
    whole = (tmp_path / names[0]).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    paths = [tmp_path / n for n in (*names, "text.png", "empty.png", "half.png", "gone.png")]
    table = images.read_images([*paths, None, tmp_path], np.arange(9), 2)
    assert table.readable.tolist() == [True] * 3 + [False] * 6
    reasons = dict(table.failures)
    assert set(reasons) == {3, 4, 5, 6, 7, 8}
    assert "not found" in reasons[6]
    assert "maps to no local file" in reasons[7]
    assert all(reasons.values())
    assert np.isnan(table.values["brightness"][3:]).all()


def test_a_decompression_bomb_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("L", (60, 60)).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(OSError, match="too many pixels"):
        images.open_image(tmp_path / "a.png")


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (3, 3)])
def test_tiny_pictures_have_finite_properties(tmp_path: Path, size: tuple[int, int]) -> None:
    Image.new("RGB", size, (10, 200, 30)).save(tmp_path / "a.png")
    assert all(np.isfinite(v) for v in facts_of(tmp_path / "a.png").values())


def test_jobs_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "FEW", 2)
    monkeypatch.setattr(images, "PART", 5)
    paths = [tmp_path / name for name in (*write(tmp_path, 12), "gone.png")]
    one, two = (images.read_images(paths, np.arange(13), jobs) for jobs in (1, 2))
    for name in images.PROPERTIES:
        np.testing.assert_array_equal(one.values[name], two.values[name])
    assert one.digests == two.digests
    assert one.failures == two.failures == [(12, "file not found")]


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("band", [1, 700, 3000])
def test_the_height_of_the_bands_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, band: int, mode: str
) -> None:
    Image.fromarray(textured(5)).resize((90, 140)).convert(mode).save(tmp_path / "a.png")
    whole = images.read_facts(tmp_path / "a.png")
    monkeypatch.setattr(images, "BAND", band)
    parts = images.read_facts(tmp_path / "a.png")
    assert parts.properties == pytest.approx(whole.properties, rel=1e-9)
    assert parts.dhash == whole.dhash
    np.testing.assert_array_equal(parts.tiny, whole.tiny)


def test_a_small_spread_around_a_large_mean_is_not_lost(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pixels = np.full((300, 300, 3), (250, 20, 5), np.uint8)
    pixels[rng.random(pixels.shape[:2]) < 1e-3, 0] -= 1
    Image.fromarray(pixels).save(tmp_path / "a.png")
    wide = pixels.astype(float)
    first, second = wide[..., 0] - wide[..., 1], (wide[..., 0] + wide[..., 1]) / 2 - wide[..., 2]
    exact = np.hypot(first.std(), second.std()) + 0.3 * np.hypot(first.mean(), second.mean())
    meter = Meter()
    meter.add(pixels[..., 0], [pixels[..., i] for i in range(3)], [0] * 255 + [90000])
    assert meter.colours.variance == pytest.approx([first.var(), 4 * second.var()], rel=1e-9)
    assert facts_of(tmp_path / "a.png")["colourfulness"] == pytest.approx(exact, rel=1e-12)


def test_far_values_are_extreme_but_a_part_of_the_data_is_not() -> None:
    values = np.random.default_rng(0).normal(size=400)
    values[:2] = [40, -40]
    assert np.flatnonzero(images.extremes(values)).tolist() == [0, 1]
    values[:60] = 40
    assert not images.extremes(values).any()


def test_which_images_are_drawn_follows_their_content(tmp_path: Path) -> None:
    logits, labels = scores(40, 3, 1)
    names = [f"{i}.png" for i in range(40)]
    for i, name in enumerate(names):
        Image.fromarray(textured(i)).save(tmp_path / name)
    drawn = []
    for rows in (np.arange(40), np.random.default_rng(0).permutation(40)):
        result = analyse(
            "image_classification",
            softmax(logits[rows]),
            labels[rows],
            [names[i] for i in rows],
            image_root=tmp_path,
            max_images=12,
        )
        table = result.findings.images
        assert table is not None
        drawn.append({names[i] for i in rows[table.readable]})
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 12
