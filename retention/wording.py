"""Numbers and days in words, as a berita acara has them (RET-10): pure functions, Indonesian and English."""

from datetime import date

ID_DIGITS = "nol satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas".split()
EN_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
EN_TENS = ". . twenty thirty forty fifty sixty seventy eighty ninety".split()
ID_DAYS = "Senin Selasa Rabu Kamis Jumat Sabtu Minggu".split()
EN_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
ID_MONTHS = "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split()
EN_MONTHS = "January February March April May June July August September October November December".split()


def number_id(n: int) -> str:
    """0 to 999 999 999 in Indonesian: 2026 is "dua ribu dua puluh enam", 1100 "seribu seratus"."""
    if n < 12:
        return ID_DIGITS[n]
    if n < 20:
        return f"{ID_DIGITS[n - 10]} belas"
    for size, word, one in ((1_000_000, "juta", ""), (1_000, "ribu", "seribu"), (100, "ratus", "seratus"),
                            (10, "puluh", "")):  # fmt: skip
        if n >= size:
            many, rest = divmod(n, size)
            head = one if many == 1 and one else f"{number_id(many)} {word}"
            return f"{head} {number_id(rest)}" if rest else head
    raise ValueError(n)


def number_en(n: int) -> str:
    """0 to 999 999 999 in English: 2026 is "two thousand and twenty-six"."""
    if n < 20:
        return EN_SMALL[n]
    if n < 100:
        return EN_TENS[n // 10] + (f"-{EN_SMALL[n % 10]}" if n % 10 else "")
    for size, word in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if n >= size:
            many, rest = divmod(n, size)
            head = f"{number_en(many)} {word}"
            if not rest:
                return head
            return f"{head} and {number_en(rest)}" if rest < 100 else f"{head} {number_en(rest)}"
    raise ValueError(n)


def day_in_words(day: date, language: str) -> str:
    """ "Jumat tanggal dua puluh bulan November tahun dua ribu dua puluh enam"; in English "Friday, the twentieth …"."""
    if language == "id":
        return (
            f"{ID_DAYS[day.weekday()]} tanggal {number_id(day.day)} bulan {ID_MONTHS[day.month - 1]} "
            f"tahun {number_id(day.year)}"
        )
    return f"{EN_DAYS[day.weekday()]}, the {ordinal_en(day.day)} of {EN_MONTHS[day.month - 1]}, {number_en(day.year)}"


def ordinal_en(n: int) -> str:
    """1 to 99."""
    irregular = {1: "first", 2: "second", 3: "third", 5: "fifth", 8: "eighth", 9: "ninth", 12: "twelfth"}
    if n in irregular:
        return irregular[n]
    if n < 20:
        return f"{EN_SMALL[n]}th"
    if n % 10 == 0:
        return f"{EN_TENS[n // 10][:-1]}ieth"
    return f"{EN_TENS[n // 10]}-{ordinal_en(n % 10)}"
