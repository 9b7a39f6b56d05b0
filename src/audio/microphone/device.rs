//! Which microphones there are, and why one can't be used.

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{BufferSize, Device, ErrorKind, HostId, SupportedStreamConfig};

/// Why there is no sound. Each says what a person can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MicrophoneError {
    /// No device at all.
    #[error("no microphone was found; connect one, or see whether the sound system runs")]
    None,
    /// Not the one that was named.
    #[error("there is no microphone {0:?}; `hark listen --devices` lists those that there are")]
    Unknown(String),
    /// Unplugged.
    #[error("the microphone {0:?} is gone; plug it in again, or choose another one")]
    Gone(String),
    /// Held by another program.
    #[error("another program holds the microphone {0:?}")]
    Busy(String),
    /// Not allowed.
    #[error(
        "this program is not allowed to use the microphone {0:?}; on Linux its user must be in the group audio"
    )]
    Forbidden(String),
    /// Open, and nothing comes.
    #[error("the microphone {0:?} is open and sends nothing; is it suspended, or no microphone at all?")]
    Stalled(String),
    /// Anything else.
    #[error("the microphone can't be used: {0}")]
    Failed(String),
}

impl MicrophoneError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::None => "microphone_none",
            Self::Unknown(_) => "microphone_unknown",
            Self::Gone(_) => "microphone_gone",
            Self::Busy(_) => "microphone_busy",
            Self::Forbidden(_) => "microphone_forbidden",
            Self::Stalled(_) => "microphone_stalled",
            Self::Failed(_) => "microphone_failed",
        }
    }

    pub(super) fn of(device: &str, error: &cpal::Error) -> Self {
        let device = device.to_owned();
        match error.kind() {
            ErrorKind::DeviceNotAvailable | ErrorKind::StreamInvalidated => Self::Gone(device),
            ErrorKind::DeviceBusy => Self::Busy(device),
            ErrorKind::PermissionDenied => Self::Forbidden(device),
            ErrorKind::HostUnavailable => Self::None,
            _ => Self::Failed(format!("{device}: {error}")),
        }
    }
}

/// A device that can be listened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MicrophoneInfo {
    /// Its name, for people and for the settings.
    pub name: String,
    /// Its address in the sound system, for the settings where names are the same.
    pub id: String,
    /// Samples a second that it gives by itself.
    pub rate_hz: u32,
    /// Its channels.
    pub channels: u16,
    /// It is used where none is named.
    pub is_default: bool,
}

/// So many pieces of sound a second are asked of a sound server, which gives halves of them or smaller ones:
/// it keeps one piece at most for whoever is slow, and drops what does not fit.
const PIECES_A_SECOND: u32 = 10;

/// All microphones of this machine.
///
/// # Errors
/// Where there is no sound system.
pub fn microphones() -> Result<Vec<MicrophoneInfo>, MicrophoneError> {
    let host = cpal::default_host();
    let default = host.default_input_device().and_then(|device| device.id().ok());
    let devices = host.input_devices().map_err(|error| MicrophoneError::Failed(error.to_string()))?;
    let described = devices.filter_map(|device| {
        let (config, id) = (device.default_input_config().ok()?, device.id().ok()?);
        Some(MicrophoneInfo {
            name: name_of(&device),
            rate_hz: config.sample_rate(),
            channels: config.channels(),
            is_default: default.as_ref() == Some(&id),
            id: id.to_string(),
        })
    });
    Ok(described.collect())
}

/// The device of that name or address, or the default one; with how it gives sound by itself, and in which
/// pieces it shall give it.
pub(super) fn find(
    wanted: Option<&str>,
) -> Result<(Device, String, SupportedStreamConfig, BufferSize), MicrophoneError> {
    let host = cpal::default_host();
    let device = match wanted {
        None => host.default_input_device().ok_or(MicrophoneError::None)?,
        Some(wanted) => host
            .input_devices()
            .map_err(|error| MicrophoneError::Failed(error.to_string()))?
            .find(|device| is_named(device, wanted))
            .ok_or_else(|| MicrophoneError::Unknown(wanted.to_owned()))?,
    };
    let name = name_of(&device);
    let config = device.default_input_config().map_err(|error| MicrophoneError::of(&name, &error))?;
    // A sound server that is not told otherwise keeps two seconds of sound before it gives any. ALSA's own
    // choice is short, and with a fixed size it would have but two such pieces before sound is lost.
    let pieces = match host.id() {
        HostId::PulseAudio => BufferSize::Fixed(config.sample_rate() / PIECES_A_SECOND),
        _ => BufferSize::Default,
    };
    Ok((device, name, config, pieces))
}

fn is_named(device: &Device, wanted: &str) -> bool {
    name_of(device).eq_ignore_ascii_case(wanted) || device.id().is_ok_and(|id| id.to_string() == wanted)
}

fn name_of(device: &Device) -> String {
    device.description().map_or_else(|_| "unnamed".to_owned(), |description| description.name().to_owned())
}
