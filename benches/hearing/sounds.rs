//! Sound to measure with: recordings, made voices, and all kinds of sound that is no speech.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Samples a second of everything here.
pub(crate) const RATE: usize = 16_000;

/// Said in two parts, with a pause between them.
pub(crate) const SENTENCES: [(&str, &str); 8] = [
    ("add oat milk", "to the shopping list"),
    ("set a timer", "for twenty minutes"),
    ("what is on my calendar", "next wednesday"),
    ("remind me tomorrow at nine", "to call the dentist"),
    ("read the file", "called todo"),
    ("take a note", "the car is in the second street"),
    ("what time is it", "in new york"),
    ("remove bread and butter", "from the list"),
];
/// Voices of espeak-ng and flite.
pub(crate) const VOICES: [&str; 6] =
    ["espeak:en-us", "espeak:en-gb", "espeak:en-us+f3", "flite:slt", "flite:rms", "flite:awb"];

/// A generator of numbers that are the same on each run (xorshift64*, Vigna 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 up to 1.
    pub(crate) fn roll(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f32 / (1u64 << 24) as f32
    }

    pub(crate) fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.roll()
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[((self.roll() * from.len() as f32) as usize).min(from.len() - 1)]
    }
}

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A WAV file of 16 kHz, mono, 16 bit.
pub(crate) fn read(path: &Path) -> Result<Vec<f32>> {
    let mut file = hound::WavReader::open(path).with_context(|| path.display().to_string())?;
    let spec = file.spec();
    ensure!(spec.sample_rate == 16_000 && spec.channels == 1, "{} is not 16 kHz mono", path.display());
    Ok(file
        .samples::<i16>()
        .map(|sample| sample.map(|sample| f32::from(sample) / 32_768.0))
        .collect::<Result<_, _>>()?)
}

/// The spoken commands of the fixtures: name, sound, words.
pub(crate) fn commands() -> Result<Vec<(String, Vec<f32>, String)>> {
    let folder = root().join("fixtures/audio");
    let table = std::fs::read_to_string(folder.join("commands.tsv"))?;
    let rows = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    rows.map(|row| {
        let columns: Vec<&str> = row.split('\t').collect();
        let name = columns.first().context("a name")?.to_string();
        Ok((
            name.clone(),
            read(&folder.join(format!("{name}.wav")))?,
            columns.get(3).context("a text")?.to_string(),
        ))
    })
    .collect()
}

/// The folder of what was said already.
pub(crate) fn kept() -> Result<PathBuf> {
    let kept = root().join("target/hearing/voices");
    std::fs::create_dir_all(&kept)?;
    Ok(kept)
}

/// Commands in all voices, without noise, each with its words.
pub(crate) fn clear() -> Result<Vec<(Vec<f32>, String)>> {
    let kept = kept()?;
    let mut clips: Vec<(Vec<f32>, String)> =
        commands()?.into_iter().map(|(_, sound, text)| (sound, text)).collect();
    for (first, second) in SENTENCES {
        let text = format!("{first} {second}");
        for voice in VOICES {
            clips.push((say(voice, &text, &kept)?, text.clone()));
        }
    }
    Ok(clips)
}

/// A voice of espeak-ng or flite saying `text`, without the silence around it. Kept in `kept`.
pub(crate) fn say(voice: &str, text: &str, kept: &Path) -> Result<Vec<f32>> {
    let name: String =
        format!("{voice} {text}").chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let file = kept.join(format!("{name}.wav"));
    if !file.is_file() {
        let raw = kept.join("raw.wav");
        let made = match voice.split_once(':') {
            Some(("flite", voice)) => {
                Command::new("flite").args(["-voice", voice, "-t", text, "-o"]).arg(&raw).status()
            }
            Some((_, voice)) => {
                Command::new("espeak-ng").args(["-v", voice, "-s", "150", "-w"]).arg(&raw).arg(text).status()
            }
            None => anyhow::bail!("{voice} is no voice"),
        };
        ensure!(
            made.context("espeak-ng and flite are needed: make test installs them")?.success(),
            "{voice}: {text}"
        );
        let done = Command::new("sox")
            .arg("-R")
            .arg(&raw)
            .args(["-r", "16000", "-c", "1", "-b", "16"])
            .arg(&file)
            .args(["gain", "-n", "-3"])
            .status();
        ensure!(done.context("sox is needed: make test installs it")?.success(), "{name}");
    }
    Ok(trimmed(&read(&file)?))
}

/// Without what is quieter than -45 dB at both ends.
fn trimmed(samples: &[f32]) -> Vec<f32> {
    let frame = RATE / 100;
    let loud =
        |frame: &[f32]| (frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32).sqrt() > 0.0056;
    let frames: Vec<bool> = samples.chunks(frame).map(loud).collect();
    let first = frames.iter().position(|loud| *loud).unwrap_or(0) * frame;
    let last = frames.iter().rposition(|loud| *loud).map_or(samples.len(), |last| (last + 1) * frame);
    samples[first..last.min(samples.len())].to_vec()
}

pub(crate) fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len().max(1) as f32).sqrt()
}

/// Adds `noise` so that the speech is `snr_db` louder than it.
pub(crate) fn mix(speech: &mut [f32], noise: &[f32], loudness: f32, snr_db: f32) {
    let gain = loudness / rms(noise).max(1e-9) / 10_f32.powf(snr_db / 20.0);
    for (sample, noise) in speech.iter_mut().zip(noise.iter().cycle()) {
        *sample = (*sample + noise * gain).clamp(-1.0, 1.0);
    }
}

pub(crate) fn white(length: usize, dice: &mut Dice) -> Vec<f32> {
    (0..length).map(|_| dice.between(-0.2, 0.2)).collect()
}

/// Voss and McCartney's sum of held random numbers.
pub(crate) fn pink(length: usize, dice: &mut Dice) -> Vec<f32> {
    let mut rows = [0.0_f32; 12];
    (0..length)
        .map(|at| {
            let row = (at.trailing_zeros() as usize).min(rows.len() - 1);
            rows[row] = dice.between(-1.0, 1.0);
            rows.iter().sum::<f32>() * 0.03
        })
        .collect()
}

/// A random walk that leaks.
pub(crate) fn brown(length: usize, dice: &mut Dice) -> Vec<f32> {
    let mut level = 0.0_f32;
    (0..length)
        .map(|_| {
            level = level * 0.998 + dice.between(-0.02, 0.02);
            level
        })
        .collect()
}

pub(crate) fn hum(length: usize, dice: &mut Dice) -> Vec<f32> {
    let base = *dice.pick(&[50.0_f32, 60.0, 100.0, 120.0]);
    (0..length)
        .map(|at| {
            let t = at as f32 / RATE as f32 * std::f32::consts::TAU * base;
            0.2 * t.sin() + 0.08 * (3.0 * t).sin() + 0.03 * (7.0 * t).sin() + dice.between(-0.003, 0.003)
        })
        .collect()
}

/// Keys of a keyboard, doors, taps: bursts that die away.
pub(crate) fn clicks(length: usize, dice: &mut Dice) -> Vec<f32> {
    let mut sound: Vec<f32> = (0..length).map(|_| dice.between(-0.001, 0.001)).collect();
    let mut at = 0;
    while at < length {
        let (loud, decay) = (dice.between(0.1, 0.9), dice.between(0.98, 0.998));
        let mut level = loud;
        for sample in sound[at..].iter_mut().take(2_400) {
            *sample += level * dice.between(-1.0, 1.0);
            level *= decay;
        }
        at += (dice.between(0.06, 0.9) * RATE as f32) as usize;
    }
    sound
}

/// Beeps, sweeps and alarms.
pub(crate) fn tones(length: usize, dice: &mut Dice) -> Vec<f32> {
    let mut sound = Vec::with_capacity(length);
    while sound.len() < length {
        let (from, to) = (dice.between(100.0, 3_000.0), dice.between(100.0, 3_000.0));
        let to = if dice.roll() < 0.5 { from } else { to };
        let on = (dice.between(0.1, 1.5) * RATE as f32) as usize;
        let mut phase = 0.0_f32;
        for at in 0..on {
            phase += (from + (to - from) * at as f32 / on as f32) * std::f32::consts::TAU / RATE as f32;
            sound.push(0.3 * phase.sin());
        }
        sound.extend(std::iter::repeat_n(0.0, (dice.between(0.05, 1.0) * RATE as f32) as usize));
    }
    sound.truncate(length);
    sound
}

/// Chords, a tune and drums, each note with overtones and a decay.
pub(crate) fn music(length: usize, dice: &mut Dice) -> Vec<f32> {
    let mut sound = vec![0.0_f32; length];
    let beat = (dice.between(0.25, 0.6) * RATE as f32) as usize;
    let scale = [0, 2, 4, 5, 7, 9, 11, 12];
    let key = dice.between(110.0, 220.0);
    for (number, start) in (0..length).step_by(beat).enumerate() {
        let mut notes = vec![key * 2.0 * 2_f32.powf(*dice.pick(&scale) as f32 / 12.0)];
        if number % 4 == 0 {
            let root = *dice.pick(&[0, 5, 7, 9]) as f32;
            notes.extend([0.0, 4.0, 7.0].map(|step| key * 2_f32.powf((root + step) / 12.0)));
        }
        for note in notes {
            let lasts = beat * if number % 4 == 0 { 4 } else { 1 };
            for at in 0..lasts.min(length - start) {
                let t = at as f32 / RATE as f32;
                let overtones: f32 =
                    (1..5).map(|n| (t * note * n as f32 * std::f32::consts::TAU).sin() / n as f32).sum();
                sound[start + at] += 0.08 * overtones * (-3.0 * t).exp();
            }
        }
        let drum = if number % 2 == 0 { 0.3 } else { 0.12 };
        for at in 0..1_600.min(length - start) {
            sound[start + at] += drum * dice.between(-1.0, 1.0) * (-(at as f32) / 300.0).exp();
        }
    }
    sound.iter().map(|sample| sample.clamp(-1.0, 1.0)).collect()
}

/// People talking, which nobody said to Hark: the studio prompts of Debian's package and the fixtures.
pub(crate) fn voices() -> Result<Vec<Vec<f32>>> {
    let mut voices: Vec<Vec<f32>> = commands()?.into_iter().map(|(_, sound, _)| sound).collect();
    voices.extend(prompts()?.into_iter().filter(|sound| sound.len() > RATE));
    Ok(voices)
}

/// A quarter of the studio prompts of Debian's package, spoken by one woman.
pub(crate) fn prompts() -> Result<Vec<Vec<f32>>> {
    let mut voices = Vec::new();
    let folder = PathBuf::from("/usr/share/asterisk/sounds/en_US_f_Allison");
    let kept = root().join("target/hearing/prompts");
    std::fs::create_dir_all(&kept)?;
    let mut prompts: Vec<PathBuf> = std::fs::read_dir(&folder)
        .context("asterisk-core-sounds-en-g722 is needed: make test installs it")?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "g722"))
        .collect();
    prompts.sort();
    for prompt in prompts.iter().step_by(4) {
        let wav = kept.join(prompt.with_extension("wav").file_name().context("a name")?);
        if !wav.is_file() {
            let made = Command::new("ffmpeg")
                .args(["-nostdin", "-loglevel", "error", "-y", "-f", "g722", "-i"])
                .arg(prompt)
                .args(["-ar", "16000", "-ac", "1"])
                .arg(&wav)
                .status();
            ensure!(
                made.context("ffmpeg is needed: make test installs it")?.success(),
                "{}",
                prompt.display()
            );
        }
        voices.push(read(&wav)?);
    }
    Ok(voices)
}

/// Voices one after the other, backwards.
pub(crate) fn backwards(length: usize, voices: &[Vec<f32>], dice: &mut Dice) -> Vec<f32> {
    let mut sound = Vec::with_capacity(length);
    while sound.len() < length {
        sound.extend(dice.pick(voices).iter().rev());
        sound.extend(std::iter::repeat_n(0.0, (dice.between(0.1, 1.5) * RATE as f32) as usize));
    }
    sound.truncate(length);
    sound
}

/// Many voices at once, as in a full room.
pub(crate) fn babble(length: usize, voices: &[Vec<f32>], count: usize, dice: &mut Dice) -> Vec<f32> {
    let mut sound = vec![0.0_f32; length];
    for _ in 0..count {
        let mut at = (dice.roll() * RATE as f32) as usize;
        while at < length {
            let voice = dice.pick(voices);
            for (sample, more) in sound[at..].iter_mut().zip(voice) {
                *sample += more / (count as f32).sqrt();
            }
            at += voice.len() + (dice.between(0.05, 0.4) * RATE as f32) as usize;
        }
    }
    sound.iter().map(|sample| sample.clamp(-1.0, 1.0)).collect()
}
