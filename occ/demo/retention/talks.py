"""What customers and agents write to each other in the demo: invented people, usual matters."""

import random
from dataclasses import dataclass

FIRST = "Bambang Sri Yanto Tuti Rahmat Lina Agung Dewi Hasan Murni Slamet Ratih Udin Wati Gunawan Nani".split()
LAST = "Hartono Wulan Suryadi Marlina Basuki Kusnadi Rosita Halim Sutrisno Anwar Purwanti Sitorus".split()
CUSTOMER, AGENT = "customer", "agent"


@dataclass(frozen=True)
class Customer:
    name: str
    phone: str


def customer(rng: random.Random) -> Customer:
    """Numbers of a range that no operator has given out."""
    return Customer(f"{rng.choice(FIRST)} {rng.choice(LAST)}", f"0899000{rng.randrange(10_000, 99_999)}")


OPENING = (AGENT, "Selamat {waktu}, terima kasih telah menghubungi kami. Saya {agen}, ada yang bisa dibantu?")
CLOSING = (AGENT, "Baik {nama}, ada lagi yang bisa kami bantu? Terima kasih dan selamat beraktivitas.")
TALKS: tuple[tuple[tuple[str, str], ...], ...] = (
    (
        (CUSTOMER, "Saya {nama}, kenapa sewa modal gadai saya bulan ini lebih besar dari biasanya?"),
        (AGENT, "Mohon maaf atas ketidaknyamanannya. Boleh kami minta nomor kontak yang terdaftar?"),
        (CUSTOMER, "{hp}"),
        (AGENT, "Terima kasih {nama}. Sewa modal dihitung per 15 hari; pinjaman sudah masuk periode berikutnya."),
        (CUSTOMER, "Saya tidak diberi tahu. Saya mau komplain."),
        (AGENT, "Keluhan kami catat dan diteruskan ke cabang; jawaban kami sampaikan paling lambat dua hari kerja."),
    ),
    (
        (CUSTOMER, "Halo, kartu saya hilang kemarin di pasar. Apa yang harus saya lakukan?"),
        (AGENT, "Kami turut prihatin. Untuk verifikasi, mohon nama lengkap dan nomor ponsel yang terdaftar."),
        (CUSTOMER, "{nama}, {hp}"),
        (AGENT, "Baik {nama}, kartu sudah kami blokir. Penggantian di cabang dengan KTP dan surat kehilangan."),
        (CUSTOMER, "Ada biayanya?"),
        (AGENT, "Ada, sesuai tarif yang berlaku di cabang."),
    ),
    (
        (CUSTOMER, "Hari Sabtu cabang Yogyakarta buka jam berapa?"),
        (AGENT, "Hari Sabtu cabang buka pukul 08.00 sampai 12.00, {nama}. Minggu tutup."),
        (CUSTOMER, "Terima kasih infonya."),
    ),
    (
        (CUSTOMER, "Saya mau perpanjang gadai emas lewat aplikasi tapi gagal terus."),
        (AGENT, "Baik, boleh diinfokan pesan kesalahannya dan nomor ponsel yang dipakai masuk?"),
        (CUSTOMER, "Tulisannya 'transaksi tidak dapat diproses'. Nomor saya {hp}."),
        (AGENT, "Terima kasih {nama}. Sistem sedang pemeliharaan sampai pukul 22.00, silakan dicoba setelahnya."),
        (CUSTOMER, "Kalau lewat jatuh tempo bagaimana?"),
        (AGENT, "Kami catat laporannya, sehingga keterlambatan hari ini tidak dikenakan denda."),
    ),
    (
        (CUSTOMER, "Berapa harga tabungan emas hari ini dan minimal belinya?"),
        (AGENT, "Harga berubah tiap hari dan tampil di aplikasi, {nama}. Minimal pembelian 0,01 gram."),
        (CUSTOMER, "Kalau mau cetak jadi emas batangan?"),
        (AGENT, "Bisa mulai 1 gram, diajukan di cabang atau aplikasi; ada biaya cetak."),
    ),
    (
        (CUSTOMER, "Ada yang telepon mengaku petugas dan minta OTP saya. Ini benar dari sana?"),
        (AGENT, "Tidak benar, {nama}. Kami tidak pernah meminta OTP. Apakah OTP sudah diberikan?"),
        (CUSTOMER, "Belum. Nomor saya {hp}, tolong diamankan."),
        (AGENT, "Akun sudah kami beri tanda pengawasan. Laporan diteruskan ke tim terkait."),
    ),
)


def talk(rng: random.Random, who: Customer, agent: str, hour: int) -> list[tuple[str, str]]:
    """(who says it, what), from the greeting to the goodbye."""
    words = {
        "nama": who.name, "hp": who.phone, "agen": agent,
        "waktu": "pagi" if hour < 11 else "siang" if hour < 15 else "sore" if hour < 18 else "malam",
    }  # fmt: skip
    return [(by, text.format(**words)) for by, text in (OPENING, *rng.choice(TALKS), CLOSING)]
