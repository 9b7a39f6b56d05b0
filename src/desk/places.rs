//! From the name of a place to its time zone.
//!
//! The zone database names one city a zone; the table adds big cities and countries that have one
//! zone but do not give it their name. Countries with several zones mean their capital's.

use chrono_tz::{TZ_VARIANTS, Tz};

use super::{
    error::{DeskError, shortened},
    words::folded,
};

/// The zone of a city, a country, or a zone name such as "Europe/Paris", "UTC" or "Pacific time".
///
/// # Errors
/// [`DeskError::NotUnderstood`] with an example.
pub(super) fn zone(place: &str) -> Result<Tz, DeskError> {
    let whole = place.trim();
    if let Some(zone) = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(whole)) {
        return Ok(*zone);
    }
    // "Paris, France" and "New York City".
    let name = folded(whole.split(',').next().unwrap_or(whole));
    let name = name.trim_end_matches(" city").trim_end_matches(" time").trim_end_matches(" timezone");
    let name = name.trim_start_matches("in ");
    let named_after = || {
        TZ_VARIANTS.iter().copied().find(|zone| {
            zone.name().rsplit('/').next().is_some_and(|city| !name.is_empty() && folded(city) == name)
        })
    };
    let other = || OTHER_NAMES.iter().find(|(names, _)| names.contains(&name)).map(|(_, zone)| *zone);
    other().or_else(named_after).ok_or_else(|| DeskError::NotUnderstood {
        what: "place",
        said: shortened(place),
        example: "Tokyo",
    })
}

/// The city of a zone, for speaking.
pub(super) fn city(zone: Tz) -> String {
    zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ")
}

const OTHER_NAMES: &[(&[&str], Tz)] = &[
    (
        &[
            "boston",
            "washington",
            "washington dc",
            "miami",
            "philadelphia",
            "atlanta",
            "orlando",
            "baltimore",
            "pittsburgh",
            "cleveland",
            "charlotte",
            "eastern",
            "est",
            "edt",
            "usa",
            "us",
            "united states",
            "america",
        ],
        Tz::America__New_York,
    ),
    (
        &[
            "dallas",
            "houston",
            "austin",
            "san antonio",
            "new orleans",
            "minneapolis",
            "st louis",
            "memphis",
            "nashville",
            "kansas",
            "milwaukee",
            "central",
            "cst",
            "cdt",
            "texas",
        ],
        Tz::America__Chicago,
    ),
    (&["salt lake", "albuquerque", "mountain", "mst", "mdt", "colorado"], Tz::America__Denver),
    (
        &[
            "san francisco",
            "seattle",
            "las vegas",
            "san diego",
            "san jose",
            "portland",
            "sacramento",
            "oakland",
            "california",
            "silicon valley",
            "pacific",
            "pst",
            "pdt",
        ],
        Tz::America__Los_Angeles,
    ),
    (&["hawaii"], Tz::Pacific__Honolulu),
    (&["alaska"], Tz::America__Anchorage),
    (&["ottawa", "quebec", "canada"], Tz::America__Toronto),
    (&["calgary"], Tz::America__Edmonton),
    (&["guadalajara", "mexico"], Tz::America__Mexico_City),
    (&["rio de janeiro", "rio", "brasilia", "brasília", "são paulo", "brazil"], Tz::America__Sao_Paulo),
    (&["argentina"], Tz::America__Argentina__Buenos_Aires),
    (&["quito", "ecuador"], Tz::America__Guayaquil),
    (&["chile"], Tz::America__Santiago),
    (&["peru"], Tz::America__Lima),
    (&["colombia", "bogotá"], Tz::America__Bogota),
    (
        &[
            "england",
            "scotland",
            "wales",
            "uk",
            "united kingdom",
            "great britain",
            "britain",
            "manchester",
            "birmingham",
            "edinburgh",
            "glasgow",
            "liverpool",
            "cardiff",
            "bristol",
            "leeds",
            "oxford",
            "cambridge",
        ],
        Tz::Europe__London,
    ),
    (&["ireland", "cork"], Tz::Europe__Dublin),
    (
        &[
            "germany",
            "munich",
            "hamburg",
            "frankfurt",
            "cologne",
            "stuttgart",
            "düsseldorf",
            "leipzig",
            "dresden",
            "münchen",
            "köln",
            "cet",
            "cest",
            "central european",
        ],
        Tz::Europe__Berlin,
    ),
    (&["france", "lyon", "marseille", "nice", "toulouse", "bordeaux", "strasbourg"], Tz::Europe__Paris),
    (&["spain", "barcelona", "valencia", "seville", "bilbao"], Tz::Europe__Madrid),
    (&["italy", "milan", "naples", "florence", "venice", "turin", "roma", "milano"], Tz::Europe__Rome),
    (&["switzerland", "geneva", "basel", "bern", "zürich"], Tz::Europe__Zurich),
    (&["austria", "salzburg", "graz", "innsbruck", "wien"], Tz::Europe__Vienna),
    (&["netherlands", "holland", "rotterdam", "hague", "utrecht"], Tz::Europe__Amsterdam),
    (&["belgium", "antwerp", "ghent", "bruges"], Tz::Europe__Brussels),
    (&["denmark"], Tz::Europe__Copenhagen),
    (&["sweden", "gothenburg", "malmö"], Tz::Europe__Stockholm),
    (&["norway", "bergen"], Tz::Europe__Oslo),
    (&["finland"], Tz::Europe__Helsinki),
    (&["krakow", "gdansk", "kraków"], Tz::Europe__Warsaw),
    (&["czechia", "czech republic", "brno"], Tz::Europe__Prague),
    (&["hungary"], Tz::Europe__Budapest),
    (&["romania"], Tz::Europe__Bucharest),
    (&["greece", "thessaloniki"], Tz::Europe__Athens),
    (&["ankara"], Tz::Europe__Istanbul),
    (&["ukraine", "kyiv", "lviv"], Tz::Europe__Kyiv),
    (&["russia", "st petersburg", "saint petersburg"], Tz::Europe__Moscow),
    (&["porto"], Tz::Europe__Lisbon),
    (
        &[
            "india",
            "mumbai",
            "delhi",
            "new delhi",
            "bangalore",
            "bengaluru",
            "chennai",
            "hyderabad",
            "pune",
            "ist",
        ],
        Tz::Asia__Kolkata,
    ),
    (&["islamabad", "lahore", "pakistan"], Tz::Asia__Karachi),
    (&["bangladesh"], Tz::Asia__Dhaka),
    (&["nepal"], Tz::Asia__Kathmandu),
    (&["china", "beijing", "shenzhen", "guangzhou", "chengdu", "wuhan", "hangzhou"], Tz::Asia__Shanghai),
    (&["osaka", "kyoto", "nagoya", "sapporo", "yokohama", "jst"], Tz::Asia__Tokyo),
    (&["korea", "south korea", "busan"], Tz::Asia__Seoul),
    (&["thailand", "phuket"], Tz::Asia__Bangkok),
    (&["vietnam", "hanoi", "saigon"], Tz::Asia__Ho_Chi_Minh),
    (&["indonesia", "bali"], Tz::Asia__Jakarta),
    (&["malaysia"], Tz::Asia__Kuala_Lumpur),
    (&["philippines"], Tz::Asia__Manila),
    (&["abu dhabi", "emirates", "uae"], Tz::Asia__Dubai),
    (&["doha"], Tz::Asia__Qatar),
    (&["saudi arabia", "mecca", "jeddah"], Tz::Asia__Riyadh),
    (&["haifa"], Tz::Asia__Jerusalem),
    (&["south africa", "cape town", "durban", "pretoria"], Tz::Africa__Johannesburg),
    (&["nigeria", "abuja"], Tz::Africa__Lagos),
    (&["kenya"], Tz::Africa__Nairobi),
    (&["morocco", "marrakesh", "marrakech", "rabat"], Tz::Africa__Casablanca),
    (&["australia", "canberra"], Tz::Australia__Sydney),
    (&["gold coast"], Tz::Australia__Brisbane),
    (&["new zealand", "wellington", "christchurch"], Tz::Pacific__Auckland),
];
