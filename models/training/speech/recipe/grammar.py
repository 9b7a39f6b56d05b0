"""Spoken commands, questions and sayings by rule: what people ask of an assistant.

A rule is a sentence with places: `{room}` is one of a list, `{1-90}` a number said in words, `[on|off]` one of
these. `{base}` is another rule, `{say}`, `{when}`, `{clock}` and `{todo}` are made below.
"""

import re

from num2words import num2words

from . import lists

LISTS = {
    "name": lists.NAMES, "room": lists.ROOMS, "device": lists.DEVICES, "colour": lists.COLOURS, "day": lists.DAYS,
    "month": lists.MONTHS, "city": lists.CITIES, "thing": lists.THINGS, "topic": lists.TOPICS,
    "channel": lists.CHANNELS, "file": lists.FILES, "song": lists.SONGS, "unit": lists.UNITS_OF_TIME,
    "hour": "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve".split("|"),
}
CLOCK = """{hour} [a m|p m|o'clock]
{hour} [thirty|fifteen|forty five|ten|twenty|fifty] [a m|p m|]
half past {hour}
quarter [past|to] {hour}
[noon|midnight|this evening|in the morning|in the afternoon|tonight]"""
WHEN = """{day} at {clock}
at {clock}
on {day}
next {day}
in {2-59} {unit}
{month} {1-30}
[this week|next week|tomorrow|today|tonight|right now|this afternoon]"""
TODO = """buy {thing}
call {name}
clean the {room}
finish {topic}
pay the rent
water the plants
walk the dog
fix the {device}
review {topic}
update {topic}
write to {name}"""
SAY = """{topic} is [ready|late|done|important|cancelled|on track|almost finished]
the meeting is moved to {when}
[i will be late|i am on my way|dinner is ready|please call me back|the build is broken|see you soon]
[i will be there in ten minutes|the deploy is done|happy birthday|the server is down|we need more time]
[thanks for your help|i cannot come today|let us meet at the office|the report is ready for review]
[do not forget the keys|lunch is on me|the package has arrived|the tests are passing|my flight is delayed]
[we should talk about the budget|the kids are at school|the car needs gas|good luck with the interview]"""
RULES = """turn [on|off] the {room} {device}
turn the {room} {device} [on|off|up|down]
switch [on|off] the {device} in the {room}
[open|close|lock|unlock|start|stop|check] the {device}
set the {room} {device} to {0-100} percent
set the thermostat to {50-90} degrees
dim the {room} lights to {1-100} percent
make the {room} lights {colour}
is the {device} [on|off|open|closed|locked|running]
what is the temperature in the {room}
schedule a meeting with {name} {when}
create an event called {topic} {when}
[book|plan|arrange] a [call|lunch|dinner|meeting|review] with {name} and {name} {when}
move my [meeting|appointment|call|lunch] with {name} to {when}
cancel [my meeting|the event|the appointment|the call] [with {name}|{when}]
what is on my calendar {when}
show my calendar for {day}
remind me to [call|email|text|meet|visit] {name} {when}
remind me about {topic} {when}
set a [timer|reminder|alarm] for {1-90} {unit}
set an alarm for {clock}
wake me up at {clock}
how much time is left on the timer
cancel the [timer|alarm|reminder]
send a message to {name} saying {say}
tell {name} that {say}
post to the {channel} channel that {say}
send an email to {name} about {topic}
read my [messages|emails|notifications|notes|reminders]
reply to {name} with {say}
call {name}
add {thing} to [my|the] shopping list
add {thing} and {thing} to the list
remove {thing} from the shopping list
what is on my [shopping list|to do list|list]
add a task to {todo}
mark {todo} as done
take a note {say}
write down that {say}
find my notes about {topic}
search for {topic}
delete the note about {topic}
what is the weather in {city} [|{when}]
will it [rain|snow|be sunny|be windy] in {city} {when}
what time is it in {city}
convert {clock} from {city} to {city} time
how far is it from {city} to {city}
play {song}
play {song} in the {room}
[pause|resume|stop|skip] the [music|song|video|podcast]
volume [up|down]
set the volume to {0-100} [percent|]
list the files in the {file} folder
create a file called {file} [dot text|dot markdown|]
open the {file} file
delete the {file} file
rename {file} to {file}
read the {file} and summarize it
show the git [status|log|history]
commit the changes with message {say}
create a branch called {file} {file}
open an issue about {topic}
what changed in the last commit
what is {0-999} [plus|minus|times|divided by] {1-999}
add {0-99} and {0-99}
what is {1-99} percent of {10-999}
convert {1-200} [miles|kilometers|pounds|kilograms|feet|meters|inches|dollars|euros] to [miles|kilometers|pounds|meters]
turn off [all the lights|everything|the music|the television]
good [morning|night|evening]
[yes|no|okay|stop|cancel|confirm|go ahead|never mind|repeat that|help|continue|thank you|undo that|do it|not now]
{base} and then {base}
{base} and {base}
[please|can you|could you|hey|okay|i want to|i need to|would you] {base}
{base} please
if [it rains|i am late|nobody is home|the door is open] {base}
order {1-12} {thing}
book a [flight|train|table|hotel|taxi] [to {city}|for {1-8} people|{when}]
translate {say} into [french|german|spanish|italian|chinese|japanese|russian]
who is {name}
how do i get to {city}
start a new [project|document|list|game|recording] called {file}"""

MADE = {"clock": CLOCK, "when": WHEN, "todo": TODO, "say": SAY}
MADE = {place: rules.splitlines() for place, rules in MADE.items()}
RULES = RULES.splitlines()
BASES = [rule for rule in RULES if "{base}" not in rule and "{say}" not in rule]


def fill(rule, dice):
    """One sentence of a rule."""
    while match := re.search(r"\[([^\[\]]*)\]", rule):
        rule = rule[: match.start()] + dice.choice(match[1].split("|")) + rule[match.end() :]
    while match := re.search(r"\{([^{}]*)\}", rule):
        rule = rule[: match.start()] + place(match[1], dice) + rule[match.end() :]
    return " ".join(rule.split())


def place(name, dice):
    if name == "base":
        return fill(dice.choice(BASES), dice)
    if name in MADE:
        return fill(dice.choice(MADE[name]), dice)
    if name in LISTS:
        return dice.choice(LISTS[name])
    least, most = name.split("-")
    return num2words(dice.randint(int(least), int(most))).replace("-", " ").replace(",", "")


def sentence(dice):
    return fill(dice.choice(RULES), dice)
