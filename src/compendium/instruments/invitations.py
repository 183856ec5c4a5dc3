"""From the roster to invitations: a code or link for each person and for each colleague who is asked about them."""

from __future__ import annotations

import csv
import io
import secrets
import string
from pathlib import Path
from urllib.parse import quote

from compendium.cohort.roster import Roster
from compendium.faults import Fault, InvalidInput, display_path
from compendium.files import write_bytes

FILE = "invitations.csv"
COLUMNS = ("form", "person_id", "rater_id", "link")
#: Letters and digits that are not taken for one another when they are read out or copied by hand.
PLAIN = "".join(sign for sign in string.ascii_lowercase + string.digits if sign not in "il1o0")
CODE_LENGTH = 8
SLOTS = ("{person_id}", "{rater_id}")


def write_invitations(roster: Roster, folder: Path, *, raters: int = 0, link: str = "", peer_link: str = "") -> Path:
    """Write one row a questionnaire to be sent: ``form person_id rater_id link``.

    A rater's code is drawn at random, so that nobody can guess another's; a roster that names its raters keeps their
    codes. The file is the roster of the cohort afterwards (``files.roster``). It ties codes to people: it stays where
    the survey is run, and is never part of the project.

    Parameters
    ----------
    roster
        Who is invited.
    folder
        Where ``invitations.csv`` goes; an earlier one is never written over, since its codes may have been sent.
    raters
        Colleagues asked about each person, where the roster does not say.
    link, peer_link
        Address of the self and of the peer form, with ``{person_id}`` and ``{rater_id}`` where the codes go; without
        one the codes alone are written.

    Raises
    ------
    InvalidInput
        When there is such a file already, or a link lacks the slot of a code.
    """
    target = folder / FILE
    faults = [
        Fault("the link", "a code has no place in it", f"write {slot} where it goes", value=address)
        for address, slots in ((link, SLOTS[:1]), (peer_link, SLOTS))
        for slot in slots
        if address and slot not in address
    ]
    if target.exists():
        action = "its codes may have been sent: take it, or name another folder"
        faults.append(Fault(display_path(target), "there are invitations already", action))
    if faults:
        raise InvalidInput(faults)
    rows = [("self", person, "", _filled(link, person, "")) for person in roster.people]
    rows += [("peer", person, rater, _filled(peer_link, person, rater)) for person, rater in _pairs(roster, raters)]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *rows])
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(target, stream.getvalue().encode(), mode=0o600)
    return target


def _pairs(roster: Roster, raters: int) -> list[tuple[str, str]]:
    """Return who is asked about whom: the raters named in the roster, or codes that nobody can guess."""
    if roster.pairs:
        return sorted(roster.pairs, key=lambda pair: (roster.people.index(pair[0]), pair[1]))
    taken = set(roster.people)
    pairs = []
    for person in roster.people:
        for _ in range(roster.raters.get(person, raters)):
            code = _code(taken)
            taken.add(code)
            pairs.append((person, code))
    return pairs


def _code(taken: set[str]) -> str:
    """Draw a code that nobody has."""
    while (code := "".join(secrets.choice(PLAIN) for _ in range(CODE_LENGTH))) in taken:
        pass
    return code


def _filled(link: str, person: str, rater: str) -> str:
    """Return a link with its codes."""
    return link.replace(SLOTS[0], quote(person, safe="")).replace(SLOTS[1], quote(rater, safe=""))
