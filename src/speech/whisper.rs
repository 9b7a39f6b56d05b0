//! whisper.cpp through whisper-rs: one context, a state for each thread of the pool.
//!
//! Three safe calls of whisper-rs 0.16 do harm and are not used: its VAD switch does nothing, its
//! grammar setter crashes, its safe abort callback is unsound. `set_language` leaks on each call, and English is
//! whisper.cpp's default; parameters are made once for each thread and cloned.

use std::ffi::c_void;
use std::ops::Range;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperContextParameters, WhisperState};

use super::bias::{self, Bias};
use super::checks::{self, Heard, Verdict};
use super::engine_log;
use super::pieces::{self, Gate};
use super::pool::{Exit, Job, Pool};
use super::window::{self, FULL_FRAMES};
use super::{Hints, SpeechConfig, SpeechError, SpeechModel, Transcriber, Weights};
use crate::audio::voiced;
use crate::domain::{Decoding, Pcm, SAMPLE_RATE_HZ, Segment, Transcript, Word};

/// Shorter clips are padded with silence to this: whisper.cpp hears nothing in less.
const LEAST_SAMPLES: usize = SAMPLE_RATE_HZ as usize;

/// The language that is none but found out.
const AUTO: &str = "auto";

/// The most tokens of a prompt. Each costs decoding time, and whisper.cpp has room for 224.
const PROMPT_TOKENS: usize = 200;

/// A whisper model and the threads that run it.
pub struct Whisper {
    pool: Pool,
    model: SpeechModel,
    deadline: Duration,
    /// Set when the weights are there, or can't be.
    loaded: Arc<OnceLock<Result<(), SpeechError>>>,
}

impl Whisper {
    /// Starts the threads. The weights are loaded by the first of them, so that a start is instant;
    /// utterances wait for it.
    ///
    /// # Errors
    /// Where the model's file is not there, or threads can't be started.
    pub fn load(config: SpeechConfig) -> Result<Self, SpeechError> {
        engine_log::lead_to_tracing();
        if let Weights::File(path) = &config.model.weights
            && !path.is_file()
        {
            return Err(SpeechError::ModelMissing { name: config.model.name, path: path.clone() });
        }
        if config.language != AUTO && whisper_rs::get_lang_id(&config.language).is_none() {
            let language = &config.language;
            return Err(SpeechError::BadSettings(format!(
                "speech.language: {language:?} is no language that whisper knows"
            )));
        }
        let model = SpeechModel {
            name: config.model.name.clone(),
            embedded: matches!(config.model.weights, Weights::Embedded(_)),
            note: config.model.note.clone(),
        };
        let (pool, exit) = Pool::new(config.queue.max(1));
        let loaded = Arc::new(OnceLock::new());
        let deadline = config.deadline;
        let told = loaded.clone();
        spawn("speech-0", move || load_and_serve(&config, &exit, &told))?;
        Ok(Self { pool, model, deadline, loaded })
    }
}

#[async_trait]
impl Transcriber for Whisper {
    async fn transcribe(
        &self,
        pcm: Pcm,
        hints: Hints,
        cancel: CancellationToken,
    ) -> Result<Transcript, SpeechError> {
        if let Some(Err(error)) = self.loaded.get() {
            return Err(error.clone());
        }
        let stop = Arc::new(AtomicBool::new(false));
        // Whatever ends this future early also ends the decoding.
        let _stop_on_drop = StopOnDrop(stop.clone());
        let (answer, answered) = oneshot::channel();
        let until = Instant::now() + self.deadline;
        self.pool.submit(Job { pcm, hints, stop, until, given: self.deadline, answer })?;
        tokio::select! {
            () = cancel.cancelled() => Err(SpeechError::Cancelled),
            () = tokio::time::sleep(self.deadline) => Err(match self.loaded.get() {
                None => SpeechError::Loading,
                Some(Err(error)) => error.clone(),
                Some(Ok(())) => SpeechError::Timeout(self.deadline),
            }),
            answer = answered => answer.unwrap_or_else(|_| {
                Err(SpeechError::Failed("its thread ended".to_owned()))
            }),
        }
    }

    fn model(&self) -> SpeechModel {
        self.model.clone()
    }
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), SpeechError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
        .map_err(|error| SpeechError::Failed(format!("a thread can't be started: {error}")))
}

/// Loads the weights, starts the other threads, and becomes the first worker.
fn load_and_serve(config: &SpeechConfig, exit: &Exit, loaded: &OnceLock<Result<(), SpeechError>>) {
    let started = Instant::now();
    let give_up = |error: SpeechError| {
        tracing::error!(%error, "the speech model can't be used");
        let _ = loaded.set(Err(error.clone()));
        while let Some(job) = exit.next() {
            let _ = job.answer.send(Err(error.clone()));
        }
    };
    let context = match load(config) {
        Ok(context) => context,
        Err(error) => return give_up(error),
    };
    tracing::info!(
        model.name = config.model.name,
        duration_ms = started.elapsed().as_millis(),
        "speech model loaded"
    );
    for number in 1..config.states {
        let (context, config, exit) = (context.clone(), config.clone(), exit.clone());
        let started = spawn(&format!("speech-{number}"), move || {
            if let Err(error) = serve(&context, &config, &exit) {
                tracing::error!(%error, "a speech thread can't work");
            }
        });
        if let Err(error) = started {
            tracing::error!(%error, "a speech thread is missing");
        }
    }
    if let Err(error) = serve(&context, config, exit) {
        give_up(error);
    }
}

fn load(config: &SpeechConfig) -> Result<Arc<WhisperContext>, SpeechError> {
    let parameters = WhisperContextParameters::default();
    let loaded = match &config.model.weights {
        Weights::File(path) => WhisperContext::new_with_params(path, parameters),
        Weights::Embedded(bytes) => WhisperContext::new_from_buffer_with_params(bytes, parameters),
    };
    loaded.map(Arc::new).map_err(|error| SpeechError::ModelBroken {
        name: config.model.name.clone(),
        reason: error.to_string(),
    })
}

/// Decodes jobs on one state until the pool is gone.
fn serve(context: &Arc<WhisperContext>, config: &SpeechConfig, exit: &Exit) -> Result<(), SpeechError> {
    let failed = |error: whisper_rs::WhisperError| SpeechError::Failed(error.to_string());
    let mut listener = Listener {
        bias: None,
        state: context.create_state().map_err(failed)?,
        context: context.clone(),
        parameters: parameters(config, context.is_multilingual()),
        name: &config.model.name,
        decoding: &config.model.decoding,
    };
    while let Some(job) = exit.next() {
        // A fault on one recording must not cost the thread. What a pass left in the state is replaced
        // by the next one before anything is read, so nothing of one recording reaches another.
        let heard = panic::catch_unwind(AssertUnwindSafe(|| listener.listen(&job)));
        let heard = heard.unwrap_or_else(|_| Err(SpeechError::Failed("it panicked".to_owned())));
        let lost = matches!(heard, Err(SpeechError::Failed(_)));
        let _ = job.answer.send(heard);
        if lost {
            // whisper.cpp may have freed the state already; freeing it twice would end the process.
            let fresh = context.create_state().map_err(failed)?;
            std::mem::forget(std::mem::replace(&mut listener.state, fresh));
        }
    }
    Ok(())
}

/// Settings that bound the time: one greedy pass (or a small beam) with a limit on tokens and no
/// second tries at higher temperatures, which can take six times as long.
fn parameters(config: &SpeechConfig, is_multilingual: bool) -> FullParams<'static, 'static> {
    let (decoding, threads) = (&config.model.decoding, config.threads_per_state);
    let strategy = match i32::try_from(decoding.beam) {
        Ok(beam_size) if beam_size > 1 => SamplingStrategy::BeamSearch { beam_size, patience: -1.0 },
        _ => SamplingStrategy::Greedy { best_of: 1 },
    };
    let mut parameters = FullParams::new(strategy);
    parameters.set_n_threads(i32::try_from(threads.max(1)).unwrap_or(1));
    if is_multilingual && config.language == AUTO {
        parameters.set_language(None);
    } else if is_multilingual && config.language != "en" {
        // It leaks a copy, once for each thread.
        parameters.set_language(Some(Box::leak(config.language.clone().into_boxed_str())));
    }
    parameters.set_no_context(true);
    parameters.set_no_timestamps(true);
    parameters.set_single_segment(true);
    parameters.set_suppress_blank(true);
    parameters.set_suppress_nst(true);
    parameters.set_temperature(0.0);
    parameters.set_temperature_inc(0.0);
    parameters.set_print_progress(false);
    parameters.set_print_realtime(false);
    parameters.set_print_special(false);
    parameters.set_print_timestamps(false);
    parameters
}

/// One state with its settings.
struct Listener<'a> {
    state: WhisperState,
    context: Arc<WhisperContext>,
    parameters: FullParams<'static, 'static>,
    name: &'a str,
    decoding: &'a Decoding,
    /// The phrases of the last utterance that had any, and what was made of them.
    bias: Option<(Arc<[String]>, Bias)>,
}

impl Listener<'_> {
    fn listen(&mut self, job: &Job) -> Result<Transcript, SpeechError> {
        let samples = job.pcm.samples();
        match pieces::gate(samples) {
            Gate::Silent => return Err(SpeechError::Silence),
            Gate::Steady => return Err(SpeechError::NoSpeech),
            Gate::TooShort(sound) => return Err(SpeechError::TooShort(sound)),
            Gate::Sound(_) => {}
        }
        let voiced = voiced(samples).ok_or(SpeechError::NoSpeech)?;
        let begin = voiced.start;
        let samples = &samples[voiced];
        let started = Instant::now();
        self.expect(&job.hints);
        let prompt = self.prompt(&job.hints);
        let longest = self.decoding.longest_piece_ms as usize * SAMPLE_RATE_HZ as usize / 1_000;
        let mut tokens = Vec::new();
        let mut segments = Vec::new();
        let mut verdict = Verdict::Empty;
        for piece in pieces::pieces(samples, longest) {
            let Gate::Sound(sound) = pieces::gate(&samples[piece.clone()]) else { continue };
            let (heard, judged) = self.decode_checked(&samples[piece.clone()], sound, &prompt, job)?;
            match judged {
                Verdict::Plausible => {
                    let segment = segment(&heard, begin + piece.start..begin + piece.end);
                    if let Some(parts) = &job.hints.parts {
                        parts.send(segment.text.clone()).ok();
                    }
                    segments.push(segment);
                    tokens.extend(heard);
                    verdict = Verdict::Plausible;
                }
                // One piece of nonsense spoils a command: half a command may mean something else.
                Verdict::Invented => return Err(SpeechError::Unintelligible),
                Verdict::Unsure => return Err(SpeechError::LowConfidence),
                Verdict::Empty => {}
            }
        }
        if verdict != Verdict::Plausible {
            return Err(SpeechError::NoSpeech);
        }
        Ok(Transcript {
            text: text(&tokens),
            confidence: checks::mean_logprob(&tokens).exp(),
            language: whisper_rs::get_lang_str(self.state.full_lang_id_from_state()).map(str::to_owned),
            words: words(&tokens),
            segments,
            model: self.name.to_owned(),
            audio_ms: u64::try_from(job.pcm.duration().as_millis()).unwrap_or(u64::MAX),
            decode_ms: (started.elapsed().as_secs_f64() * 1e6).round() / 1e3,
        })
    }

    /// Decodes in a fitted window, and once more in the full one where the model asks for that and the
    /// first text can't be right.
    fn decode_checked(
        &mut self,
        samples: &[f32],
        sound: Duration,
        prompt: &[i32],
        job: &Job,
    ) -> Result<(Vec<Heard>, Verdict), SpeechError> {
        let window = window::fitted(samples.len().max(LEAST_SAMPLES), self.decoding);
        let said_before = job.hints.prompt.as_deref().unwrap_or_default();
        let heard = self.decode(samples, window, prompt, job)?;
        let verdict = checks::judge(&heard, sound, said_before, self.decoding);
        if verdict == Verdict::Plausible || !self.decoding.retry_full_window || window == FULL_FRAMES {
            return Ok((heard, verdict));
        }
        let heard = self.decode(samples, FULL_FRAMES, prompt, job)?;
        let verdict = checks::judge(&heard, sound, said_before, self.decoding);
        Ok((heard, verdict))
    }

    fn decode(
        &mut self,
        samples: &[f32],
        window: u32,
        prompt: &[i32],
        job: &Job,
    ) -> Result<Vec<Heard>, SpeechError> {
        let limit = Limit { stop: &job.stop, until: job.until };
        let mut parameters = self.parameters.clone();
        parameters.set_audio_ctx(i32::try_from(window).unwrap_or(0));
        parameters.set_max_tokens(window::token_limit(samples.len(), self.decoding));
        if !prompt.is_empty() {
            parameters.set_tokens(prompt);
        }
        // SAFETY: the callback gets the pointer that is set beside it, which points to `limit`; that
        // lives until `full` below has returned, and whisper.cpp keeps neither beyond that call.
        unsafe {
            parameters.set_abort_callback(Some(must_abort));
            parameters.set_abort_callback_user_data(std::ptr::from_ref(&limit).cast_mut().cast());
        }
        if let Some((_, bias)) = self.bias.as_ref().filter(|_| job.hints.vocabulary.is_some()) {
            // SAFETY: the callback gets the pointer that is set beside it, to a `Bias` that lives in this
            // listener until after `full` has returned.
            unsafe {
                parameters.set_filter_logits_callback(Some(bias::filter));
                parameters.set_filter_logits_callback_user_data(std::ptr::from_ref(bias).cast_mut().cast());
            }
        }
        let padded;
        let samples = if samples.len() < LEAST_SAMPLES {
            padded = [samples, &vec![0.0; LEAST_SAMPLES - samples.len()]].concat();
            &padded
        } else {
            samples
        };
        // whisper.cpp does not tell an abort from a failure, so that is asked of our own flag.
        self.state.full(parameters, samples).map_err(|error| match limit.reached() {
            Some(Reached::Stop) => SpeechError::Cancelled,
            Some(Reached::Time) => SpeechError::Timeout(job.given),
            None => SpeechError::Failed(error.to_string()),
        })?;
        Ok(self.tokens())
    }

    /// The text tokens of the last pass; those above end-of-text are marks.
    fn tokens(&self) -> Vec<Heard> {
        let end_of_text = self.context.token_eot();
        let mut heard = Vec::new();
        // A letter beyond ASCII may be spread over several tokens.
        let mut cut: Vec<u8> = Vec::new();
        for segment in self.state.as_iter() {
            for index in 0..segment.n_tokens() {
                let Some(token) = segment.get_token(index) else { continue };
                if token.token_id() >= end_of_text {
                    continue;
                }
                let Ok(bytes) = token.to_bytes() else { continue };
                cut.extend_from_slice(bytes);
                if let Ok(text) = std::str::from_utf8(&cut) {
                    heard.push(Heard { text: text.to_owned(), probability: token.token_probability() });
                    cut.clear();
                } else if cut.len() > 8 {
                    cut.clear();
                }
            }
        }
        heard
    }

    /// Has the trie of the expected phrases ready; the same phrases come again and again.
    fn expect(&mut self, hints: &Hints) {
        let Some(phrases) = hints.vocabulary.as_ref().filter(|_| self.decoding.bias > 0.0) else { return };
        let is_ready = self.bias.as_ref().is_some_and(|(known, _)| Arc::ptr_eq(known, phrases));
        if !is_ready {
            let bias = Bias::new(phrases, self.decoding.bias, &self.context);
            self.bias = Some((phrases.clone(), bias));
        }
    }

    fn prompt(&self, hints: &Hints) -> Vec<i32> {
        if !self.decoding.prompt {
            return Vec::new();
        }
        let phrases = hints.vocabulary.as_deref().unwrap_or_default().join(", ");
        // What stands last weighs most, and is kept where there is no room for all.
        let expected = self.tokens_of(&phrases);
        let mut tokens: Vec<i32> = expected.into_iter().take(PROMPT_TOKENS).collect();
        tokens.extend(self.tokens_of(hints.prompt.as_deref().unwrap_or_default()));
        tokens.split_off(tokens.len().saturating_sub(PROMPT_TOKENS))
    }

    fn tokens_of(&self, text: &str) -> Vec<i32> {
        if text.is_empty() {
            return Vec::new();
        }
        // A token has at least one byte. With room for fewer tokens than there are, whisper-rs 0.16
        // takes the negative answer for a length.
        self.context.tokenize(text, text.len() + 1).unwrap_or_default()
    }
}

/// What was heard in a part of the samples.
fn segment(tokens: &[Heard], piece: Range<usize>) -> Segment {
    let ms = |samples: usize| (samples as u64 * 1_000) / u64::from(SAMPLE_RATE_HZ);
    Segment {
        text: text(tokens),
        start_ms: ms(piece.start),
        end_ms: ms(piece.end),
        confidence: checks::mean_logprob(tokens).exp(),
    }
}

fn text(tokens: &[Heard]) -> String {
    let text: String = tokens.iter().map(|token| token.text.as_str()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Tokens to words: a token that begins with a blank begins a word.
fn words(tokens: &[Heard]) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for token in tokens {
        let text = token.text.trim();
        if text.is_empty() {
            continue;
        }
        match words.last_mut() {
            Some(word) if !token.text.starts_with(char::is_whitespace) => {
                word.text.push_str(text);
                word.confidence = word.confidence.min(token.probability);
            }
            _ => words.push(Word { text: text.to_owned(), confidence: token.probability }),
        }
    }
    words
}

/// When a running pass must end.
struct Limit<'a> {
    stop: &'a AtomicBool,
    until: Instant,
}

enum Reached {
    Stop,
    Time,
}

impl Limit<'_> {
    fn reached(&self) -> Option<Reached> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(Reached::Stop);
        }
        (Instant::now() >= self.until).then_some(Reached::Time)
    }
}

/// Asked by whisper.cpp after the encoder and after each token.
unsafe extern "C" fn must_abort(limit: *mut c_void) -> bool {
    // SAFETY: `decode` sets the pointer to a `Limit` that outlives the pass.
    let limit = unsafe { &*limit.cast::<Limit<'_>>() };
    limit.reached().is_some()
}
