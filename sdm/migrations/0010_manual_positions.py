"""The thirteen positions of the manual, quoted as written (MO 2.1.1, 2.1.2), as versions that hold from the beginning.

What the specification says of sex, looks and age is quoted and marked as not applied; see docs/decisions/2026-11-29-recruit.md.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.db import migrations

BEGINNING = date(2000, 1, 1)

# number, code, name, titles, education, experience in months, skills, age limit, lines that are quoted only
POSITIONS: list[tuple[int, str, str, list[str], str, int, list[str], int | None, list[str]]] = [
    (
        1,
        "agent",
        "Agent Call Center",
        ["Agent", "Agent Reguler"],
        "d3",
        0,
        ["Aplikasi Office"],
        32,
        ["Pria / wanita.", "Usia maksimal 32 tahun."],
    ),
    (
        2,
        "team_leader",
        "Team Leader",
        ["Team Leader", "Supervisor Agent"],
        "d3",
        24,
        ["Aplikasi Office"],
        32,
        ["Pria / wanita.", "Usia maksimal 32 tahun."],
    ),
    (3, "quality_control", "Quality Control", ["Quality Control"], "d3", 12, ["Aplikasi Office"], None, []),
    (4, "document_control", "Document Control", ["Document Control"], "d3", 0, ["Aplikasi Office"], None, []),
    (
        5,
        "social_media",
        "Sosial media Analityc",
        ["Social Media Analytic"],
        "d3",
        0,
        ["Aplikasi Office", "Aktif di media sosial"],
        None,
        [],
    ),
    (6, "wfm", "Workforce Management (WFM)", ["WFM"], "d3", 0, ["Aplikasi Office", "Keterampilan Analisa"], None, []),
    (
        7,
        "rtfm",
        "Realtime Floor Monitoring (RTFM)",
        ["RTFM"],
        "d3",
        0,
        ["Aplikasi Office", "Keterampilan Analisa"],
        None,
        [],
    ),
    (
        8,
        "quality_assurance",
        "Quality Assurance",
        ["Quality Assurance"],
        "d3",
        0,
        ["Aplikasi Office", "Keterampilan Analisa"],
        None,
        [],
    ),
    (9, "outbound", "Outbound Call", ["Outbound Call"], "d3", 0, ["Aplikasi Office", "Keterampilan Analisa"], None, []),
    (
        10,
        "telemarketing",
        "Agent Telemarketing",
        ["Agent Telemarketing"],
        "d3",
        0,
        ["Aplikasi Office", "Keterampilan Analisa"],
        None,
        [],
    ),
    (
        11,
        "helpdesk",
        "Agent Operator Helpdesk",
        ["Agent Operator Helpdesk"],
        "d3",
        0,
        ["Aplikasi Office", "Keterampilan Analisa"],
        None,
        [],
    ),
    (12, "operator", "Agent operator telephone", ["Agent Operator Telephone"], "sma", 0, ["Aplikasi Office"], None, []),
    (
        13,
        "verifier",
        "Agent Verifikator",
        ["Agent Verifikator"],
        "d3",
        0,
        ["Aplikasi Office", "Bahasa Inggris"],
        30,
        ["Wanita.", "Usia maksimal 30 tahun.", "Good looking"],
    ),
]
SPECIFICATIONS: dict[int, str] = {
    1: """\
Pria / wanita.
Usia maksimal 32 tahun.
Pendidikan minimal D3 semua jurusan.
Memiliki kemampuan berbicara yang baik.
Mampu bekerja dalam team work.
Mampu bekerja dalam tekanan.
Menguasai penggunaan Aplikasi Office.
Memiliki kepribadian sopan, santun dan gemar membantu.
Memiliki kemampuan komunikasi yang baik, pengucapan dan artikulasi kata yang jelas.
Memiliki jiwa melayani (Customer oriented) dan kesabaran tinggi.
Mampu memberikan penyelesaian masalah (win-win solution) atas permasalahan pelanggan (Service Excellent Oriented).
Pekerja keras, kreatif, dan bermotivasi tinggi.
Memiliki keinginan kuat untuk selalu berkembang, bersedia bekerja secara shift.
Bersedia bekerja pada hari libur
Jumlah SDM : Agent : Sesuai Kebutuhan
""",
    2: """\
Pria / wanita.
Usia maksimal 32 tahun.
Pendidikan minimal D3 semua jurusan.
Memiliki kemampuan berbicara yang baik.
Mampu bekerja dalam team work.
Mampu bekerja dalam tekanan.
Memiliki pengalaman kerja di dunia Contact Center minimal 2 (dua) tahun.
Menguasai penggunaan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Mampu membaca, mengelola dan menyajikan data.
Memiliki jiwa kepimpinan yang tinggi.
Mampu bekerja dalam tekanan.
Memiliki kemampuan pengelolaan angka, data performansi dan operasional Contact Center
Mampu memberikan penyelesaian masalah (win-win solution) atas permasalahan pelanggan (Service Excellent Oriented).
Memiliki pengetahuan yang luas tentang pengelolaan berbagai saluran layanan Contact Center.
Mampu membangun jejaring (networking) yang baik untuk kepentingan layanan.
Memiliki jiwa melayani (Customer oriented) dan kesabaran tinggi.
Pekerja keras, kreatif, dan bermotivasi tinggi.
Jumlah SDM : Team Leader : Sesuai Kebutuhan
""",
    3: """\
Pendidikan minimal D3 semua jurusan.
Pernah menjadi Agent dan memiliki pengalaman di bidang Contact Center min. 1 tahun.
Menguasai penggunaan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Persuasif, proaktif, dinamis.
Jumlah SDM : Quality Control : Sesuai Kebutuhan
""",
    4: """\
Pendidikan minimal D3 semua jurusan.
Dapat mengoperasikan Aplikasi office.
Memiliki kemampuan komunikasi yang baik.
Ketrampilan pencatatan dan penyimpanan laporan yang jelas dan akurat.
Merupakan individu yang teliti, disiplin dan pekerja keras.
Jumlah SDM: Document Control: Sesuai Kebutuhan
""",
    5: """\
Pendidikan minimal D3 semua jurusan.
Dapat mengoperasikan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Aktif di media sosial apapun.
Jumlah SDM : Sosial media Analityc : Sesuai Kebutuhan
""",
    6: """\
Pendidikan minimal D3 semua jurusan.
Dapat mengoperasikan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Merupakan individu yang teliti, disiplin dan pekerja keras
Keterampilan Analisa.
Jumlah SDM : Workforce Management (WFM) : Sesuai Kebutuhan
""",
    7: """\
Pendidikan minimal D3 semua jurusan.
Dapat mengoperasikan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Merupakan individu yang teliti, disiplin dan pekerja keras.
Keterampilan Analisa.
Mampu bekerja dalam team work.
Jumlah SDM : Realtime FLoor Monitoring (RTFM) : Sesuai Kebutuhan
""",
    8: """\
Pendidikan minimal D3 semua jurusan.
Dapat mengoperasikan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Merupakan individu yang teliti, disiplin dan pekerja keras.
Keterampilan Analisa.
Mampu bekerja dalam team work.
Jumlah SDM : Quality Assurance : Sesuai Kebutuhan
""",
    9: """\
Pendidikan minimal D3 semua jurusan.
Dapat mengoperasikan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Merupakan individu yang teliti, disiplin dan pekerja keras.
Keterampilan Analisa.
Mampu bekerja dalam team work.
Jumlah SDM : Outbound Call : Sesuai Kebutuhan
""",
    10: """\
Pendidikan minimal D3 semua jurusan.
Dapat mengoperasikan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Merupakan individu yang teliti, disiplin dan pekerja keras.
Keterampilan Analisa.
Mampu bekerja dalam team work.
Jumlah SDM : Outbound Call : Sesuai Kebutuhan
""",
    11: """\
Pendidikan minimal D3 semua jurusan.
Dapat mengoperasikan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Merupakan individu yang teliti, disiplin dan pekerja keras.
Keterampilan Analisa.
Mampu bekerja dalam team work.
Jumlah SDM : Outbound Call : Sesuai Kebutuhan
""",
    12: """\
Pendidikan minimal SMA/SMK.
Dapat mengoperasikan Aplikasi Office.
Memiliki kemampuan komunikasi yang baik.
Merupakan individu yang teliti, disiplin dan pekerja keras.
Jumlah SDM : Agent operator telephone : Sesuai Kebutuhan
""",
    13: """\
Wanita.
Usia maksimal 30 tahun.
Pendidikan minimal D3 semua jurusan.
Good looking
Memiliki kemampuan berbicara yang baik.
Mampu bekerja dalam team work.
Menguasai penggunaan Aplikasi Office.
Memiliki kepribadian sopan, santun dan gemar membantu.
Memiliki kemampuan komunikasi yang baik, pengucapan dan artikulasi kata yang jelas.
Memiliki jiwa melayani (Customer oriented) dan kesabaran tinggi.
Mampu memberikan penyelesaian masalah (win-win solution) atas permasalahan pelanggan (Service Excellent Oriented).
Pekerja keras, kreatif, dan bermotivasi tinggi.
Khusus untuk agent baru dapat berkomunikasi dalam bahasa inggris secara aktif
Jumlah SDM : Agent Verifikator : Sesuai Kebutuhan
""",
}
DESCRIPTIONS: dict[int, str] = {
    1: """\
Memberikan pelayanan kepada pelanggan dengan baik dengan mengacu kepada standar pelayanan yang tertuang dalam Prosedur Standar Operasional (SOP)
Menyampaikan informasi yang akurat (First Contact Resolution) mengenai produk dan jasa Pegadaian.
Menerima keluhan dari pelanggan untuk selanjutnya memberikan solusi permasalahan.
Dalam hal dibutuhkan eskalasi keluhan maka Agent wajib berkoordinasi dengan Team Leader untuk solusi permasalahan.
Dalam hal keluhan di luar otoritas Team Leader, maka tindakan eskalasi lebih lanjut harus dilakukan, yaitu menghubungi PIC terkait dan/atau membuat Laporan eskalasi ke PIC Fungsi di Contact Center Pegadaian.
Wajib merespon pertanyaan pelanggan dengan baik dan benar.
Menganalisa informasi dengan menggunakan pilihan yang tersedia.
Menerima masukan informasi pelanggan.
Mengidentifikasikan isu-isu dengan baik dan benar sesuai dengan pemetaan keluhan pada sistem.
Berkoordinasi untuk menindaklanjuti informasi kepada pelanggan.
Memasukkan data dan informasi permintaan pelanggan ke dalam sistem aplikasi.
""",
    2: """\
Merencanakan, mengelola dan mengawasi semua agent binaannya melalui pendampingan, pemantauan, pengarahan, pembinaan.
Bertanggung jawab untuk memberikan pelayanan terbaik kepada semua nasabah pegadaian yang berinteraksi membutuhkan informasi, permintaan dan keluhan.
Mengelola semua kegiatan operasional setiap hari di layanan.
Menindaklanjuti, memantau dan menyelesaikan proses keluhan yang diterima pelanggan melalui aplikasi atau media lain yang tersedia sesuai dengan proses bisnis yang berlaku.
Mengelola hubungan antara Contact Center Operation dan pihak terkait lainnya.
Membuat laporan kinerja agent binaannya dan memberikan pembinaan.
Melakukan update product knowledge dan briefing untuk memastikan pemahaman agent nya sudah baik
Membuat laporan mingguan dan bulanan.
""",
    3: """\
Quality monitoring performansi Agent melalui tapping/sampling mingguan yang dilakukan rutin setiap hari kerja dengan pengambilan sampel periode jam sibuk dan tidak sibuk.
Memberikan umpan balik dan rekomendasi perbaikan ke operasional dan Pegadaian terkait tapping/sampling tracking umpan balik pelanggan atas sampel tapping/sampling yang di uji setiap hari melalui Quality Assurance.
Memberikan rekapitulasi hasil tapping/sampling.
Evaluasi dan Analisa beserta rekomendasi tapping/sampling weekly dan bulanan reguler kepada Quality Assurance.
Malakukan kalibrasi 10% sampel tapping/sampling Team Leader dilengkapi laporan rekapitulasi bulanan.
""",
    4: """\
Bertanggungjawab terhadap kelengkapan dan validitas dokumentasi sistem manajemen mutu.
Melakukan pengendalian dokumentasi sistem manajemen mutu sesuai dengan prosedur.
Melakukan revisi dokumen atas dokumen yang diusulkan dari pihak terkait.
Menjamin pihak yang berkepentingan mendapatkan data dan informasi mengenai dokumentasi sistem manajemen mutu secara akurat dan terkini.
Memberikan masukan kepada pihak yang berkepentingan terkait dengan standarisasi sistem manajemen mutu di layanan Contact Center.
Melakukan monitoring atas implementasi sistem manajemen mutu di layanan Contact Center.
Koordinasi dan pelaksanaan audit mutu (Internal dan Eksternal).
""",
    5: """\
Melakukan monitoring sentiment positif dan negatif pada portal berita media online dan media sosial mengenai hal-hal yang berkaitan dengan Pegadaian.
Menganalisa performa social media.
Memberikan rekomendasi untuk meningkatkan Engagement Social Media Client
Membuat rekap dan mengawal setiap keluhan media berita online / media sosial sampai dengan status closed.
Membuat report mingguan dan bulanan ke Manajer operasional serta ke unit terkait.
Membuat berita acara kronologi beserta evidence sesuai dengan standar penanganan keluhan media online / media cetak
Mengarsip dokumen komplain media online / media cetak
""",
    6: """\
Membuat forecasting sesuai dengan SOP dan IK yang telah ditetapkan.
Menyusun atau menempatkan Officer sesuai dengan kebutuhan Officer per interval sesuai hasil forecasting.
Menyusun dan mempublikasikan jadwal kerja Officer dan Team Leader.
Melakukan evaluasi Roster dan usulan recovery dengan cara membandingkan antara forecasting dan realisasi, pada:
- Intraday : untuk recovery plan di bulan berikutnya (jika diperlukan)
- End of day : untuk recovery plan di hari berikutnya (jika diperlukan dengan memperhatikan aspek-aspek yang mempengaruhi terhadap timbulnya deviasi antara lain tingkat kehadiran Agent, promo dan lain sebagainya.
Menyusun, melaksanakan langkah perbaikan dan pencegahan untuk perbaikan forecasting.
Melakukan koordinasi dengan HR Supply, Team Leader, QA dan pihak terkait lainnya dalam proses penyusunan dan pembuatan jadwal kerja,
Membuat laporan periodik dan bulanan
""",
    7: """\
Monitoring Realtime operasional semua layanan yang ada di operasional Contact Center dalam menangani traffic call dan case in.
Melakukan pengecekan attendance, adherence dan menemukan ketidaksesuaian setiap Agent Contact Center.
Menjalankan action plan/recovery plan saat terjadi peningkatan.
Membaca & menginterpretasikan kondisi realtime dari reporting tools per interval.
pencapaian target service level baik itu per interval maupun per daily.
Melakukan tapping/sampling realtime acak.
Menerima informasi kecukupan Agent actual berbanding rencana roster dari TL Absensi sebelum pergantian shift yang diberlakukan operasional.
Menyusun & berkoordinasi dengan Team Leader CC Pegadaian mengenai recovery plan yang akan dijalankan.
""",
    8: """\
Melakukan analisa dan monitoring pencapaian kinerja Operasional Contact Center Pegadaian berdasarkan acuan SLG yang tertuang pada PKS dan memberikan laporannya berupa rekomendasi guna meningkatkan kinerja / performansi Contact Center (jika ada ketidak capaian kinerja/performansi operasional layanan) yang meliputi:
- Laporan Harian
- Laporan mingguan
- Laporan Bulanan
Memantau pelaksanaan perbaikan oleh Operasional dan Departemen terkait terhadap aspek / parameter yang tidak mencapai target layanan sesuai hasil CSI & MCI.
Memastikan QCO melakukan tapping/sampling sesuai parameter yang telah ditetapkan serta memberikan rekomendasi secara akurat.
Melakukan analisa dan monitoring atas hasil tapping/sampling QC officer weekly dan bulanan serta membuat laporannya.
Membuat laporan dan sosialisasi atas hasil evaluasi dan analisa performansi / kinerja Contact Center Pegadaian kepada fungsi-fungsi terkait (untuk laporan mingguan ke Operasional Contact Center sedangkan laporan bulanan ke Operasional Contact Center dan Quality Assurance).
Melakukan penilaian kinerja QC Officer (bulanan).
Memastikan laporan harian, periodik dan bulanan serta usulan program perbaikan untuk meningkatkan mekanisme kontrol QC ke operasional telah dikerjakan.
Menyusun rencana, melaksanakan, melaporkan hasil kalibrasi dan memonitor implementasi hasil kalibrasi
""",
    9: """\
Memberikan pelayanan yang optimal kepada nasabah khususnya dalam mendeliver/ memberitahukan status tiket permasalahan telah diselesaikan via call
""",
    10: """\
Memberikan detil informasi produk PT Pegadaian kepada nasabah.
Berkomunikasi dengan nasabah aktif untuk memberikan penawaran produk PT Pegadaian yang bertujuan untuk upselling maupun cross selling produk PT Pegadaian.
Berkomunikasi dengan calon nasabah baru untuk memberikan penawaran produk PT Pegadaian.
""",
    11: """\
Memberikan pelayanan yang optimal kepada petugas outlet khususnya dalam menyampaikan atau memberitahukan status tiket atau permasalahan yang dialami oleh petugas outlet
Menghubungi / Menerima telepon dari internal via ip phone cisco.
Melakukan mitigasi atas kendala-kendala yang terdapat pada outlet dan memberikan solusi.
Menginformasikan kepada petugas outlet melalui cisco ip-phone terkait status ticket pada Aplikasi Jira ARIANA atas kendala yang dihadapi pada Aplikasi Core (Passion) maupun Aplikasi Non Core (Support) serta memberikan solusi dari permasalahan yang dihadapi.
Menjaga citra perusahaan dimata nasabah dan masyarakat.
""",
    12: """\
Menjawab telepon yang masuk
Meningkatkan pelayanan kepada masyarakat yang berhubungan dengan Pegadaian
""",
    13: """\
Mengakomodir perubahan data Nasabah pada aplikasi Pegadaian Digital.
Menjaga faktualitas & validitas data nasabah pada aplikasi Pegadaian Digital
Meningkatkan loyalitas nasabah terhadap perusahaan dan meningkatkan kepuasan nasabah.
Menerima panggilan video call dari Nasabah
Melakukan verifikasi sesuai berkas yang diperlukan
Mengirimkan / mengarsipkan bukti di Aplikasi ticketing jira ariana atau pada Google Drive (Bila tidak dapat melampirkan di Jira Ariana)
Agent verifikator terbatas pada proses verifikasi terkait Proses Unlink atau Upgrade Akun Premium, terkait permasalahan lainnya dapat diarahkan untuk menghubungi Call Center 150069 atau channel contact center Pegadaian lainnya
""",
}


def quote(apps: Any, schema_editor: Any) -> None:
    position_model = apps.get_model("sdm", "Position")
    version_model = apps.get_model("sdm", "PositionVersion")
    for number, code, name, titles, education, months, skills, age, quoted in POSITIONS:
        made, _new = position_model.objects.get_or_create(
            number=number, defaults={"code": code, "name": name, "titles": titles}
        )
        if version_model.objects.filter(position=made).exists():
            continue
        version_model.objects.create(
            position=made, version=1, clause=f"MO 2.1.1 no. {number}; MO 2.1.2 no. {number}",
            specification=SPECIFICATIONS[number].strip(), description=DESCRIPTIONS[number].strip(),
            education=education, experience_months=months, skills=skills, age_limit=age, not_applied=quoted,
            starts_on=BEGINNING, reason="As the manual says", made_at=datetime(2000, 1, 1, tzinfo=UTC),
        )  # fmt: skip


def forget(apps: Any, schema_editor: Any) -> None:
    apps.get_model("sdm", "PositionVersion").objects.filter(made_by=None, version=1).delete()
    apps.get_model("sdm", "Position").objects.filter(versions=None).delete()


class Migration(migrations.Migration):
    dependencies = [("sdm", "0009_position_triggers")]
    operations = [migrations.RunPython(quote, forget)]
