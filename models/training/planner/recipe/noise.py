"""A command as a speech recogniser might write it, with the same done to the values that are its words."""

import random
import re

from num2words import num2words

from .form import parameters

WORD = re.compile(r"\S+")
_ALIKE = [("ph", "f"), ("ck", "k"), ("ee", "ea"), ("c", "k"), ("s", "z"), ("th", "t"), ("ou", "ow"), ("y", "ie"), ("ll", "l"), ("tt", "t"), ("oo", "u"), ("a", "e"), ("er", "a"), ("i", "e")]


def spoken(word):
    """A number as it is said."""
    if re.fullmatch(r"\d{1,6}", word):
        number = int(word)
        if 1900 < number < 2100 and len(word) == 4:
            return num2words(number, to="year").replace("-", " ")
        return num2words(number).replace("-", " ").replace(",", "")
    return word


def misheard(word, dice):
    old, new = dice.choice(_ALIKE)
    if old in word[1:]:
        return word[0] + word[1:].replace(old, new, 1)
    return word


def is_text(schema):
    return isinstance(schema, dict) and schema.get("type", "string") == "string" and "enum" not in schema and "format" not in schema


def heard(text, values, dice):
    """The text and the values, changed alike. A value that is not words of the text is left as it is."""
    spells = dice.random() < 0.7
    mishears = dice.random() < 0.25
    words, new = [m.span() for m in WORD.finditer(text)], []
    for start, end in words:
        word = text[start:end]
        bare = word.strip(",.;:!?\"“”()'").replace("’", "'").lower()
        if not bare:
            bare = ""
        elif spells:
            bare = spoken(bare)
        if mishears and bare.isalpha() and len(bare) > 4 and dice.random() < 0.15:
            bare = misheard(bare, dice)
        new.append(bare)
    changed = []
    for value in values:
        at = text.find(value)
        inside = [n for n, (s, e) in enumerate(words) if s < at + len(value) and e > at] if at >= 0 and value else []
        # Only whole words: what stands around it is of no letters.
        whole = inside and text[words[inside[0]][0] : at].strip("\"“'(") == "" and text[at + len(value) : words[inside[-1]][1]].strip(",.;:!?\"”')") == ""
        changed.append(" ".join(new[n] for n in inside if new[n]) if whole else value)
    return " ".join(word for word in new if word), changed


def apply(command_text, steps, tools, dice):
    """`steps`: pairs of a key and arguments. The noisy text and steps."""
    places = []
    for number, (key, params) in enumerate(steps):
        properties = dict(parameters(tools[key]["inputSchema"]))
        for name, value in params.items():
            if isinstance(value, str) and is_text(properties.get(name)):
                places.append((number, name))
    text, values = heard(command_text, [steps[n][1][name] for n, name in places], dice)
    if not text:
        return command_text, steps
    new = [(key, dict(params)) for key, params in steps]
    for (number, name), value in zip(places, values):
        if value:
            new[number][1][name] = value
    return text, new
