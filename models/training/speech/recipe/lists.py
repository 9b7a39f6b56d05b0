"""Spoken commands, questions and sayings by rule: what people ask of an assistant."""

NAMES = (
    "john|mary|sarah|david|anna|michael|emma|james|robert|linda|alice|bob|carol|daniel|eva|frank|grace|"
    "henry|irene|jack|kate|leo|maria|nina|oscar|paul|rachel|sam|tom|victor|wendy|priya|chen|ahmed|fatima|"
    "luis|sofia|peter|laura|mark|julia|kevin|helen|george|diana|martin|olivia|lucas|noah|liam|mia"
).split("|")

ROOMS = (
    "kitchen|living room|bedroom|bathroom|office|garage|hallway|garden|basement|attic|dining room|"
    "guest room|porch|nursery|study|laundry room"
).split("|")

DEVICES = (
    "light|lights|lamp|fan|heater|thermostat|blinds|curtains|television|speaker|coffee machine|oven|"
    "dishwasher|door|front door|back door|window|garage door|camera|alarm|sprinkler|vacuum|"
    "air conditioner|humidifier"
).split("|")

COLOURS = (
    "red|green|blue|yellow|white|orange|purple|pink|warm|cool"
).split("|")

DAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow"
).split("|")

MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
).split("|")

CITIES = (
    "london|paris|berlin|tokyo|new york|chicago|boston|madrid|rome|sydney|toronto|seattle|dublin|vienna|"
    "oslo|lisbon|athens|cairo|mumbai|beijing|denver|austin|san francisco"
).split("|")

THINGS = (
    "milk|eggs|bread|coffee|apples|bananas|rice|pasta|cheese|butter|tomatoes|onions|chicken|sugar|flour|"
    "tea|paper towels|soap|batteries|light bulbs|dog food|toothpaste|olive oil|orange juice|potatoes"
).split("|")

TOPICS = (
    "the quarterly report|the project plan|the budget|the design review|the release|the new website|"
    "the sales numbers|the training session|the customer call|the product launch|the marketing campaign|"
    "the interview|the contract|the invoice|the shopping list|the meeting notes|the road map|"
    "the deployment|the server outage|the database migration|the holiday schedule|the team lunch|"
    "the house repairs|the garden project|the school trip|the dentist appointment"
).split("|")

CHANNELS = (
    "general|random|engineering|sales|support|design|marketing|operations|announcements|team"
).split("|")

FILES = (
    "readme|notes|todo list|report|budget|summary|config|invoice|letter|draft|journal|recipe|changelog|"
    "agenda|minutes|backup"
).split("|")

SONGS = (
    "some jazz|classical music|my favorites|the beatles|some rock music|relaxing music|the news|a podcast|"
    "my workout playlist|piano music|the next song|the previous song"
).split("|")

UNITS_OF_TIME = (
    "minutes|seconds|hours"
).split("|")
