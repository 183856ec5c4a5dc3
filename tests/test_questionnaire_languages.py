"""A questionnaire speaks one language: what is missing in it is named before anything is written, for every tool."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from compendium.cohort import load_cohort
from compendium.faults import InvalidInput
from compendium.framework import load_framework, new_framework
from compendium.framework.export import export_framework
from compendium.framework.translations import flat, nested, own_texts, project_texts
from compendium.instruments import TOOLS, write_instrument
from compendium.instruments.documents import paper
from compendium.instruments.languages import begin_language
from compendium.instruments.questionnaire import questionnaire
from compendium.run.cli import app

#: Every letter of a text by one of another script; words in braces stay.
LETTERS = str.maketrans(
    {chr(ord("a") + place): chr(0x03B1 + place % 17) for place in range(26)}
    | {chr(ord("A") + place): chr(0x0391 + place % 17) for place in range(26)}
)


def greek(text: str) -> str:
    return "".join(part if part.startswith("{") else part.translate(LETTERS) for part in re.split(r"(\{\w+\})", text))


def fill(path: Path, sources: dict[str, str]) -> dict[str, str]:
    """Translate every text that a begun file asks for."""
    asked = dict(flat(yaml.safe_load(path.read_text(encoding="utf-8"))))
    filled = {place: greek(sources[place]) for place in asked}
    path.write_text(yaml.safe_dump(nested(filled), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return filled


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a framework in English and, every letter changed, in a second language."""
    folder = new_framework("small", frameworks=tmp_path_factory.mktemp("frameworks"))
    for name, columns in (("items", ("self_wording", "peer_wording")), ("outcomes", ("wording",))):
        table = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        for column in columns:
            table[f"{column.removeprefix('self_')}.el"] = table[column].map(greek)
        table.to_csv(folder / f"{name}.csv", index=False)
    begun = begin_language(load_framework(str(folder)), "el")
    assert begun.columns == []
    fill(begun.path, {**project_texts(), **own_texts(load_framework(str(folder)))})
    return folder


def shown(path: Path) -> str:
    """Return the words of a written file as a reader meets them."""
    content = path.read_bytes()
    if content.startswith(b"PK"):
        parts = zipfile.ZipFile(io.BytesIO(content))
        texts = [name for name in parts.namelist() if re.search(r"(document|sharedStrings|sheet\d)\.xml$", name)]
        return " ".join(parts.read(name).decode() for name in texts)
    return "" if content.startswith(b"%PDF") else content.decode("utf-8")


@pytest.mark.parametrize("tool", TOOLS)
def test_no_output_mixes_languages(tool: str, home: Path, tmp_path: Path) -> None:
    framework = load_framework(str(home))
    written = write_instrument(framework, tool, tmp_path / "a", languages=["el"])
    english = [text for text in {**project_texts(), **own_texts(framework)}.values() if len(text) > 12]
    english += [*framework.items["self_wording"], *framework.items["peer_wording"]]
    told = " ".join(shown(path) for path in written.paths if path.name != "README.txt")
    assert written.untranslated == []
    assert [text for text in english if text in told] == []
    if tool not in ("xlsform", "word", "booklet"):  # workbooks and documents hold the time of writing
        again = write_instrument(framework, tool, tmp_path / "b", languages=["el"])
        assert [path.read_bytes() for path in written.paths] == [path.read_bytes() for path in again.paths]


@pytest.mark.parametrize("tool", TOOLS)
def test_what_is_missing_is_named_and_nothing_written(tool: str, home: Path, tmp_path: Path) -> None:
    framework = load_framework(str(home))
    bare = framework.translations | {"el": {}}
    lacking = replace(framework, translations=bare)
    with pytest.raises(InvalidInput, match="not there in 'el'") as raised:
        write_instrument(lacking, tool, tmp_path / "out", languages=["el"])
    assert not (tmp_path / "out").exists()
    place = {"booklet": "competencies.sharing.definition", "self-score": "self_score.too_few"}.get(tool, "consent")
    assert place in str(raised.value)
    kept = write_instrument(lacking, tool, tmp_path / "out", languages=["el"], keep_untranslated=True).untranslated
    assert all(each.place in str(raised.value) for each in kept)
    assert len({each.place for each in kept}) == len(kept) > 0


def test_an_unknown_language_is_refused_and_can_be_begun(home: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="new-language"):
        questionnaire(load_framework(str(home)), "self", language="cy")
    for language in ("el", "no such"):
        said = CliRunner().invoke(app, ["new-language", str(home), language])
        assert isinstance(said.exception, InvalidInput)


@pytest.mark.parametrize(
    ("place", "text", "problem"),
    [
        ("consnt", "x", "no questionnaire of this framework says this"),
        ("thanks", 7, "this is no text"),
        ("form_title.self", "x", "a word in braces is missing"),
        ("response_scale.labels.2", greek("Never"), "this is the label of 1"),
        ("response_scale.labels.2", "Always", "this is the label of 7 in 'en-GB'"),
    ],
)
def test_texts_that_cannot_be_used_are_named(place: str, text: object, problem: str, home: Path) -> None:
    path = home / "questionnaire" / "texts.el.yaml"
    sound = path.read_text(encoding="utf-8")
    try:
        given = dict(flat(yaml.safe_load(sound))) | {place: text}
        path.write_text(yaml.safe_dump(nested(given), allow_unicode=True), encoding="utf-8")
        with pytest.raises(InvalidInput, match=problem):
            load_framework(str(home))
    finally:
        path.write_text(sound, encoding="utf-8")


def test_a_form_in_another_language_is_read_back_by_its_words(home: Path, tmp_path: Path) -> None:
    framework = load_framework(str(home))
    own, other = framework.scale.labels, framework.translations["el"]
    wordings, rows = framework.items["wording.el"], range(12)
    codes = {item: [1 + (place + row) % 7 for row in rows] for place, item in enumerate(wordings.index)}
    said = {
        wordings[item]: [
            other[f"response_scale.labels.{code}"] if row % 2 else own[code] for row, code in enumerate(given)
        ]
        for item, given in codes.items()
    }
    agreed = [other["agreed"] if row else other["not_agreed"] for row in rows]
    opening = {other["consent"]: agreed, other["person_id"]: [f"p{row}" for row in rows]}
    export, folder = tmp_path / "export.csv", tmp_path / "north"
    pd.DataFrame(opening | said).to_csv(export, index=False)
    called = ["import", str(export), "--into", str(folder), "--framework", str(home), "--format", "csv"]
    done = CliRunner().invoke(app, called)
    assert done.exit_code == 0, done.output
    cohort = load_cohort(folder, tmp_path)  # who did not agree is left out
    keyed = {
        item: [8 - code if framework.items.loc[item, "reverse"] else code for code in given[1:]]
        for item, given in codes.items()
    }
    assert {item: cohort.answers[item].astype(int).tolist() for item in codes} == keyed


def test_the_framework_of_the_chosen_items_keeps_its_languages(home: Path, tmp_path: Path) -> None:
    framework = load_framework(str(home))
    chosen = [item for item in framework.items.index if str(item).startswith("listening")]
    made = export_framework(framework, chosen, tmp_path, "chosen", "here")
    assert questionnaire(made, "self", language="el").thanks == greek(project_texts()["thanks"])


def test_a_sign_that_no_font_has_is_refused(home: Path) -> None:
    form = questionnaire(load_framework(str(home)), "self")
    with pytest.raises(InvalidInput, match="lack 2 of its signs"):
        paper(replace(form, title="問題"))
