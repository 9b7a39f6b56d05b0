"""From words as they are said to text as it is written, and back: numbers, times, names, marks."""

import re

from num2words import num2words

UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
UNIT = {word: number for number, word in enumerate(UNITS)}
TEN = {word: 10 * number for number, word in enumerate(TENS, 2)}
CAPITALS = set(
    "john mary sarah david anna michael emma james robert linda alice bob carol daniel eva frank grace henry irene "
    "jack kate leo maria nina oscar paul rachel sam tom victor wendy priya chen ahmed fatima luis sofia peter laura "
    "kevin helen george diana martin olivia lucas noah liam mia julia monday tuesday wednesday thursday friday "
    "saturday sunday january february april june july august september october november december london paris berlin "
    "tokyo boston chicago madrid rome sydney toronto seattle dublin vienna oslo lisbon athens cairo mumbai beijing "
    "denver austin french german spanish italian chinese japanese russian i beatles".split()
)
TWO_WORDS = {("new", "york"), ("san", "francisco")}
QUESTIONS = {"what", "is", "how", "who", "will", "where", "when", "can", "could", "would"}


def small(words, at):
    """The number below a hundred that begins there, and where it ends."""
    if at < len(words) and words[at] in TEN:
        value, at = TEN[words[at]], at + 1
        if at < len(words) and 0 < UNIT.get(words[at], 0) < 10:
            value, at = value + UNIT[words[at]], at + 1
        return value, at
    if at < len(words) and words[at] in UNIT:
        return UNIT[words[at]], at + 1
    return None


def number(words, at):
    """The longest number that begins there, and where it ends."""
    found = small(words, at)
    if not found:
        return None
    begin = at
    value, at = found
    if at < len(words) and words[at] == "hundred" and 0 < value < 10:
        value, at = value * 100, at + 1
        rest = small(words, at + 1 if at < len(words) and words[at] == "and" else at)
        if rest:
            value, at = value + rest[0], rest[1]
    if at < len(words) and words[at] == "thousand":
        value, at = value * 1000, at + 1
        rest = number(words, at + 1 if at < len(words) and words[at] == "and" else at)
        if rest and rest[0] < 1000:
            value, at = value + rest[0], rest[1]
    elif value in (19, 20) and at - begin == 1 and at < len(words) and words[at] in TEN:
        rest = small(words, at)
        value, at = value * 100 + rest[0], rest[1]
    return value, at


def written(said):
    """`set a timer for ten minutes` as `Set a timer for 10 minutes.`"""
    words, out, at = said.split(), [], 0
    while at < len(words):
        found = number(words, at)
        if found:
            value, after = found
            can_be_hour = value <= 12 and after - at == 1 and after < len(words)
            minutes = number(words, after) if can_be_hour and words[after] in {*TEN, "ten", "fifteen"} else None
            if minutes and minutes[0] in (10, 15, 20, 30, 45, 50):
                out.append(f"{value}:{minutes[0]:02d}")
                at = minutes[1]
            else:
                out.append(str(value))
                at = after
            if words[at : at + 2] in (["a", "m"], ["p", "m"]):
                out.append(words[at].upper() + "M")
                at += 2
            elif words[at : at + 1] == ["percent"]:
                out[-1] += "%"
                at += 1
            continue
        word = words[at]
        if tuple(words[at : at + 2]) in TWO_WORDS:
            out += [word.capitalize(), words[at + 1].capitalize()]
            at += 2
            continue
        if word == "dot" and words[at + 1 : at + 2] in (["text"], ["markdown"]) and out:
            out[-1] += {"text": ".txt", "markdown": ".md"}[words[at + 1]]
            at += 2
            continue
        out.append(word.capitalize() if word in CAPITALS else word)
        at += 1
    text = " ".join(out)
    return text[:1].upper() + text[1:] + ("?" if words[0] in QUESTIONS else ".")


def spoken(text):
    """`Set it to 40%!` as `set it to forty percent`; `None` where it is not said in one way only."""
    text = text.lower().replace("’", "'").replace("%", " percent ").replace("&", " and ")

    def clock(match):
        minutes = int(match[2])
        if minutes == 0:
            return num2words(int(match[1]))
        return f"{num2words(int(match[1]))} {'oh ' if minutes < 10 else ''}{num2words(minutes)}"

    text = re.sub(r"\b(\d{1,2}):(\d\d)\b", clock, text)
    text = re.sub(r"(\d)\s*(am|pm)\b", lambda match: f"{match[1]} {match[2][0]} m", text)
    text = re.sub(r"\b([ap])\.?m\.?\b", r"\1 m", text)
    text = re.sub(r"\$(\d+)", r"\1 dollars", text)
    text = re.sub(r"\b(\d+)(st|nd|rd|th)\b", lambda match: num2words(int(match[1]), to="ordinal"), text)
    text = re.sub(r"\b((?:19|20)\d\d)\b", lambda match: num2words(int(match[1]), to="year"), text)
    text = re.sub(r"\d+\.\d+", lambda match: num2words(float(match[0])), text)
    text = re.sub(r"\d{1,6}", lambda match: f" {num2words(int(match[0]))} ", text)
    text = " ".join(re.sub(r"[-,.?!;:\"()]", " ", text).split())
    is_plain = re.fullmatch(r"[a-z' ]+", text) and 1 <= len(text.split()) <= 15
    # Spelled letters are said in too many ways; "a", "i", and those of "a m" and "p m" are words.
    return text if is_plain and not re.search(r"\b[b-hj-lnoq-z]\b", text) else None
