"""References whose truth is known: one work in two forms, and siblings that look alike but are different works."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

Reference = dict[str, str]

ARTICLE: Reference = {
    "TI": "Coordinating care between home and hospital for older people",
    "AU": "Smith, John; Doe, Kim",
    "PY": "2020",
    "JO": "Journal of Integrated Care",
}
GREEK = {
    "TI": "Ολοκληρωμένη φροντίδα στην πρωτοβάθμια υγεία και συνεργασία ομάδων",
    "AU": "Παπαδόπουλος, Γ",
    "PY": "2021",
}
RUSSIAN = {"TI": "Компетенции медсестёр в интегрированной помощи пожилым людям", "AU": "Иванова, А", "PY": "2019"}
CHINESE = {"TI": "护士在整合照护中的跨专业合作能力研究", "AU": "王小明", "PY": "2022"}
GERMAN = {
    "TI": "Zusammenarbeit von Pflegekräften und Ärzten in der integrierten Versorgung",
    "AU": "Müller, Jürgen",
    "PY": "2018",
}
FRENCH = {
    "TI": "Les compétences des infirmières dans les soins intégrés de proximité",
    "AU": "Lefèvre, Anne",
    "PY": "2017",
}
SPANISH = {
    "TI": "Competencias de las enfermeras en la atención integrada de las personas mayores",
    "AU": "García López, María",
    "PY": "2016",
}
BODY = {
    "TI": "A workforce framework for integrated neighbourhood teams",
    "AU": "Department of Health and Social Care",
    "PY": "2022",
}
DOI = "10.1108/JICA-01-2020-0001"

# One work in two forms: what the second has in place of the first's.
SAME: dict[str, tuple[Reference, Reference]] = {
    "Vancouver names": (ARTICLE, {"AU": "Smith J.; Doe K."}),
    "given name first": (ARTICLE, {"AU": "John Smith; Kim Doe"}),
    "several in one string": (ARTICLE, {"AU": "Smith J, Doe K"}),
    "a landing page behind the DOI": (ARTICLE | {"DO": DOI}, {"DO": f"https://doi.org/{DOI}/full"}),
    "a publisher's address as DOI": (ARTICLE | {"DO": DOI}, {"DO": f"https://onlinelibrary.wiley.com/doi/abs/{DOI.lower()}?src=x"}),
    "DOI in capitals, subtitle cut": (ARTICLE | {"DO": DOI, "TI": ARTICLE["TI"] + ": a study"}, {"DO": f"doi:{DOI.upper()}", "TI": ARTICLE["TI"]}),
    "markup and entities": (ARTICLE, {"TI": "Coordinating care between <i>home</i> &amp; hospital, for older people."} ),
    "capitals": (ARTICLE, {"TI": ARTICLE["TI"].upper()}),
    "one letter missing": (ARTICLE, {"TI": ARTICLE["TI"].replace("between", "betwen")}),
    "two letters swapped": (ARTICLE, {"TI": ARTICLE["TI"].replace("hospital", "hopsital")}),
    "another country's spelling": (ARTICLE | {"TI": "Organising interprofessional behaviour in care centres"}, {"TI": "Organizing interprofessional behavior in care centers"}),
    "a hyphen more": (ARTICLE | {"TI": "Wellbeing of staff in interprofessional teams"}, {"TI": "Well-being of staff in inter-professional teams"}),
    "an article less": (ARTICLE | {"TI": "The coordination of care between home and hospital"}, {"TI": "Coordination of care between home and hospital"}),
    "first online the year before": (ARTICLE, {"PY": "2019"}),
    "no year": (ARTICLE, {"PY": ""}),
    "no author": (ARTICLE, {"AU": ""}),
    "journal abbreviated": (ARTICLE, {"JO": "J Integr Care"}),
    "part in roman numerals": (ARTICLE | {"TI": "Working together across sectors: part II"}, {"TI": "Working together across sectors: part 2"}),
    "part in a word": (ARTICLE | {"TI": "Working together across sectors: part three"}, {"TI": "Working together across sectors, pt. III"}),
    "a body by the letters it chose": (BODY | {"AU": "National Institute for Health and Care Excellence"}, {"AU": "NICE"}),
    "two bodies in one string": (BODY | {"AU": "Skills for Health and Skills for Care"}, {"AU": "Skills for Health; Skills for Care"}),
    "a DOI with other dashes and spaces": (ARTICLE | {"DO": DOI}, {"DO": "10.1108 / JICA\u201101\u20112020\u20110001", "PY": "", "AU": ""}),
    "a range of years written out": (BODY | {"TI": "The state of integrated care in England 2019/20"}, {"TI": "The state of integrated care in England 2019-2020"}),
    "a body in other words": (BODY, {"AU": "Dept of Health and Social Care"}),
    "a body by its initials": (BODY | {"AU": "World Health Organization"}, {"AU": "WHO"}),
    "a body with its letters behind it": (BODY | {"AU": "National Institute for Health and Care Excellence (NICE)"}, {"AU": "NICE"}),
    "particles of a name": (ARTICLE | {"AU": "van der Berg, Jan"}, {"AU": "Berg J van der"}),
    "a double name in part": (ARTICLE | {"AU": "García-López, María"}, {"AU": "García M"}),
    "accents lost": (FRENCH, {"TI": "Les competences des infirmieres dans les soins integres de proximite", "AU": "Lefevre A"}),
    "umlauts written out": (GERMAN, {"AU": "Mueller J"}),
    "Greek in capitals": (GREEK, {"TI": GREEK["TI"].upper()}),
    "Greek as it is": (GREEK, {}),
    "Russian without dots": (RUSSIAN, {"TI": RUSSIAN["TI"].replace("ё", "е"), "AU": "Иванова А."}),
    "Chinese as it is": (CHINESE, {"AU": "王 小明"}),
    "Spanish, initials": (SPANISH, {"AU": "García López M"}),
    "one journal, volume and page, no author": (
        ARTICLE | {"VL": "28", "SP": "101"}, {"AU": "", "PY": "", "VL": "28", "SP": "101"},
    ),
    "an editorial in one place": (
        {"TI": "Editorial", "AU": "Smith, J", "PY": "2020", "JO": "BMJ", "VL": "4", "SP": "1"}, {"AU": "John Smith"},
    ),
}  # fmt: skip

# Different works: what each further one has in place of the first's. None may be joined; those listed in LISTED must be shown.
SIBLINGS: dict[str, tuple[Reference, Reference]] = {
    "part 1 and part 2": (ARTICLE | {"TI": "Care between home and hospital: part 1"}, {"TI": "Care between home and hospital: part 2"}),
    "part I and part II": (ARTICLE | {"TI": "Care between home and hospital. Part I"}, {"TI": "Care between home and hospital. Part II"}),
    "parts in letters": (ARTICLE | {"TI": "Care between home and hospital, part A"}, {"TI": "Care between home and hospital, part B"}),
    "part III and part 4": (ARTICLE | {"TI": "Care between home and hospital: part III"}, {"TI": "Care between home and hospital: part 4"}),
    "third and fourth round": (BODY | {"TI": "National audit of integrated care: third round"}, {"TI": "National audit of integrated care: fourth round"}),
    "a tool and its successor": (ARTICLE | {"TI": "Validation of the maturity tool SCIROCCO"}, {"TI": "Validation of the maturity tool SCIROCCO+"}),
    "a draft under the DOI of what it became": (BODY | {"DO": DOI}, {"TI": BODY["TI"] + ": consultation draft"}),
    "a thesis and an article": (ARTICLE | {"TY": "THES", "JO": ""}, {"TY": "JOUR"}),
    "letters to an editor without a journal": (ARTICLE | {"TI": "Letter to the editor", "JO": ""}, {}),
    "Turkish parts": ({"TI": "Entegre bakım ekipleri: bölüm üç", "AU": "Yılmaz, A", "PY": "2020"}, {"TI": "Entegre bakım ekipleri: bölüm dört"}),
    "first and second report": (BODY | {"TI": "First report on integrated neighbourhood working"}, {"TI": "Second report on integrated neighbourhood working"}),
    "part two of one without number": (ARTICLE, {"TI": ARTICLE["TI"] + ", part 2"}),
    "annual reports": (BODY | {"TI": "The state of care in England 2019/20"}, {"TI": "The state of care in England 2020/21", "PY": "2023"}),
    "annual reports without a year": (BODY | {"TI": "Annual report on the state of health care", "PY": "2020"}, {"PY": "2021"}),
    "numbered guidelines": (BODY | {"TI": "Transition between settings of care: NICE guideline NG27"}, {"TI": "Transition between settings of care: NICE guideline NG53"}),
    "of nurses and of doctors": (ARTICLE | {"TI": "Experiences of integrated care of nurses"}, {"TI": "Experiences of integrated care of doctors"}),
    "in men and in women": (ARTICLE | {"TI": "Social prescribing for loneliness in men"}, {"TI": "Social prescribing for loneliness in women"}),
    "two real words a letter apart": (ARTICLE | {"TI": "Meditation in teams of integrated care"}, {"TI": "Medication in teams of integrated care"}),
    "singular and plural": (ARTICLE | {"TI": "The view of the patient on integrated care"}, {"TI": "The view of the patients on integrated care"}),
    "neighbouring countries": (ARTICLE | {"TI": "Integrated care reform in Iran after 2010"}, {"TI": "Integrated care reform in Iraq after 2010"}),
    "with and without": (ARTICLE | {"TI": "Teamwork in services with a shared record"}, {"TI": "Teamwork in services without a shared record"}),
    "editions": (ARTICLE | {"TI": "Interprofessional teamwork for health and social care", "ET": "1"}, {"ET": "2"}),
    "editions years apart": (ARTICLE | {"TI": "Interprofessional teamwork for health and social care"}, {"PY": "2010"}),
    "editorials of one author": ({"TI": "Editorial", "AU": "Smith, J", "PY": "2020", "JO": "BMJ"}, {"JO": "Lancet"}),
    "introductions without a journal": ({"TI": "Introduction", "AU": "Smith, J", "PY": "2020"}, {}),
    "a guest editorial twice a year": ({"TI": "Guest editorial", "AU": "Smith, J", "PY": "2020", "JO": "BMJ"}, {}),
    "chapters under the book's DOI": (ARTICLE | {"DO": DOI, "TI": "Integrated care in England", "AU": "Ham, C"}, {"TI": "Integrated care in Scotland", "AU": "Bruce, D"}),
    "one chapter title, two authors, one DOI": (ARTICLE | {"DO": DOI, "TI": "Learning from practice in the country", "AU": "Ham, C"}, {"AU": "Bruce, D"}),
    "a supplement of abstracts under one DOI": (ARTICLE | {"DO": DOI}, {"TI": "Abstracts of the annual meeting", "AU": "Various, A"}),
    "another first author": (ARTICLE, {"AU": "Okafor, B; Reed, P"}),
    "other initials": (ARTICLE | {"AU": "Smith, John"}, {"AU": "Smith, Karen"}),
    "one title in two journals": (ARTICLE, {"JO": "Nursing Times"}),
    "other pages": (ARTICLE | {"VL": "3", "SP": "10"}, {"VL": "3", "SP": "99"}),
    "other DOI": (ARTICLE | {"DO": DOI}, {"DO": "10.1108/JICA-09-2021-0099"}),
    "preprint and article": (ARTICLE | {"DO": DOI}, {"DO": "10.1101/2020.01.02.20012345", "JO": "medRxiv"}),
    "versions of a preprint": (ARTICLE | {"DO": "10.12688/f1000research.12345.1", "JO": "F1000Research"}, {"DO": "10.12688/f1000research.12345.2"}),
    "protocol and results": (ARTICLE, {"TI": ARTICLE["TI"] + ": study protocol"}),
    "a correction": (ARTICLE, {"TI": "Correction: " + ARTICLE["TI"]}),
    "a correction that names the article's place": (ARTICLE, {"TI": f"Corrigendum to '{ARTICLE['TI']}' [Journal of Integrated Care 28 (2020) 33]"}),
    "a retraction a year later": (ARTICLE, {"TI": "Retraction notice: " + ARTICLE["TI"], "PY": "2022"}),
    "a correction under the article's DOI": (ARTICLE | {"DO": DOI}, {"TI": "Erratum to: " + ARTICLE["TI"]}),
    "Greek, other words": (GREEK, {"TI": GREEK["TI"].replace("πρωτοβάθμια", "δευτεροβάθμια")}),
    "Greek and Greek, one Latin word in common": ({"TI": "Η χρήση του COPD στην κοινότητα των νοσηλευτών", "AU": "Παππά, Ε", "PY": "2020"}, {"TI": "Το πρόβλημα COPD για γιατρούς", "AU": "Παππά, Ε"}),
    "Russian parts": (RUSSIAN | {"TI": RUSSIAN["TI"] + ". Часть первая"}, {"TI": RUSSIAN["TI"] + ". Часть вторая"}),
    "Russian nurses and doctors": (RUSSIAN, {"TI": RUSSIAN["TI"].replace("медсестёр", "врачей")}),
    "Chinese nurses and doctors": (CHINESE, {"TI": CHINESE["TI"].replace("护士", "医生")}),
    "Chinese parts": (CHINESE | {"TI": CHINESE["TI"] + "(上)"}, {"TI": CHINESE["TI"] + "(下)"}),
    "German parts": (GERMAN | {"TI": GERMAN["TI"] + ". Teil 1"}, {"TI": GERMAN["TI"] + ". Teil 2"}),
    "German nurses and doctors": (GERMAN, {"TI": "Zusammenarbeit von Hebammen und Ärzten in der integrierten Versorgung"}),
    "French men and women": (FRENCH, {"TI": FRENCH["TI"].replace("infirmières", "infirmiers")}),
    "Spanish women and men": (SPANISH, {"TI": SPANISH["TI"].replace("las enfermeras", "los enfermeros")}),
    "Spanish parts": (SPANISH | {"TI": SPANISH["TI"] + " (primera parte)"}, {"TI": SPANISH["TI"] + " (segunda parte)"}),
    "title and author only": (ARTICLE | {"PY": "", "AU": ""}, {"JO": ""}),
}  # fmt: skip
# So clearly different that nobody need look at them.
NOT_LISTED = frozenset(("Greek and Greek, one Latin word in common",))


def pair(case: tuple[Reference, Reference]) -> list[Reference]:
    """Return both references of a case with ids ``a`` and ``b``; an empty text takes a field away."""
    first, changed = case
    return [first | {"ID": "a"}, {key: value for key, value in (first | changed).items() if value} | {"ID": "b"}]
