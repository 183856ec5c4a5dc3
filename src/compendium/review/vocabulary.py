"""Words that names and titles are read by: particles, bodies, part words, numbers, sections, in several languages."""

from __future__ import annotations

import re
import unicodedata


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"})


def plain_word(word: str) -> str:
    """Return a word as a normalised title has it: case-folded, without accents over letters."""
    bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", word.casefold().translate(PLAIN)))
    return unicodedata.normalize("NFKC", bare)


def plain_words_in(text: str) -> frozenset[str]:
    """Return the words of a text as normalised titles have them."""
    return frozenset(map(plain_word, text.split()))


# Particles that belong to a family name.
PARTICLES = words_in(
    """
    af al av bin bint d' da dal de degli dei del della den der des di do dos du el ibn la le lo of op st ten ter
    van vande vander vom von zu zum zur
    """
)
SUFFIXES = words_in("jr sr ii iii iv phd md")
# Small words inside the name of a body.
LINKS = words_in(
    """
    of for and the on in to & für und et pour para y e i и
    """
)
# Words before a number that name a part of a work, in the languages of large databases.
PARTS = plain_words_in(
    """
    part pt volume vol phase type stage number no nr edition ed version chapter section series book level grade
    study year teil band heft auflage kapitel partie tome parte volumen volumes capitolo capítulo deel del bind
    osa część часть том выпуск сообщение μέρος τόμος bölüm cilt rész díl část svazek partea avsnitt avdeling nummer
    módulo module volet wave round band phase الجزء חלק भाग ตอนที่ unit appendix annex
    """
)
# Numbers in words and roman figures; words that mean something else in English are left out.
NUMBER_WORDS = {
    1: """one first i eins erste erster erstes un une premier première primera primero uno una prima primo uma een
        eerste ett första første primeira primeiro pierwsza pierwszy jeden první первая первый первое один πρώτο
        πρώτος bir birinci ensimmäinen ensimmainen الأول الاول الأولى ראשון ראשונה""",
    2: """two second ii zwei zweite zweiter zweites deux deuxième seconde segunda segundo dos due seconda secondo twee
        tweede två andra anden andre dois duas druga drugi dwa druhá druhý вторая второй второе два δεύτερο δεύτερος
        iki ikinci toinen الثاني الثانية שני שנייה""",
    3: """three third iii drei dritte dritter drittes trois troisième tercera tercero tres tre terza terzo drie derde
        tredje terceira terceiro três trzecia trzeci trzy třetí третья третий третье три τρίτο τρίτος üç üçüncü kolmas
        الثالث الثالثة שלישי""",
    4: """four fourth iv vier vierte vierter viertes quatre quatrième cuarta cuarto cuatro quattro quarta quarto vierde
        fyra fjärde fjerde quatro czwarta cztery čtvrtá четвертая четвёртая четвертый четыре τέταρτο dört
        dördüncü neljäs الرابع الرابعة""",
    5: """five fifth v fünf fünfte fünfter cinq cinquième quinta quinto cinco cinque vijf vijfde femte piąta pięć
        pátá пятая пятый пять πέμπτο beş beşinci viides الخامس الخامسة""",
    6: """six sixth vi sechs sechste sechster sixième sexta sexto seis sei zes zesde sjätte seks sjette szósta sześć
        шестая шестой шесть έκτο altı altıncı kuudes السادس السادسة""",
    7: """seven seventh vii sieben siebte siebter sept septième séptima siete sette zeven zevende sju sjunde syv syvende
        siódma siedem седьмая седьмой семь έβδομο yedi yedinci السابع السابعة""",
    8: """eight eighth viii acht achte achter huit huitième octava ocho otto achtste åtta åttonde otte ottende восьмая
        восьмой восемь όγδοο sekiz sekizinci الثامن الثامنة""",
    9: """nine ninth ix neun neunte neunter neuf neuvième novena nueve nove negen negende nio nionde девятая девятый
        девять ένατο dokuz dokuzuncu التاسع التاسعة""",
    10: """ten tenth x zehn zehnte zehnter dix dixième décima diez dieci tien tiende tio tionde десятая десятый десять
        δέκατο onuncu العاشر العاشرة""",
    11: "eleven eleventh xi elf elfte",
    12: "twelve twelfth xii zwölf zwölfte",
    13: "thirteen thirteenth xiii dreizehn dreizehnte",
}
# The same words as normalised titles have them.
NUMBERS = {plain_word(word): str(value) for value, line in NUMBER_WORDS.items() for word in line.split()}
# Part words that are written in two ways before a number.
SHORT_PARTS = {"pt": "part", "vol": "volume", "no": "number", "nr": "number", "ed": "edition"}
# Articles, which a database may leave out at the beginning.
ARTICLES = plain_words_in(
    """
    the a an der die das ein eine le la les l un une el los las il lo gli i o os as de het
    """
)
HAN_NUMBERS = frozenset("一二三四五六七八九十上中下前後后")
# Titles of sections, which every journal has and many works share, word by word.
SECTIONS = plain_words_in(
    """
    editorial introduction preface foreword editors note commentary comment letter letters reply response
    discussion conclusion conclusions abstract abstracts obituary news contents index book review reviews
    correspondence erratum corrigendum errata correction guest editorial leader in this issue annual report
    reports summary executive summary viewpoint perspective opinion éditorial avant propos einleitung vorwort
    einführung fazit prólogo introducción introduzione prefazione introdução inleiding voorwoord введение
    предисловие εισαγωγή редакционная статья 序 前言 引言 はじめに editoriale leserbrief nachruf editor special message
    president presidents chair chairs welcome poster posters oral presentations acknowledgements acknowledgments
    glossary appendix memoriam förord inledning forord indledning wstęp úvod předmluva önsöz giriş előszó bevezetés
    johdanto esipuhe 编者按 社论 編集後記 서문 머리말 مقدمة افتتاحية הקדמה מבוא
    """
)
NEGLECTED = words_in("the a an of to and from by for on in with")
# Small words that tell a language.
SMALL_WORDS = {
    "en": words_in("the of and in for with on to a an from by"),
    "de": words_in("der die das und von mit für fur zur im eine einer bei zum den dem"),
    "fr": words_in("le la les des du et une dans pour chez sur aux"),
    "es": words_in("el los las del y para con una desde"),
    "it": words_in("il gli della delle dei e nella per degli nei"),
    "pt": words_in("o os as do da dos das uma em na no para e"),
    "nl": words_in("het een van en voor bij met naar"),
    "sv": words_in("och av för for på i med en ett till"),
    "ru": words_in("и в на с для по при из"),
    "el": words_in("και στην του της το των σε για η ο"),
}
