# What Hark says of its own accord, in English. Each other file here is another language (docs/languages.md).
# The notation is that of Project Fluent. What begins small stands after a colon, after "But", or begins a
# sentence and is then made large.

## Understood without a model, separated by semicolons
stop-words = stop; stop it; stop that; stop this; stop now; stop everything; please stop; cancel; cancel it; cancel that; never mind; nevermind; forget it; abort
yes-words = yes; yes please; yes do it; yeah; yep; sure; ok; okay; right; correct; exactly; do it; do that; please do; go ahead; that is right; that s right
always-words = always; always allow; always allow it; always allow this; always allow that; yes always; yes always allow it; yes always allow this; always do it; always do that
no-words = no; no thanks; no thank you; nope; no don t; don t; do not; don t do it; don t do that; not that; wrong; leave it

## The reply, made from receipts
reply-nothing = Nothing was done.
reply-stopped = Stopped. Nothing was done.
reply-done = Done: { $step }.
reply-failed = that did not work: { $reason }
reply-step-failed = { $step } did not work: { $reason }
reply-unknown = I do not know whether { $step } was done: { $reason }
reply-cancelled = I stopped before { $steps }
reply-skipped = I did not try { $steps }
reply-skipped-since = I did not try { $steps }: { $reason }
reply-but = But { $sentence }
reply-dry-run = This is what I would do: { $plan }
reply-interrupted = Hark was cut off in the middle of this. { $reply }
no-reason = no reason was given

## Parts of a reply
quoted = “{ $words }”
listed = { $others } and { $last }
value-yes = yes
value-no = no
value-none = none
value-items = { $count } items
value-more = { $count } more

## Commands that end others
stopped-question = All right, I leave it.
stopped-nothing = Nothing is under way.
stopped = { $count ->
    [one] Stopped.
   *[other] Stopped { $count } commands.
}

## Questions
ask-what = What exactly should I do?
ask-deed = What exactly should I { $deed }?
ask-missing = To { $deed }, I need { $wanted }. What should it be?
ask-choice = To { $deed }, I need { $wanted }. Should it be { $others } or { $last }?
ask-wanted = the { $name }
ask-wanted-described = the { $name } ({ $description })
ask-whether = Should I do this: { $plan }?
ask-whether-with = { $deed } ({ $values })
ask-approval = I would call { $calls }. { $reasons } Should I?
approval-result-of = the result of step { $number }
ask-heard = I am not sure that I heard the { $name } right: “{ $value }”. What should it be?

## Policy
reason-destroys = It may delete or overwrite something
reason-reaches-out = It reaches out of this house, and what is sent cannot be taken back
reason-untrusted = Its server is not trusted
reason-flagged = This tool is suspicious: { $flag }
reason-tainted = A value comes from { $tool }, not from you
reason-carries-out = It would carry something that { $tool } told out of this house
reason-rule = Rule { $number } of your hark.toml says so
policy-forbidden = That is not allowed: { $call }. { $reason }.
approval-changed = Nothing was done: what I would do is no longer what I showed you. Say again what you want.
approval-expired = Nothing was done: your answer came too late for what I asked. Say again what you want.
approval-spent = Nothing was done: that answer was used already. Say again what you want.
approval-not-allowed = Nothing was done: you may give commands here, and not agree to a call like this one. Whoever runs Hark can give you the scope “approve”.

## Nothing to do
nothing-fits = None of the connected tools fits that.
nothing-connected = No tools are connected, so there is nothing that I could do.

## Progress
progress-reading = Reading the recording
progress-listening = Listening to it
progress-heard = Heard: { $text }
progress-tools-of-one = { $count } tools of { $service } are at hand
progress-tools-of-many = { $count } tools of { $services } services are at hand
progress-thinking = Thinking about it
progress-calling = Calling { $tool }.
progress-again = The connection failed; trying again.
progress-done = Done: { $tool }.
progress-failed = It did not work: { $tool }.
progress-unknown = Whether it was done is not known: { $tool }.
progress-cancelled = Stopped: { $tool }.
progress-skipped = Not tried: { $tool }.

## Why a step ended as it did
step-no-reason = the tool says that it failed, and gives no reason
step-cancelled = stopped before anything was done
step-cancelled-late = it was stopped after it was sent
step-uncalled = it was not called: { $reason }
step-fault = a fault in Hark broke off the call; please report it
step-timeout = { $tool } gave no answer within { $seconds } s
step-dry-run = a dry run calls no tool
step-interrupted = Hark was cut off before an answer came; look before you ask for it again
step-interrupted-reading = Hark was cut off before an answer came
step-interrupted-before = Hark was cut off before its turn came
step-after = step { $number } ({ $tool }), which comes first, { $fate ->
    [failed] did not work
    [unknown] ended without a known result
    [cancelled] was stopped
    [skipped] was not tried
   *[done] was done
}

## Why a command ended
command-cancelled = stopped, as you asked
command-timeout = the command was stopped after { $seconds } seconds
command-internal = Hark made a mistake of its own on this command; the log has more
command-no-tools = no tool is connected; `hark doctor` shows each server and what keeps it away

## Why a command was not taken
submit-empty = the command is empty; say or type what is to be done
submit-too-long = the command has { $length } characters, at most { $limit } are taken; shorten it or split it
submit-key-reused = this Idempotency-Key came before with another request; send each request with a key of its own
submit-busy = { $count } commands are under way, which is the limit; try again in a moment
submit-shutting-down = Hark is shutting down; send the command again once it is back
rate-limited = { $count } commands a minute are taken from each user; try again in { $seconds } s

## Why nothing was heard
speech-silence = nothing was said: the recording is silent; is the microphone muted, or the wrong one?
speech-no-speech = no speech was heard in the recording; say it again, a little closer to the microphone
speech-too-short = the recording has only { $milliseconds } ms of sound, too little for a word; hold the key until you have finished
speech-unintelligible = that could not be understood; say it again, more clearly or with less noise around
speech-low-confidence = that was not heard clearly enough to act upon it; say it again, a little closer to the microphone
speech-busy = { $count } recordings wait to be heard already; try again in a moment
speech-crowded = { $count } utterances wait to be heard already; say it again in a moment
speech-loading = the speech model is still being loaded; try again in a moment
speech-timeout = the recording could not be heard within { $seconds } s; try a shorter one, or a smaller speech model
speech-cancelled = hearing was stopped
speech-model-missing = the speech model { $name } is not at { $path }; fetch it: hark models fetch { $name }
speech-model-broken = the speech model { $name } can't be loaded: { $reason }; fetch it again: hark models fetch { $name }
speech-language-unknown = { $language } is no language that the speech model knows; name it by two letters, such as en, or say auto
speech-remote = the speech service can't be used: { $reason }
speech-settings = hearing is set up wrong: { $reason }; see [speech] and [speech_service] in the settings
speech-failed = the speech model failed on this recording ({ $reason }); the log has more
microphone-muted = the microphone delivers nothing: muted, or the wrong device?
own-voice = that was my own voice

## Why there is no plan
plan-failed = the language model could not plan: { $reason }
plan-unreadable = the language model { $model } gave no readable plan: { $fault }; say it in other words, or set a larger model
plan-invalid = no valid plan was found, so nothing was done: { $problems }; say it in other words, or set a larger model
plan-cancelled = planning was cancelled
plan-timeout = planning took longer than { $seconds } s, so nothing was done; try a shorter command, or raise the planner's deadline

## Why a call came to nothing
call-server-unknown = there is no server { $server }; configured are: { $known }
call-arguments = the arguments of { $tool } must be an object
call-not-connected = the server { $server } is not connected: { $reason }
call-busy = the server { $server } has as many calls as it takes, and { $waiting } more wait; try again in a moment
call-tool-changed = { $tool } has changed since the plan was made, so it was not called; say it again and it is planned with the tool as it is now
call-not-delivered = the call did not reach the server { $server }: { $reason }
call-lost = the server { $server } was lost during the call: { $reason }; whether it was carried out is not known
call-timeout = { $tool } gave no answer within { $seconds } s and was told to stop; whether it was carried out is not known
call-stopped = the call of { $tool } was stopped
call-stopped-late = the call of { $tool } was stopped after it was sent; whether it was carried out is not known
call-refused = the server refused the call of { $tool }: { $reason } (code { $code })
call-wants-input = { $tool } wants to ask something back during the call, which is not supported yet; give all details in the command
call-bad-result = the result of { $tool } does not fit what it promises: { $faults }
call-too-large = the result of { $tool } has { $bytes } bytes, over the limit of { $limit }; ask it for less

## Why a recording is no sound
audio-formats = WAV, FLAC, MP3, Ogg (Opus or Vorbis), WebM (Opus or Vorbis), M4A/MP4 (AAC) and raw AAC
audio-empty = the upload holds no sound ({ $detail }); check that the recorder ran, and send it again
audio-too-large = the upload has { $bytes } bytes and at most { $limit } are accepted; send a shorter clip, or the same one as Opus or FLAC
audio-too-long = the sound is longer than the { $seconds } seconds that are accepted; send a shorter clip
audio-format-unknown = the upload is { $found }, which can't be read as sound; send { $formats }
audio-codec-unknown = the { $container } file holds no sound in a coding that can be read ({ $detail }); send { $formats }
audio-unreadable = the { $container } file is damaged, cut off or mislabelled ({ $detail }); record or export it again
audio-channels = the sound has { $channels } channels and only one or two are accepted; mix it down and send it again
audio-rate = the sample rate is { $rate } Hz and { $least } to { $most } Hz are accepted; convert it to 16000 Hz
audio-not-a-number = the sound holds samples that are not numbers (NaN or infinite); export it again, best as 16-bit WAV
audio-too-many-packets = the { $container } file has more than { $limit } packets; export it again with an ordinary encoder
audio-too-slow = decoding was stopped after { $seconds } seconds; send the sound as 16-bit WAV
audio-busy = { $count } uploads are waiting to be decoded already; try again in a few seconds
audio-crashed = the decoder failed on this file; send it as 16-bit WAV, and report the file
audio-stopped = the audio decoder is not running: { $reason }; restart the service

## Notes on the page and at the start
note-embedded-speech = Listening with the small built-in speech model, which hears synthetic voices and hardly any human ones. Fetch a full one: { $command }
