"""What the pack's fonts can print, read from their tables."""

import pytest

from engine.decision import letters


# Counted with fontTools 4.68: letters of the tables of form 4 and 12 that have a picture.
@pytest.mark.parametrize(
    ("font", "count"),
    [("DroidSansFallbackFull", 28_601), ("NotoEmoji-Regular", 1_446), ("NotoSansDevanagari-Regular", 183)],
)
def test_every_letter_of_a_font_is_found(font, count):
    assert len(set(letters._letters_of((letters.FONTS / f"{font}.ttf").read_bytes()))) == count


@pytest.mark.parametrize(
    "text", ["Grüße, Ελλάδα, Київ", "春季大促", "アニメ", "خصم", "מבצע", "ลด", "छूट", "🎉 ❤️ ✓ → ₫", "a\n\u3000b"]
)
def test_what_a_font_has_can_be_printed(text):
    assert letters.unprintable(text) == []


def test_what_no_font_has_is_said_once_and_by_its_script():
    found = letters.unprintable("한국 한 ქ \U0001d100")
    assert found == ["한", "국", "ქ", "\U0001d100"]
    assert letters.scripts(found) == ["Hangul", "Georgian", "U+1D100"]


def test_a_file_that_is_no_font_has_no_letters():
    assert list(letters._letters_of(b"")) == []
