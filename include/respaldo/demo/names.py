"""The words of the demonstration's files: a municipality's folders, and names that break things."""

from __future__ import annotations

DEPARTMENTS = (
    "Secretaría de Hacienda",
    "Secretaría de Gobierno",
    "Dirección TIC y CTeI",
    "Planeación",
    "Contratación",
)
SERIES = ("Actas", "Contratos", "Informes", "Resoluciones", "Peticiones")
KINDS = (".txt", ".csv", ".pdf", ".jpg")
SENTENCES = (
    "La presente acta se aprueba por unanimidad de los asistentes.",
    "El contribuyente acredita el pago del impuesto predial unificado de la vigencia.",
    "Se corre traslado a la Secretaría de Hacienda para lo de su competencia.",
    "El supervisor certifica el cumplimiento de las obligaciones del contrato.",
    "Notifíquese y cúmplase en los términos de la Ley 1437 de 2011.",
    "2024;0104-0021-000;Carrera 8 N.º 12-40;avalúo catastral;183450000",
    "Niñez, años, pingüino, corazón: los acentos también se guardan.",
)

ODD_NAMES: tuple[bytes, ...] = (
    *(
        name.encode()
        for name in (
            "salto\nde línea.txt",
            "tabulador\taquí.txt",
            " empieza y termina con espacio ",
            "-rf",
            "--help",
            "*",
            "todo?.txt",
            "[abc].txt",
            "barra\\invertida.txt",
            "comillas '\"`.txt",
            "$HOME $(reboot) ; & |.txt",
            "~",
            "...",
            "#comentario",
            "!exclamación",
            "año ñandú 🏛 東京.txt",
            # The same word to a reader, two files to the system: one code point for é, or e and an accent.
            "caf\u00e9.txt",
            "cafe\u0301.txt",
            "\u202eal revés.txt",
            "n" * 255,
        )
    ),
    # An old file server's name in Latin-1: bytes that are not UTF-8.
    "señal antigua.txt".encode("latin-1"),
)
