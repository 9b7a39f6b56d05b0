# Was Hark von sich aus sagt, auf Deutsch. Die Namen und ihre Ordnung sind die von en.ftl.

## Understood without a model, separated by semicolons
stop-words = stopp; stop; halt; halt an; anhalten; stopp das; hör auf; aufhören; abbrechen; brich ab; brich das ab; abbruch; vergiss es; lass es; lass das; schon gut; bitte stopp
yes-words = ja; ja bitte; ja mach das; jawohl; jo; klar; gern; sicher; in ordnung; okay; ok; richtig; stimmt; genau; mach das; tu das; bitte
always-words = immer; immer erlauben; das immer erlauben; ja immer; ja immer erlauben; erlaube das immer; mach das immer
no-words = nein; nein danke; nee; nicht; lieber nicht; mach das nicht; tu das nicht; falsch; das nicht

## The reply, made from receipts
reply-nothing = Es wurde nichts getan.
reply-stopped = Angehalten. Es wurde nichts getan.
reply-done = Erledigt: { $step }.
reply-failed = das hat nicht geklappt: { $reason }
reply-step-failed = { $step } hat nicht geklappt: { $reason }
reply-unknown = ich weiß nicht, ob { $step } erledigt wurde: { $reason }
reply-cancelled = vor { $steps } habe ich angehalten
reply-skipped = { $steps } habe ich nicht versucht
reply-skipped-since = { $steps } habe ich nicht versucht: { $reason }
reply-but = Aber { $sentence }
reply-dry-run = Das würde ich tun: { $plan }
reply-interrupted = Hark wurde mittendrin unterbrochen. { $reply }
no-reason = es wurde kein Grund genannt

## Parts of a reply
quoted = „{ $words }“
listed = { $others } und { $last }
value-yes = ja
value-no = nein
value-none = keine
value-items = { $count ->
    [one] { $count } Eintrag
   *[other] { $count } Einträge
}
value-more = { $count ->
    [one] { $count } weiterer
   *[other] { $count } weitere
}

## Commands that end others
stopped-question = Gut, ich lasse es.
stopped-nothing = Es ist nichts in Arbeit.
stopped = { $count ->
    [one] Angehalten.
   *[other] { $count } Befehle angehalten.
}

## Questions
ask-what = Was genau soll ich tun?
ask-deed = Was genau soll ich tun? Es geht um „{ $deed }“.
ask-missing = Für „{ $deed }“ brauche ich noch { $wanted }. Was soll es sein?
ask-choice = Für „{ $deed }“ brauche ich noch { $wanted }. Soll es { $others } oder { $last } sein?
ask-wanted = die Angabe „{ $name }“
ask-wanted-described = die Angabe „{ $name }“ ({ $description })
ask-whether = Soll ich das tun: { $plan }?
ask-whether-with = { $deed } ({ $values })
ask-approval = Ich würde aufrufen: { $calls }. { $reasons } Soll ich?
approval-result-of = das Ergebnis von Schritt { $number }
ask-heard = Ich bin nicht sicher, ob ich „{ $name }“ richtig verstanden habe: „{ $value }“. Was soll es sein?

## Policy
reason-destroys = Dabei kann etwas gelöscht oder überschrieben werden
reason-reaches-out = Es wirkt nach draußen, und was gesendet ist, lässt sich nicht zurückholen
reason-untrusted = Dem Server wird nicht vertraut
reason-flagged = Dieses Werkzeug ist verdächtig: { $flag }
reason-tainted = Ein Wert stammt von { $tool } und nicht von dir
reason-carries-out = Etwas, das { $tool } gesagt hat, würde nach draußen getragen
reason-rule = Regel { $number } in deiner hark.toml verlangt es
policy-forbidden = Das ist nicht erlaubt: { $call }. { $reason }.
approval-changed = Es wurde nichts getan: Was ich tun würde, ist nicht mehr das, was ich gezeigt habe. Sag noch einmal, was du willst.
approval-expired = Es wurde nichts getan: Die Antwort kam zu spät. Sag noch einmal, was du willst.
approval-spent = Es wurde nichts getan: Diese Antwort wurde schon verwendet. Sag noch einmal, was du willst.
approval-not-allowed = Es wurde nichts getan: Du darfst hier Befehle geben, aber einem solchen Aufruf nicht zustimmen. Wer Hark betreibt, kann dir das Recht „approve“ geben.

## Nothing to do
nothing-fits = Keines der verbundenen Werkzeuge passt dazu.
nothing-connected = Es sind keine Werkzeuge verbunden, also kann ich nichts tun.

## Progress
progress-reading = Ich lese die Aufnahme
progress-listening = Ich höre zu
progress-heard = Verstanden: { $text }
progress-tools-of-one = { $count ->
    [one] { $count } Werkzeug von { $service } ist zur Hand
   *[other] { $count } Werkzeuge von { $service } sind zur Hand
}
progress-tools-of-many = { $count } Werkzeuge von { $services } Diensten sind zur Hand
progress-thinking = Ich denke nach
progress-calling = Ich rufe { $tool } auf.
progress-again = Die Verbindung ist fehlgeschlagen; ich versuche es noch einmal.
progress-done = Erledigt: { $tool }.
progress-failed = Es hat nicht geklappt: { $tool }.
progress-unknown = Ob es erledigt wurde, ist ungewiss: { $tool }.
progress-cancelled = Angehalten: { $tool }.
progress-skipped = Nicht versucht: { $tool }.

## Why a step ended as it did
step-no-reason = das Werkzeug meldet einen Fehler und nennt keinen Grund
step-cancelled = angehalten, bevor etwas getan wurde
step-cancelled-late = es wurde angehalten, nachdem es abgeschickt war
step-uncalled = es wurde nicht aufgerufen: { $reason }
step-fault = ein Fehler in Hark hat den Aufruf abgebrochen; bitte melde ihn
step-timeout = { $tool } hat innerhalb von { $seconds } s nicht geantwortet
step-dry-run = ein Probelauf ruft kein Werkzeug auf
step-interrupted = Hark wurde unterbrochen, bevor eine Antwort kam; sieh nach, bevor du es noch einmal verlangst
step-interrupted-reading = Hark wurde unterbrochen, bevor eine Antwort kam
step-interrupted-before = Hark wurde unterbrochen, bevor es an der Reihe war
step-after = Schritt { $number } ({ $tool }), der davor kommt, { $fate ->
    [failed] hat nicht geklappt
    [unknown] endete ohne bekanntes Ergebnis
    [cancelled] wurde angehalten
    [skipped] wurde nicht versucht
   *[done] wurde erledigt
}

## Why a command ended
command-cancelled = angehalten, wie du wolltest
command-timeout = der Befehl wurde nach { $seconds } Sekunden angehalten
command-internal = Hark hat bei diesem Befehl selbst einen Fehler gemacht; im Protokoll steht mehr
command-no-tools = es ist kein Werkzeug verbunden; `hark doctor` zeigt jeden Server und was ihn fernhält

## Why a command was not taken
submit-empty = der Befehl ist leer; sag oder tippe, was zu tun ist
submit-too-long = der Befehl hat { $length } Zeichen, höchstens { $limit } werden angenommen; kürze oder teile ihn
submit-key-reused = dieser Idempotency-Key kam schon mit einer anderen Anfrage; jede Anfrage braucht einen eigenen
submit-busy = { $count } Befehle sind in Arbeit, und mehr geht nicht; versuch es gleich noch einmal
submit-shutting-down = Hark wird gerade beendet; gib den Befehl noch einmal, wenn es wieder da ist
rate-limited = pro Minute werden von jedem { $count } Befehle angenommen; versuch es in { $seconds } s noch einmal

## Why nothing was heard
speech-silence = es wurde nichts gesagt, die Aufnahme ist still; ist das Mikrofon stumm oder das falsche?
speech-no-speech = in der Aufnahme war keine Sprache zu hören; sag es noch einmal, etwas näher am Mikrofon
speech-too-short = die Aufnahme hat nur { $milliseconds } ms Ton, zu wenig für ein Wort; halte die Taste, bis du fertig bist
speech-unintelligible = das war nicht zu verstehen; sag es noch einmal, deutlicher oder mit weniger Lärm ringsum
speech-low-confidence = das war nicht deutlich genug, um danach zu handeln; sag es noch einmal, etwas näher am Mikrofon
speech-busy = { $count } Aufnahmen warten schon darauf, gehört zu werden; versuch es gleich noch einmal
speech-crowded = { $count } Äußerungen warten schon darauf, gehört zu werden; sag es gleich noch einmal
speech-loading = das Modell zum Hören wird noch geladen; versuch es gleich noch einmal
speech-timeout = die Aufnahme konnte nicht innerhalb von { $seconds } s gehört werden; versuch es mit einer kürzeren oder einem kleineren Modell zum Hören
speech-cancelled = das Zuhören wurde angehalten
speech-model-missing = das Modell zum Hören { $name } ist nicht unter { $path }; hole es: hark models fetch { $name }
speech-model-broken = das Modell zum Hören { $name } lässt sich nicht laden: { $reason }; hole es neu: hark models fetch { $name }
speech-language-unknown = { $language } ist keine Sprache, die das Modell zum Hören kennt; nenne sie mit zwei Buchstaben, etwa en, oder sag auto
speech-remote = der Dienst zum Hören ist nicht zu gebrauchen: { $reason }
speech-settings = das Hören ist falsch eingerichtet: { $reason }; siehe [speech] und [speech_service] in den Einstellungen
speech-failed = das Modell zum Hören ist an dieser Aufnahme gescheitert ({ $reason }); im Protokoll steht mehr
microphone-muted = vom Mikrofon kommt nichts: ist es stumm oder das falsche Gerät?
own-voice = das war meine eigene Stimme

## Why there is no plan
plan-failed = das Sprachmodell konnte nicht planen: { $reason }
plan-unreadable = das Sprachmodell { $model } hat keinen lesbaren Plan geliefert: { $fault }; sag es mit anderen Worten, oder stell ein größeres Modell ein
plan-invalid = es fand sich kein gültiger Plan, also wurde nichts getan: { $problems }; sag es mit anderen Worten, oder stell ein größeres Modell ein
plan-cancelled = das Planen wurde abgebrochen
plan-timeout = das Planen hat länger als { $seconds } s gedauert, also wurde nichts getan; versuch einen kürzeren Befehl, oder gib dem Planen mehr Zeit

## Why a call came to nothing
call-server-unknown = einen Server { $server } gibt es nicht; eingerichtet sind: { $known }
call-arguments = die Angaben für { $tool } müssen ein Objekt sein
call-not-connected = der Server { $server } ist nicht verbunden: { $reason }
call-busy = der Server { $server } hat so viele Aufrufe, wie er nimmt, und { $waiting } weitere warten; versuche es gleich noch einmal
call-tool-changed = { $tool } hat sich geändert, seit der Plan gemacht wurde, und wurde deshalb nicht aufgerufen; sage es noch einmal, dann wird mit dem jetzigen Werkzeug geplant
call-not-delivered = der Aufruf hat den Server { $server } nicht erreicht: { $reason }
call-lost = der Server { $server } ging während des Aufrufs verloren: { $reason }; ob er ausgeführt wurde, ist ungewiss
call-timeout = { $tool } hat innerhalb von { $seconds } s nicht geantwortet und soll aufhören; ob es ausgeführt wurde, ist ungewiss
call-stopped = der Aufruf von { $tool } wurde angehalten
call-stopped-late = der Aufruf von { $tool } wurde angehalten, nachdem er abgeschickt war; ob er ausgeführt wurde, ist ungewiss
call-refused = der Server hat den Aufruf von { $tool } abgelehnt: { $reason } (Code { $code })
call-wants-input = { $tool } will während des Aufrufs etwas zurückfragen, was noch nicht geht; nenne alle Einzelheiten gleich im Befehl
call-bad-result = das Ergebnis von { $tool } entspricht nicht dem, was es verspricht: { $faults }
call-too-large = das Ergebnis von { $tool } hat { $bytes } Bytes, mehr als die erlaubten { $limit }; bitte es um weniger

## Why a recording is no sound
audio-formats = WAV, FLAC, MP3, Ogg (Opus oder Vorbis), WebM (Opus oder Vorbis), M4A/MP4 (AAC) oder reines AAC
audio-empty = die Aufnahme enthält keinen Ton ({ $detail }); sieh nach, ob das Aufnehmen lief, und sende sie noch einmal
audio-too-large = die Aufnahme hat { $bytes } Bytes, und höchstens { $limit } werden angenommen; sende eine kürzere, oder dieselbe als Opus oder FLAC
audio-too-long = die Aufnahme ist länger als die { $seconds } Sekunden, die angenommen werden; sende eine kürzere
audio-format-unknown = was ankam, ist { $found } und lässt sich nicht als Ton lesen; sende { $formats }
audio-codec-unknown = in der Datei ({ $container }) ist kein Ton in einer lesbaren Kodierung ({ $detail }); sende { $formats }
audio-unreadable = die Datei ({ $container }) ist beschädigt, abgeschnitten oder falsch benannt ({ $detail }); nimm sie neu auf oder exportiere sie neu
audio-channels = der Ton hat { $channels } Kanäle, und nur einer oder zwei werden angenommen; mische ihn herunter und sende ihn noch einmal
audio-rate = die Abtastrate ist { $rate } Hz, und { $least } bis { $most } Hz werden angenommen; wandle den Ton in 16000 Hz um
audio-not-a-number = der Ton enthält Werte, die keine Zahlen sind (NaN oder unendlich); exportiere ihn neu, am besten als WAV mit 16 Bit
audio-too-many-packets = die Datei ({ $container }) hat mehr als { $limit } Pakete; exportiere sie mit einem gewöhnlichen Kodierer neu
audio-too-slow = das Dekodieren wurde nach { $seconds } Sekunden angehalten; sende den Ton als WAV mit 16 Bit
audio-busy = { $count } Aufnahmen warten schon darauf, dekodiert zu werden; versuch es in ein paar Sekunden noch einmal
audio-crashed = der Dekoder ist an dieser Datei gescheitert; sende sie als WAV mit 16 Bit, und melde die Datei
audio-stopped = der Dekoder für Ton läuft nicht: { $reason }; starte den Dienst neu

## Notes on the page and at the start
note-embedded-speech = Es hört das kleine eingebaute Modell, das künstliche Stimmen versteht und menschliche kaum. Hol ein vollständiges: { $command }
