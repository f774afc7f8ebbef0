"""Names that people sign in with: which can be chosen, and when two of them are the same for a person who reads them.

    as typed ──► sign_in_name (NFKC, no needless space) ──► key (casefold): unique ──► skeleton: what it looks like, unique, too

A name is of letters of one script, of digits and of `. _ -`, so that nobody can be taken for somebody else: no invisible characters, no letters of
two scripts in one name, no name that looks like one that there is. A script is the first word of a letter's name in Unicode (`LATIN`, `CYRILLIC`),
which is what its property Script says for all alphabets; East Asian names mix Han, Kana, Hangul and Bopomofo as their languages do.

Source: Unicode Technical Standard 39, sections 4 (skeletons) and 5.1 (mixed scripts).

Rejected: the whole table of confusable characters (900 kB of data for letters that cannot stand together in a name anyway); ASCII alone (people
have the names that they have).
"""

from __future__ import annotations

import unicodedata
from typing import Final

from webipy.core import errors
from webipy.core.api.access import is_marked, person_name

MAX_SIGN_IN_NAME: Final = 32
RESERVED: Final = frozenset({"everybody"})
"""What already has a meaning wherever somebody is named."""

MARKS: Final = "._-"
"""What may stand in a name beside letters and digits; not at its ends."""

_TOGETHER: Final = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "HALFWIDTH", "FULLWIDTH"}
)
"""Scripts that one name may mix."""

_CYRILLIC: Final = ("аеорсухіјѕԁһӏвкмнтгԝԛ", "aeopcyxljsdhlbkmhtrwq")
_GREEK: Final = ("αεινορτυχκγωβμ", "aelvoptuxkywbu")
_LATIN: Final = ("ıɑɡɩ01|", "lagloll")  # noqa: RUF001  # these are what the table is about
_LOOKS: Final = str.maketrans(
    _CYRILLIC[0] + _GREEK[0] + _LATIN[0] + "i" + "-_",
    _CYRILLIC[1] + _GREEK[1] + _LATIN[1] + "l" + "..",
)
_PAIRS: Final = (("rn", "m"), ("vv", "w"))


def sign_in_name(given: str) -> str:
    """The name that somebody is to sign in with.

    Args:
        given: As it was typed.

    Returns:
        The name in Unicode's form NFKC.

    Raises:
        errors.InvalidParams: It cannot be chosen; the message says why.
    """
    name = unicodedata.normalize("NFKC", given.strip())
    if not 1 <= len(name) <= MAX_SIGN_IN_NAME:
        raise _wrong(f"A sign-in name has 1 to {MAX_SIGN_IN_NAME} characters; this has {len(name)}.")
    for letter in name:
        if letter not in MARKS and unicodedata.category(letter)[0] not in "LMN":
            shown = "a space" if letter == " " else letter if letter.isprintable() else f"U+{ord(letter):04X}"
            raise _wrong(f"A sign-in name has letters, digits and {' '.join(MARKS)} alone; {shown} is none of them.")
    if name[0] in MARKS or name[-1] in MARKS or unicodedata.category(name[0])[0] == "M":
        raise _wrong("A sign-in name begins and ends with a letter or a digit.")
    if name.casefold() in RESERVED:
        raise _wrong(f"{name!r} means all people with an account: choose another sign-in name.")
    scripts = sorted({_script(letter) for letter in name if letter.isalpha()})
    if len(scripts) > 1 and not _TOGETHER.issuperset(scripts):
        raise _wrong(
            f"A sign-in name has letters of one script; this mixes {' and '.join(one.title() for one in scripts)}."
        )
    return name


def _wrong(words: str) -> errors.InvalidParams:
    return errors.InvalidParams(words, field="name")


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNKNOWN").partition(" ")[0]


def name_key(name: str) -> str:
    """What is the same for all ways to type a name: whoever signs in may type it in upper case, or in another form of Unicode.

    Args:
        name: A name as it was typed; any text.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def skeleton(name: str) -> str:
    """What a name looks like: the same for two names that people take for each other.

    Args:
        name: A sign-in name, or a name that people are shown.
    """
    bare = "".join(
        letter for letter in unicodedata.normalize("NFD", name_key(name)) if unicodedata.category(letter)[0] not in "CZ"
    )
    looks = bare.translate(_LOOKS)
    for two, one in _PAIRS:
        looks = looks.replace(two, one)
    return looks


def shown_name(given: str) -> str:
    """The name that others are shown for an account.

    Raises:
        errors.InvalidParams: It is empty or too long, has characters that cannot be seen, or looks like the name of a guest.
    """
    name = person_name(given)
    if is_marked(name):
        raise errors.InvalidParams('The end "(guest)" marks people who came by a link; leave it out.', field="name")
    return name


def group_name(given: str) -> str:
    """The name of a group.

    Raises:
        errors.InvalidParams: It is empty or too long, or has characters that cannot be seen.
    """
    try:
        name = person_name(unicodedata.normalize("NFKC", given))
    except errors.InvalidParams as fault:
        raise errors.InvalidParams(fault.message.replace("A name", "The name of a group"), field="groups") from None
    return name
