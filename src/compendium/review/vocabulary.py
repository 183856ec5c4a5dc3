"""Words that names and titles are read by: particles, bodies, part words, numbers, sections, in several languages."""

from __future__ import annotations


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


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
PARTS = words_in(
    """
    part pt volume vol phase type stage number no nr edition ed version chapter section series book level grade
    study year teil band heft auflage kapitel partie tome parte volumen volumes capitolo capítulo deel del bind
    osa część часть том выпуск μέρος τόμος bölüm rész díl часть partea
    """
)
# Numbers in words and roman figures: one line a number, from one upwards.
NUMBERS = {
    word: str(value)
    for value, line in enumerate(
        """
        one first i eins erste erster erstes erster un une première premier primera primero uno una prima primo eerste
        första  første primeira primeiro pierwsza pierwszy первая первый первое πρώτο πρώτος two second ii zwei zweite
        zweiter zweites deux deuxième seconde segunda segundo dos due seconda secondo twee tweede andra  anden andre
        dois duas druga drugi вторая второй второе δεύτερο δεύτερος three third iii drei dritte dritter drittes trois
        troisième tercera tercero tres tre terza terzo drie derde tredje terceira  terceiro três trzecia trzeci третья
        третий третье τρίτο τρίτος four fourth iv vier vierte vierter quatre quatrième cuarta cuarto cuatro quattro
        quarta quarto vierde fjärde fjerde четвертая five fifth v fünf fünfte fünfter cinq cinquième quinta quinto
        cinco cinque vijf vijfde femte пятая six sixth vi sechs sechste sechster sixième sexta sexto seis sei zes
        zesde sjätte sjette seven seventh vii sieben siebte siebter sept septième séptima siete sette zeven zevende
        eight eighth viii acht achte achter huit huitième octava ocho otto achtste nine ninth ix neun neunte neunter
        neuf neuvième novena nueve nove negen negende ten tenth x zehn zehnte zehnter dix dixième décima diez dieci
        tien tiende eleven eleventh xi elf elfte twelve twelfth xii zwölf zwölfte
        """.strip().splitlines(),
        1,
    )
    for word in line.split()
}
# Articles, which a database may leave out at the beginning.
ARTICLES = words_in(
    """
    the a an der die das ein eine le la les l un une el los las il lo gli i o os as de het
    """
)
HAN_NUMBERS = frozenset("一二三四五六七八九十上中下前後后")
# Titles of sections, which every journal has and many works share, word by word.
SECTIONS = words_in(
    """
    editorial introduction preface foreword editors note commentary comment letter letters reply response
    discussion conclusion conclusions abstract abstracts obituary news contents index book review reviews
    correspondence erratum corrigendum errata correction guest editorial leader in this issue annual report
    reports summary executive summary viewpoint perspective opinion éditorial avant propos einleitung vorwort
    einführung fazit prólogo introducción introduzione prefazione introdução inleiding voorwoord введение
    предисловие εισαγωγή редакционная статья 序 前言 引言 はじめに editoriale leserbrief nachruf
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
