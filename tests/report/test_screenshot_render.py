"""The rendition: marks that can be read, black-outs that leave nothing, bytes under the cap."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from reporter.errors import PictureError
from reporter.report import screenshot
from reporter.report.drawing import (
    TEXT_LIMIT_CHARS,
    Arrow,
    BlackOut,
    Caption,
    Ellipse,
    Mark,
    Picture,
    Rectangle,
)
from reporter.report.screenshot import pen, rendition
from reporter.report.screenshot.picture import to_picture

SIZE = (320, 200)
BLACK, WHITE, GREY = (0, 0, 0), (255, 255, 255), (128, 128, 128)
MEGABYTE = 1_000_000


def ground(colour: tuple[int, int, int] = GREY, size: tuple[int, int] = SIZE) -> Picture:
    return to_picture(Image.new("RGB", size, colour))


def noise(size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.merge("RGB", [Image.effect_noise(size, 200) for _ in range(3)])


def rendered(
    picture: Picture, marks: Sequence[Mark], *, limit_bytes: int = MEGABYTE, limit_px: int = 4_000
) -> Image.Image:
    content, kind = screenshot.render(picture, marks, limit_bytes=limit_bytes, limit_px=limit_px)
    assert len(content) <= limit_bytes
    with Image.open(io.BytesIO(content)) as image:
        assert Image.MIME[image.format or ""] == kind
        assert max(image.size) <= limit_px
        return image.convert("RGB")


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """As the Web Content Accessibility Guidelines define it."""

    def luminance(colour: tuple[int, ...]) -> float:
        parts = [c / 255 for c in colour]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_pixel_of_a_black_out_is_black_and_none_beside_it() -> None:
    image = noise()
    shown = rendered(to_picture(image), [BlackOut(x1=150, y1=120, x2=40, y2=30)])
    for y in range(SIZE[1]):
        for x in range(SIZE[0]):
            within = 40 <= x <= 150 and 30 <= y <= 120
            assert shown.getpixel((x, y)) == (BLACK if within else image.getpixel((x, y)))


@pytest.mark.parametrize(("limit_bytes", "limit_px"), [(MEGABYTE, 4_000), (MEGABYTE, 150), (12_000, 4_000)])
def test_what_was_blacked_out_makes_no_difference_to_what_is_sent(limit_bytes: int, limit_px: int) -> None:
    one = noise((400, 300))
    other = one.copy()
    other.paste(noise((101, 81)), (50, 60))
    marks: list[Mark] = [
        Caption(x1=45, y1=70, text="Here"),
        BlackOut(x1=50, y1=60, x2=150, y2=140),
        Ellipse(x1=40, y1=50, x2=170, y2=160),
    ]
    sent = [
        screenshot.render(to_picture(image), marks, limit_bytes=limit_bytes, limit_px=limit_px)
        for image in (one, other)
    ]
    assert one.tobytes() != other.tobytes()
    assert sent[0] == sent[1]


def test_a_black_out_covers_what_was_drawn_before_it() -> None:
    shown = rendered(ground(), [Caption(x1=10, y1=10, text="Secret"), BlackOut(x1=0, y1=0, x2=319, y2=199)])
    assert shown.getcolors() == [(SIZE[0] * SIZE[1], BLACK)]


def test_suggested_black_outs_that_the_person_took_away_are_not_drawn() -> None:
    suggested = BlackOut(x1=0, y1=0, x2=99, y2=99, reason="another program")
    picture = to_picture(Image.new("RGB", SIZE, GREY), [suggested])
    assert rendered(picture, []).getcolors() == [(SIZE[0] * SIZE[1], GREY)]
    assert rendered(picture, picture.marks).getpixel((50, 50)) == BLACK


@pytest.mark.parametrize("colour", [WHITE, BLACK, GREY, pen.LINE, (0, 160, 60), (30, 60, 220)])
def test_marks_stand_out_on_any_ground(colour: tuple[int, int, int]) -> None:
    marks: list[Mark] = [
        Arrow(x1=20, y1=150, x2=80, y2=100),
        Ellipse(x1=20, y1=20, x2=120, y2=80),
        Rectangle(x1=200, y1=20, x2=300, y2=80),
    ]
    for mark in marks:
        shown = rendered(ground(colour), [mark])
        colours = {found for count, found in shown.getcolors(65_536) or [] if count > 20}
        assert max(contrast(found, colour) for found in colours if isinstance(found, tuple)) >= 3
        assert {pen.LINE, WHITE} <= colours


def test_an_arrow_has_a_head_at_its_end_and_soft_edges() -> None:
    shown = rendered(ground(), [Arrow(x1=40, y1=100, x2=240, y2=100)])
    columns = {x: sum(shown.getpixel((x, y)) == pen.LINE for y in range(SIZE[1])) for x in range(SIZE[0])}
    assert columns[100] >= 2
    assert max(columns[x] for x in range(220, 240)) > 3 * columns[100]
    assert columns[30] == columns[250] == 0
    slanted = rendered(ground(), [Arrow(x1=40, y1=40, x2=240, y2=123)])
    blended = {colour for _, colour in slanted.getcolors(65_536) or []} - {GREY, WHITE, pen.LINE}
    assert len(blended) > 20


def test_an_ellipse_goes_around_and_is_empty_within() -> None:
    shown = rendered(ground(), [Ellipse(x1=60, y1=40, x2=260, y2=160)])
    for at in ((60, 100), (260, 100), (160, 40), (160, 160)):
        assert shown.getpixel(at) == pen.LINE
    assert shown.getpixel((160, 100)) == GREY
    assert shown.getpixel((62, 42)) == GREY


@pytest.mark.parametrize("colour", [WHITE, BLACK, GREY, pen.LINE])
def test_a_caption_can_be_read_on_any_ground(colour: tuple[int, int, int]) -> None:
    shown = rendered(ground(colour), [Caption(x1=20, y1=20, text="Кнопка «Записать» · їґє")])
    letters = [found for count, found in shown.getcolors(65_536) or [] if count > 20]
    assert {pen.LINE, WHITE} <= set(letters)
    assert contrast(pen.LINE, WHITE) > 4.5


def test_different_cyrillic_words_look_different() -> None:
    # A font without the letters shows the same empty box for each.
    words = ["Жук", "Пух", "Їжа", "Дно"]
    seen = {rendered(ground(), [Caption(x1=5, y1=5, text=word)]).tobytes() for word in words}
    assert len(seen) == len(words)
    face = pen.font(20)
    assert face is not None
    letters = "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя"
    assert len({bytes(face.getmask(letter)) for letter in letters + letters.upper()}) == 2 * len(letters)


def test_a_caption_stays_within_the_picture() -> None:
    for text in ("word " * 90, "w" * 500, "a\nb\nc"):
        shown = rendered(ground(size=(900, 700)), [Caption(x1=890, y1=690, text=text)])
        ink = [(x, y) for x in range(900) for y in range(700) if shown.getpixel((x, y)) == pen.LINE]
        assert ink
        # The label has its rim at the right and below: nothing is cut off.
        assert max(x for x, _ in ink) < 899
        assert max(y for _, y in ink) < 699
        assert any(shown.getpixel((899, y)) == WHITE for y in range(700))
        assert any(shown.getpixel((x, 699)) == WHITE for x in range(900))


def test_a_long_word_on_a_tiny_picture_is_cut_without_trying_every_length() -> None:
    asked: list[str] = []

    class Face:
        def getlength(self, text: str) -> float:
            asked.append(text)
            return 10.0 * len(text)

    lines = pen._wrapped("x" * TEXT_LIMIT_CHARS, Face(), 15)  # type: ignore[arg-type]
    assert lines == ["x"] * TEXT_LIMIT_CHARS
    assert len(asked) < 20 * TEXT_LIMIT_CHARS
    assert pen._wrapped("abcdefg hi", Face(), 30) == ["abc", "def", "g", "hi"]  # type: ignore[arg-type]


def test_an_empty_caption_draws_nothing() -> None:
    assert rendered(ground(), [Caption(x1=5, y1=5, text=" \n\x00")]).getcolors() == [
        (SIZE[0] * SIZE[1], GREY)
    ]


def test_without_a_font_for_it_a_caption_is_refused_rather_than_sent_as_boxes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pen, "FONTS", ("no such font.ttf",))
    assert len(rendered(ground(), [Caption(x1=5, y1=5, text="ASCII")]).getcolors(65_536) or []) > 1
    with pytest.raises(PictureError) as refused:
        rendered(ground(), [Caption(x1=5, y1=5, text="Кнопка")])
    assert str(refused.value) == pen.NO_FONT


PLACE = st.integers(-(10**9), 10**9) | st.integers(-50, 400)
MARKS = st.one_of(
    *[
        st.builds(kind, x1=PLACE, y1=PLACE, x2=PLACE, y2=PLACE)
        for kind in (Arrow, Ellipse, Rectangle, BlackOut)
    ],
    st.builds(Caption, x1=PLACE, y1=PLACE, text=st.text(alphabet="aЖ \n\t\u202e\ud800", max_size=40)),
)


@settings(max_examples=60)
@given(st.lists(MARKS, max_size=5))
def test_marks_anywhere_are_drawn_or_clipped(marks: list[Mark]) -> None:
    shown = rendered(ground(size=(80, 60)), marks)
    assert shown.size == (80, 60)
    last = marks[-1] if marks else None
    if isinstance(last, BlackOut):
        left, right = sorted((last.x1, last.x2))
        top, bottom = sorted((last.y1, last.y2))
        assert all(
            shown.getpixel((x, y)) == BLACK
            for x in range(max(0, left), min(79, right) + 1)
            for y in range(max(0, top), min(59, bottom) + 1)
        )


def test_too_many_marks_are_refused_rather_than_left_out() -> None:
    with pytest.raises(PictureError):
        rendered(ground(), [BlackOut(x1=0, y1=0, x2=1, y2=1)] * 201)


def test_the_same_picture_gives_the_same_bytes() -> None:
    picture = to_picture(noise())
    marks: list[Mark] = [Arrow(x1=1, y1=2, x2=100, y2=90), Caption(x1=20, y1=30, text="Тут")]
    for limit_bytes in (MEGABYTE, 20_000):
        first, again = (
            screenshot.render(picture, marks, limit_bytes=limit_bytes, limit_px=4_000) for _ in range(2)
        )
        assert first == again


@pytest.mark.parametrize("limit_bytes", [600_000, 60_000, 6_000, 1_500])
def test_it_fits_under_the_cap_whatever_it_shows(limit_bytes: int) -> None:
    rendered(to_picture(noise((640, 480))), [], limit_bytes=limit_bytes)


def test_what_cannot_be_made_small_enough_is_said() -> None:
    with pytest.raises(PictureError) as refused:
        rendered(to_picture(noise()), [], limit_bytes=100)
    assert str(refused.value) == rendition.DOES_NOT_FIT


def test_a_window_of_few_colours_is_sent_exactly_and_small() -> None:
    image = Image.new("RGB", (1920, 1080), (240, 240, 240))
    for i in range(200):
        image.paste((i, 255 - i, 90), (i * 9, 40, i * 9 + 5, 900))
    content, kind = screenshot.render(to_picture(image), [], limit_bytes=MEGABYTE, limit_px=4_000)
    assert kind == "image/png"
    assert len(content) < 40_000
    with Image.open(io.BytesIO(content)) as shown:
        assert shown.mode == "P"
        assert shown.convert("RGB").tobytes() == image.tobytes()


def test_a_photograph_is_sent_as_jpeg_where_that_is_much_smaller() -> None:
    photo = noise((160, 120)).resize((1280, 960), Image.Resampling.BICUBIC)
    content, kind = screenshot.render(to_picture(photo), [], limit_bytes=4 * MEGABYTE, limit_px=4_000)
    assert kind == "image/jpeg"
    assert len(content) * 3 < len(to_picture(photo).png)


@pytest.mark.parametrize("limit_bytes", [MEGABYTE, 20_000])
def test_nothing_but_the_picture_is_sent(limit_bytes: int) -> None:
    source = Image.new("RGB", SIZE)
    source.paste(noise())
    source.info.update(dpi=(300, 300), icc_profile=b"secret", comment=b"secret", exif=b"secret")
    content, kind = screenshot.render(to_picture(source), [], limit_bytes=limit_bytes, limit_px=4_000)
    assert b"secret" not in content
    with Image.open(io.BytesIO(content)) as shown:
        shown.load()
        # A JPEG says of itself that it is one, and in which version; nothing more.
        allowed = {"jfif", "jfif_version", "jfif_unit", "jfif_density"} if kind == "image/jpeg" else set()
        assert set(shown.info) <= allowed
        assert not shown.getexif()
        assert shown.mode in ("RGB", "P")


def test_the_editor_gets_smaller_pictures() -> None:
    for width, found in ((160, (160, 100)), (320, SIZE), (9_999, SIZE), (0, (1, 1))):
        with Image.open(io.BytesIO(screenshot.scaled(to_picture(noise()), width))) as image:
            assert (image.format, image.size) == ("PNG", found)
