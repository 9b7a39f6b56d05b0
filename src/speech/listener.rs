//! One decoding state with its settings: sound in, a transcript or a refusal out.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use whisper_rs::{FullParams, SamplingStrategy, WhisperContext, WhisperError, WhisperState};

use super::bias::{self, Bias};
use super::checks::{self, Verdict};
use super::heard::{self, Heard};
use super::pieces::{self, Gate};
use super::pool::Job;
use super::whisper::AUTO;
use super::window::{self, FULL_FRAMES};
use super::{Hints, SpeechConfig, SpeechError};
use crate::domain::{Decoding, SAMPLE_RATE_HZ, Transcript};

/// Shorter clips are padded with silence to this: whisper.cpp hears nothing in less.
const LEAST_SAMPLES: usize = SAMPLE_RATE_HZ as usize;

/// The most tokens of a prompt. Each costs decoding time, and whisper.cpp has room for 224.
const PROMPT_TOKENS: usize = 200;

/// Settings that bound the time: one greedy pass (or a small beam) with a limit on tokens and no
/// second tries at higher temperatures, which can take six times as long.
fn parameters(config: &SpeechConfig) -> FullParams<'static, 'static> {
    let (decoding, threads) = (&config.model.decoding, config.threads_per_state);
    let strategy = match i32::try_from(decoding.beam) {
        Ok(beam_size) if beam_size > 1 => SamplingStrategy::BeamSearch { beam_size, patience: -1.0 },
        _ => SamplingStrategy::Greedy { best_of: 1 },
    };
    let mut parameters = FullParams::new(strategy);
    parameters.set_n_threads(i32::try_from(threads.max(1)).unwrap_or(1));
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
pub(super) struct Listener<'a> {
    state: WhisperState,
    context: Arc<WhisperContext>,
    parameters: FullParams<'static, 'static>,
    /// The same for each language that was asked for. Setting one leaks a copy of its name, so that it is
    /// done once.
    languages: HashMap<String, FullParams<'static, 'static>>,
    language: &'a str,
    name: &'a str,
    decoding: &'a Decoding,
    /// The phrases of the last utterance that had any, and what was made of them.
    bias: Option<(Arc<[String]>, Bias)>,
}

impl<'a> Listener<'a> {
    /// A state of this model.
    ///
    /// # Errors
    /// Where there is no memory for it.
    pub(super) fn new(context: &Arc<WhisperContext>, config: &'a SpeechConfig) -> Result<Self, WhisperError> {
        Ok(Self {
            state: context.create_state()?,
            context: context.clone(),
            parameters: parameters(config),
            languages: HashMap::new(),
            language: &config.language,
            name: &config.model.name,
            decoding: &config.model.decoding,
            bias: None,
        })
    }

    /// Takes a fresh state after a failure.
    ///
    /// # Errors
    /// As [`Listener::new`].
    pub(super) fn renew(&mut self) -> Result<(), WhisperError> {
        let fresh = self.context.create_state()?;
        // whisper.cpp may have freed the old one already; freeing it twice would end the process.
        std::mem::forget(std::mem::replace(&mut self.state, fresh));
        Ok(())
    }

    /// Hears one recording.
    ///
    /// # Errors
    /// A refusal by name, a time limit, a cancellation, or a failure of the engine.
    pub(super) fn listen(&mut self, job: &Job) -> Result<Transcript, SpeechError> {
        let voiced = pieces::speech_in(job.pcm.samples())?;
        let begin = voiced.start;
        let samples = &job.pcm.samples()[voiced];
        let started = Instant::now();
        self.expect(&job.hints);
        self.know_language(&job.hints)?;
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
                    let segment = heard::segment(&heard, begin + piece.start..begin + piece.end);
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
            text: heard::text(&tokens),
            confidence: heard::mean_logprob(&tokens).exp(),
            language: whisper_rs::get_lang_str(self.state.full_lang_id_from_state()).map(str::to_owned),
            words: heard::words(&tokens),
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
        let language = job.hints.language.as_deref().unwrap_or(self.language);
        let mut parameters = self.languages.get(language).unwrap_or(&self.parameters).clone();
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

    /// Has the settings for the language ready. A model of one language hears that one.
    fn know_language(&mut self, hints: &Hints) -> Result<(), SpeechError> {
        let language = hints.language.as_deref().unwrap_or(self.language);
        if !self.context.is_multilingual() || self.languages.contains_key(language) {
            return Ok(());
        }
        if language != AUTO && whisper_rs::get_lang_id(language).is_none() {
            return Err(SpeechError::LanguageUnknown(language.to_owned()));
        }
        let mut parameters = self.parameters.clone();
        let copy: &'static str = Box::leak(language.to_owned().into_boxed_str());
        parameters.set_language((language != AUTO).then_some(copy));
        self.languages.insert(language.to_owned(), parameters);
        Ok(())
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
