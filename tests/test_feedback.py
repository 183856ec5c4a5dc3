"""Reports have the same content as PDF, web page and Word, can be read by everybody, and leave no blank unexplained."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from dataclasses import replace

import docx
import pikepdf
import pytest
import textstat
from made_up_reports import evidence_of, framework, group, plan, scores_of

from compendium.cohort.reports import FeedbackSettings, contrast_with_white, report_languages
from compendium.faults import InvalidInput
from compendium.files import EPOCH
from compendium.framework import feedback_texts, load_framework, read_framework, translated
from compendium.framework.feedback import feedback_faults
from compendium.report.feedback.blocks import Document, Look, StatementBlock
from compendium.report.feedback.board import board_report
from compendium.report.feedback.individual import individual_report
from compendium.report.feedback.render import HERE, as_svg, html, pdf, picture
from compendium.report.feedback.setting import Setting
from compendium.report.feedback.team import team_report
from compendium.report.feedback.word import word
from compendium.report.feedback.words import Words, messages
from compendium.steps.feedback import Evidence, findings_of_person
from compendium.steps.feedback.evidence import Moved, TeamChange
from compendium.steps.feedback.organisation import findings_of_whole
from compendium.steps.feedback.specimen import made_up_evidence, specimen_person
from compendium.steps.feedback.supplements import telling_word
from compendium.steps.feedback.teams import findings_of_team, reported_teams

OLDEST_READER, A_LITTLE_OLDER = 12, 13
YEARS_BEFORE_SCHOOL = 5
LONG = "Understanding, negotiating and re-negotiating roles, responsibilities and services across boundaries"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><rect width="4" height="4"/></svg>'


def setting_of(**changes: object) -> Setting:
    made = Setting(Words("english"), framework(), feedback_texts(framework()), "Pilot", True, ("1 May", "2 June"))
    return replace(made, **changes)


@pytest.fixture(scope="module")
def specimen() -> Evidence:
    return made_up_evidence(framework(), plan(), framework().scales())


@pytest.fixture(scope="module")
def report(specimen: Evidence) -> Document:
    return individual_report(setting_of(), specimen, specimen_person(specimen))


@pytest.fixture(scope="module")
def written(report: Document) -> bytes:
    return pdf(report)


def of_person(evidence: Evidence, person: str = "p00", **changes: object) -> Document:
    return individual_report(setting_of(**changes), evidence, findings_of_person(evidence, person))


def headings(document: Document) -> list[str]:
    return [section.heading for section in document.sections]


# What is said depends on what the person has


@pytest.mark.parametrize(
    ("raters", "said"),
    [(0, "Colleagues were not asked"), (2, "Fewer than three colleagues answered"), (3, "Three colleagues answered")],
)
def test_report_says_who_answered_and_asks_only_about_what_is_there(raters, said):
    text = of_person(group(people=12, raters=raters, seed=4)).text()
    assert said in text
    assert ("your colleagues' view differ" in text or "Does that fit what you know" in text) == (raters >= 3)
    assert ("Where views meet" in text) == (raters >= 3)


def test_nothing_is_shown_of_what_was_not_collected():
    document = of_person(group(people=12, raters=0, seed=4))
    words = Words("english")
    missing = {words("importance"), words("comments"), words("unseen"), words("change", date="")}
    assert not missing & set(headings(document))


def test_importance_change_and_comments_appear_where_they_were_collected():
    evidence = group(people=12, raters=6, seed=4)
    first, second = list(evidence.scales)[:2]
    evidence = replace(
        evidence, importance={"p00": {first: 5.0}},
        changes={"p00": {first: Moved(0.9, 0.6, "improved"), second: Moved(-0.1, 0.6, "unchanged")}},
    )  # fmt: skip
    text = of_person(evidence, earlier="May 2024", comments={"p00": ["Asks first."]}).text()
    assert all(
        part in text for part in ("Asks first.", "Change since May 2024", "clearly higher", "What matters in your")
    )
    other = of_person(evidence, "p01", earlier="May 2024", comments={}).text()
    assert "You have no scores from May 2024" in other and "Fewer than that wrote one" in other


def test_a_team_reads_its_change_or_why_there_is_none():
    evidence = replace(group(people=60, raters=0, seed=1, team=20), team_changes={})
    found = findings_of_team(evidence, "A")
    words = Words("english")
    none = team_report(setting_of(earlier="May 2024"), evidence, found)
    assert "nobody in another team can be worked out" in none.text()
    first, second = list(evidence.scales)[:2]
    rows = {first: Moved(0.4, 0.3, "improved"), second: Moved(None, None, "not_alike")}
    told = team_report(setting_of(earlier="May 2024"), evidence, replace(found, change=TeamChange(15, 20, rows)))
    assert all(
        part in told.text()
        for part in ("15 members had a score then", "+0.40", "\N{PLUS-MINUS SIGN}0.30", "clearly higher")
    )
    assert words("change-not-alike") in told.text()
    plain = team_report(setting_of(), replace(evidence, team_changes=None), found)
    assert not any(heading.startswith("Change since") for heading in headings(plain))


def test_how_many_colleagues_were_asked_is_said_where_it_is_known():
    evidence = replace(group(people=12, raters=4, seed=4), asked={"p00": 6})
    assert "4 of the 6 colleagues who were asked" in of_person(evidence).text()
    assert "How many were asked was not recorded." in of_person(evidence, "p01").text()


def test_guide_is_two_pages_in_every_language():
    evidence = group(people=60, raters=4, seed=1, team=20)
    for language in report_languages():
        words = Words(language)
        document = team_report(setting_of(words=words), evidence, findings_of_team(evidence, "A"))
        wanted = (words("guide"), words("guide-more"))
        guide = replace(document, sections=[each for each in document.sections if each.heading in wanted], title="x")
        with pikepdf.open(io.BytesIO(pdf(replace(guide, notices=[])))) as file:
            assert len(file.pages) == 3  # the title alone, and two pages


def test_scores_in_small_steps_are_not_called_alike():
    """1.6 to 4.4 in steps: nothing stands apart, and nobody reads that the scores are close together."""
    rows = [[4.4, 4.0, 3.9, 3.5, 2.6, 2.3, 2.0, 1.6], [4.0] * 8]
    evidence = evidence_of(scores_of(rows))
    spread, even = (of_person(evidence, person).text() for person in ("p00", "p01"))
    assert "highest and your lowest score clearly differ" in spread and "may well be chance" not in spread
    assert "may well be chance" in even


def test_a_missing_score_is_said_in_its_row():
    evidence = group(people=12, raters=0, seed=4)
    scores = evidence.own.scores.copy()
    scores.iloc[0, 2] = float("nan")
    without = replace(evidence, own=replace(evidence.own, scores=scores))
    assert "Too few answers for a score of your own." in of_person(without).text()


def test_words_of_an_answer_are_those_that_were_read_also_for_reversed_statements(specimen):
    """A keyed 1 of a reversed statement was answered 5."""
    whole = load_framework("integrated-care")
    evidence = replace(specimen, framework=whole)
    from compendium.report.feedback.individual import _Report

    made = _Report(setting_of(framework=whole), evidence, specimen_person(specimen))
    assert made._label("person_09", 1.0) == "almost every time"
    assert made._label("person_01", 1.0) == "almost never"


def test_texts_come_from_the_framework_and_are_general_without(tmp_path):
    plain = of_person(group(people=12, raters=0, seed=4), texts=feedback_texts(load_framework("bfi")))
    assert plain.title == "Your feedback" and "no ideas of its own" in plain.text()
    assert of_person(group(people=12, raters=0, seed=4)).title == "Your feedback on working across services"


def test_texts_about_unknown_competencies_are_a_fault(tmp_path):
    import shutil

    home = tmp_path / "integrated-care"
    shutil.copytree(load_framework("integrated-care").home, home)
    texts = home / "feedback" / "texts.yaml"
    texts.write_text(texts.read_text().replace("  teamwork:\n", "  teamwrok:\n", 1))
    (fault,) = read_framework("integrated-care", tmp_path).faults
    assert "teamwork" in fault.action and fault.column is None


# Teams and the board name nobody


def test_team_report_and_board_hold_no_person_and_no_rank():
    evidence = group(people=60, raters=4, seed=1, team=20)
    found = findings_of_team(evidence, "A")
    team = team_report(setting_of(), evidence, found).text()
    board = board_report(
        setting_of(), evidence, findings_of_whole(evidence, reported_teams(evidence), [found], 80)
    ).text()
    assert not re.search(r"\bp\d\d\b", team + board)
    assert "Team A" in team and "Team A" not in board
    assert "60 of 80 people" in board and "75 %" in board


# The files


def test_pdf_is_tagged_and_every_figure_has_words(written, report):
    with pikepdf.open(io.BytesIO(written)) as file:
        assert file.Root.MarkInfo.Marked and str(file.Root.Lang) == "en-GB"
        assert b"pdfuaid:part>1<" in file.Root.Metadata.read_bytes().replace(b" ", b"")
        assert str(file.Root.ViewerPreferences.DisplayDocTitle) == "True" or file.Root.ViewerPreferences.DisplayDocTitle
        found = list(_elements(file.Root.StructTreeRoot))
    figures = [element for element in found if element[0] == "/Figure"]
    assert figures and all(alt for _, alt in figures)
    order = [kind for kind, _ in found if kind in ("/H1", "/H2", "/H3")]
    assert order[0] == "/H1" and order.count("/H1") == 1
    assert order.count("/H2") == len(report.sections)
    assert {"/L", "/LI", "/Figure"} <= {kind for kind, _ in found}


def _elements(node: pikepdf.Object) -> list[tuple[str, str]]:
    """Return kind and alternative text of every element, in reading order."""
    here = [(str(node.S), str(node.get("/Alt", "")))] if "/S" in node else []
    children = node.get("/K", [])
    parts = list(children) if isinstance(children, pikepdf.Array) else [children]
    return here + [found for part in parts if isinstance(part, pikepdf.Dictionary) for found in _elements(part)]


def test_pdf_is_small_has_no_date_and_is_the_same_every_time(written, report):
    assert len(written) < 300_000
    assert b"CreationDate" not in written and written == pdf(report)


def test_web_page_has_the_content_of_the_pdf_and_asks_for_nothing(report):
    page = html(report)
    assert "http" not in re.sub(r"http://www.w3.org/\S+", "", page) and "<script" not in page
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>|&\w+;|&#\d+;", " ", page))
    said = [line for line in report.text().splitlines() if "'" not in line and '"' not in line]
    alone = [line for line in said if re.sub(r"\s+", " ", line) not in plain and line not in page]
    assert not alone


def test_word_file_has_headings_and_tables(report):
    file = docx.Document(io.BytesIO(word(report)))
    styles = [paragraph.style.name for paragraph in file.paragraphs]
    assert styles.count("Heading 1") == len(report.sections) and file.tables


def test_word_file_tells_no_time_of_the_run(report):
    with zipfile.ZipFile(io.BytesIO(word(report))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {EPOCH}


def test_longest_names_and_comments_stay_on_the_page():
    labels = framework().competencies.assign(label=LONG, definition=f"{LONG}, and again {LONG}.")
    long = replace(framework(), competencies=labels)
    evidence = replace(group(people=12, raters=4, seed=4), framework=long)
    document = of_person(evidence, framework=long, comments={"p00": [f"{LONG}. " * 12] * 5}, title=LONG)
    import typst  # noqa: F401

    with pikepdf.open(io.BytesIO(pdf(document))) as file:
        assert 6 <= len(file.pages) <= 14
    assert picture(document, "png")


def test_signs_that_mean_something_are_shown_as_they_are():
    tricky = replace(of_person(group(people=12, raters=0, seed=4)), subtitle='#panic("x") $a$ *b* <b>&amp; "q"')
    assert pdf(tricky) and "&lt;b&gt;&amp;amp;" in html(tricky)


# Plain words


@pytest.mark.parametrize("kind", ["person", "team"])
def test_reading_age_is_about_twelve(kind, report):
    evidence = group(people=60, raters=4, seed=1, team=20)
    document = report if kind == "person" else team_report(setting_of(), evidence, findings_of_team(evidence, "A"))
    labels = [*framework().labels.values(), *framework().items["self_wording"]]
    lines = [
        line for line in document.text().splitlines() if len(line.split()) > 4 and not set("0123456789") & set(line)
    ]
    own = [line for line in lines if not any(label in line for label in labels) and line not in setting_of().notices]
    definitions = set(framework().competencies["definition"])
    # The library knows words by their sounds, and none with a hyphen.
    text = " ".join(line for line in own if line not in definitions).replace("-", " ").replace("(rwg)", "")
    age = textstat.flesch_kincaid_grade(text) + YEARS_BEFORE_SCHOOL
    assert age <= OLDEST_READER
    assert textstat.automated_readability_index(text) + YEARS_BEFORE_SCHOOL <= A_LITTLE_OLDER


@pytest.mark.parametrize(("invited", "said"), [(25, "20 of the 25 people who were asked"), (19, "was not recorded")])
def test_a_team_reads_how_many_were_asked_where_the_roster_and_the_answers_agree(invited, said):
    evidence = replace(group(people=60, raters=0, seed=1, team=20), invited={"A": invited})
    assert said in team_report(setting_of(), evidence, findings_of_team(evidence, "A")).text()


@pytest.mark.parametrize("language", report_languages())
def test_every_language_has_the_same_messages_with_the_same_facts(language):
    def facts(text: str) -> set[str]:
        return set(re.findall(r"\$(\w+)", text))

    english, other = messages("english"), messages(language)
    assert set(english) == set(other)
    assert {name: facts(text) for name, text in english.items()} == {name: facts(text) for name, text in other.items()}


def test_no_message_is_left_that_nothing_says():
    source = "".join(path.read_text() for path in HERE.glob("*.py"))
    put_together = ("view-", "plan-", "guide-", "team-plan-", "team-talk-", "board-question-", "change-", "team-")
    unused = [
        name
        for name in messages("english")
        if not re.search(f"[\"']{name}[\"']", source) and not name.startswith(put_together)
    ]
    assert unused == []


def test_a_report_in_another_language_quotes_nothing_of_the_framework_in_its_own(specimen: Evidence):
    own, texts = framework(), feedback_texts(framework(), "welsh")
    welsh = setting_of(words=Words("welsh"), framework=translated(own, texts), texts=texts)
    evidence = replace(specimen, framework=welsh.framework)
    said = individual_report(welsh, evidence, specimen_person(evidence)).text()
    quoted = [*own.competencies["label"], *own.competencies["definition"], *own.items["self_wording"]]
    quoted += [own.description.notice, *own.scale.labels.values()]
    for name, about in feedback_texts(own).competencies.items():
        quoted += [*about.suggestions, *about.questions]
        there = texts.competencies[name]
        assert [len(there.suggestions), len(there.questions)] == [len(about.suggestions), len(about.questions)]
    assert [text for text in quoted if text.casefold() in said.casefold()] == []
    assert set(texts.items) >= set(own.items.index)


def test_texts_name_what_the_framework_does_not_have(tmp_path):
    home = tmp_path / "framework"
    shutil.copytree(framework().home, home)
    path = home / "feedback" / "texts.welsh.yaml"
    path.write_text(path.read_text().replace("  person_01:", "  person_1:").replace("  5: Bron", "  6: Bron"))
    found = feedback_faults(replace(load_framework("integrated-care"), home=home))
    assert [fault.key for fault in found] == ["items.person_1", "answer_labels.6"]
    assert "person_01" in found[0].action


def test_an_unknown_language_is_refused_with_the_right_one():
    with pytest.raises(InvalidInput, match="english"):
        Words("englsh")


# The look


def test_accent_that_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match=r"contrast of 1\.\d; 4.5 is needed"):
        FeedbackSettings(accent="#FFDD00")
    assert FeedbackSettings(accent="#005EB8").accent == "#005EB8"


def test_contrast_is_that_of_the_guideline():
    """WCAG 2.2: #767676 on white is the lightest grey with 4.5 to 1."""
    assert contrast_with_white("#767676") == pytest.approx(4.54, abs=0.005)
    assert contrast_with_white("#777777") < 4.5


def test_logo_needs_a_name_and_is_held_in_the_files(tmp_path):
    with pytest.raises(ValueError, match="name"):
        FeedbackSettings(logo="logo.svg")
    png = tmp_path / "logo.png"
    from PIL import Image

    Image.new("RGB", (8, 4), "navy").save(png)
    for logo in (SVG, as_svg(png)):
        document = of_person(group(people=12, raters=0, seed=4), look=Look(organisation="Trust", logo=logo))
        assert "data:image/svg+xml;base64" in html(document)
        assert pdf(document)


# Comments


@pytest.mark.parametrize(
    ("comment", "word"),
    [
        ("Listens well and asks first.", None),
        ("I think they listen. I would ask more.", None),
        ("Works well with the NHS and with GP teams.", None),
        ("She helped Maria a lot.", "Maria"),
        ("Since the 12th it is better.", "1"),
        ("My husband was her patient.", "My husband"),
        ("Every Monday they call.", "Monday"),
        ("The matron and I agree.", "matron"),
        ("Write to a@b.org", "o"),
    ],
)
def test_words_that_may_tell_who_wrote_are_found(comment, word):
    found = telling_word(comment)
    assert (found is None) == (word is None)
    assert word is None or len(word) == 1 or found == word


def test_bars_carry_their_words(report):
    shown = [block for section in report.sections for block in section.blocks if isinstance(block, StatementBlock)]
    assert shown and all(each.words for block in shown for each in block.statements if each.shares)


@pytest.mark.browser
@pytest.mark.slow
def test_web_page_has_no_fault_that_axe_finds(report, tmp_path):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright
    from test_book_browser import FLAGS, _chromium

    (tmp_path / "report.html").write_text(html(report), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=FLAGS)
        page = browser.new_page()
        page.goto((tmp_path / "report.html").as_uri())
        found = Axe().run(page)
        browser.close()
    assert found.violations_count == 0, found.generate_report()
