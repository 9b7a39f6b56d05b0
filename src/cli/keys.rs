//! The terminal's keys while a microphone is held.

use std::time::{Duration, Instant};

use crossterm::event::{
    self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, KeyboardEnhancementFlags,
    PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::{execute, terminal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A key that is let go of sooner was pressed to begin, and is pressed again to end.
const SHORT_PRESS: Duration = Duration::from_millis(350);
/// How often it is looked whether all is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Release,
    Toggle,
    Discard,
    Quit,
}

/// Reads keys on a thread of its own until `stop`. The terminal is as before afterwards.
///
/// # Errors
/// Where the terminal can't be switched.
pub(super) fn watch(stop: CancellationToken) -> std::io::Result<mpsc::Receiver<Key>> {
    let raw = RawTerminal::enter()?;
    let (keys, pressed) = mpsc::channel(16);
    std::thread::Builder::new().name("keys".to_owned()).spawn(move || {
        let mut hold = Hold { tells_release: raw.tells_release, pressed_at: None };
        while !stop.is_cancelled() && !keys.is_closed() {
            let key = match event::poll(LOOK_EVERY) {
                Ok(false) => continue,
                Ok(true) => event::read(),
                Err(error) => Err(error),
            };
            let Ok(key) = key else { break };
            if let Event::Key(key) = key
                && let Some(key) = hold.meaning(&key, Instant::now())
                && keys.blocking_send(key).is_err()
            {
                break;
            }
        }
        drop(raw);
    })?;
    Ok(pressed)
}

/// Most terminals tell only that a key went down; then one press begins and the next ends. Those that
/// speak the kitty keyboard protocol tell when it goes up.
struct Hold {
    tells_release: bool,
    pressed_at: Option<Instant>,
}

impl Hold {
    fn meaning(&mut self, key: &KeyEvent, now: Instant) -> Option<Key> {
        let is_talk = matches!(key.code, KeyCode::Char(' ') | KeyCode::Enter);
        match (key.code, key.kind) {
            (_, KeyEventKind::Repeat) => None,
            (_, KeyEventKind::Release) if is_talk && self.tells_release => {
                let held = now.duration_since(self.pressed_at.take()?);
                (held >= SHORT_PRESS).then_some(Key::Release)
            }
            (_, KeyEventKind::Release) => None,
            (KeyCode::Char('c'), _) if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Quit),
            (KeyCode::Char('q'), _) => Some(Key::Quit),
            (KeyCode::Esc, _) => Some(Key::Discard),
            _ if is_talk => {
                self.pressed_at = Some(now);
                Some(Key::Toggle)
            }
            _ => None,
        }
    }
}

struct RawTerminal {
    tells_release: bool,
}

impl RawTerminal {
    fn enter() -> std::io::Result<Self> {
        terminal::enable_raw_mode()?;
        let tells_release = terminal::supports_keyboard_enhancement().unwrap_or(false)
            && execute!(
                std::io::stderr(),
                PushKeyboardEnhancementFlags(KeyboardEnhancementFlags::REPORT_EVENT_TYPES)
            )
            .is_ok();
        Ok(Self { tells_release })
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        if self.tells_release {
            execute!(std::io::stderr(), PopKeyboardEnhancementFlags).ok();
        }
        terminal::disable_raw_mode().ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, kind: KeyEventKind) -> KeyEvent {
        KeyEvent::new_with_kind(code, KeyModifiers::NONE, kind)
    }

    #[test]
    fn a_key_can_be_held_or_pressed_twice() {
        let (start, space) = (Instant::now(), KeyCode::Char(' '));
        let mut hold = Hold { tells_release: true, pressed_at: None };
        let mut meaning = |kind, ms| hold.meaning(&key(space, kind), start + Duration::from_millis(ms));
        assert_eq!(meaning(KeyEventKind::Press, 0), Some(Key::Toggle));
        assert_eq!(meaning(KeyEventKind::Repeat, 400), None);
        assert_eq!(meaning(KeyEventKind::Release, 900), Some(Key::Release));
        assert_eq!(meaning(KeyEventKind::Press, 2_000), Some(Key::Toggle));
        assert_eq!(meaning(KeyEventKind::Release, 2_100), None, "a short press begins");
        assert_eq!(meaning(KeyEventKind::Press, 4_000), Some(Key::Toggle), "and the next one ends");
    }

    #[test]
    fn escape_throws_away_and_q_ends() {
        let mut hold = Hold { tells_release: false, pressed_at: None };
        let mut meaning = |code| hold.meaning(&key(code, KeyEventKind::Press), Instant::now());
        assert_eq!(meaning(KeyCode::Esc), Some(Key::Discard));
        assert_eq!(meaning(KeyCode::Char('q')), Some(Key::Quit));
        assert_eq!(meaning(KeyCode::Char('x')), None);
    }
}
