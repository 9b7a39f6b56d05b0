//! Which HTTP status a failed command is answered with, by the code of its failure.

use axum::http::StatusCode;

/// The status of a failure code. Each room names its own codes; a code that is not known here is a
/// fault of ours until somebody decides otherwise.
pub(super) fn status_of(code: &str) -> StatusCode {
    match code {
        "audio_too_large" | "audio_too_long" => StatusCode::PAYLOAD_TOO_LARGE,
        "audio_format_unknown" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "audio_busy"
        | "audio_stopped"
        | "speech_busy"
        | "speech_loading"
        | "speech_model_missing"
        | "speech_unreachable"
        | "model_busy"
        | "model_missing"
        | "model_starting"
        | "model_unreachable"
        | "busy"
        | "shutting_down"
        | "no_tools" => StatusCode::SERVICE_UNAVAILABLE,
        "audio_too_slow" | "speech_timeout" | "model_timeout" | "plan_timeout" | "command_timeout" => {
            StatusCode::GATEWAY_TIMEOUT
        }
        "forbidden" | "approval_not_allowed" => StatusCode::FORBIDDEN,
        "approval_void" | "cancelled" | "speech_cancelled" | "model_cancelled" | "plan_cancelled" => {
            StatusCode::CONFLICT
        }
        "step_failed"
        | "model_rubbish"
        | "model_refused"
        | "model_failed"
        | "model_key_refused"
        | "model_schema_refused"
        | "plan_invalid"
        | "plan_unreadable" => StatusCode::BAD_GATEWAY,
        "silence"
        | "no_speech"
        | "speech_too_short"
        | "speech_unintelligible"
        | "speech_low_confidence"
        | "speech_language_unknown"
        | "no_tool_fits"
        | "model_context_exceeded" => StatusCode::UNPROCESSABLE_ENTITY,
        // Hark was cut off in the middle of the command, and started again since.
        "interrupted" => StatusCode::INTERNAL_SERVER_ERROR,
        // All other faults of a recording are the recording's.
        code if code.starts_with("audio_") => StatusCode::UNPROCESSABLE_ENTITY,
        // Nothing is done off the record, so nothing is done while there is none.
        code if code.starts_with("store_") => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The errors of the rooms that a command walks through.
    const ROOMS: [&str; 5] = [
        include_str!("../audio/error.rs"),
        include_str!("../speech/error.rs"),
        include_str!("../llm/error.rs"),
        include_str!("../planner/error.rs"),
        include_str!("../store/error.rs"),
    ];
    /// Faults that whoever runs Hark must mend, or that are Hark's own.
    const OURS: [&str; 5] =
        ["speech_model_broken", "speech_settings", "speech_failed", "model_settings", "plan_prompt"];

    #[test]
    fn every_code_of_a_room_was_given_a_status() {
        let codes: Vec<&str> = ROOMS
            .iter()
            .flat_map(|source| source.split("=> \"").skip(1))
            .filter_map(|rest| rest.split('"').next())
            .filter(|code| code.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'))
            .collect();
        assert!(codes.len() > 40, "{codes:?}");
        for code in codes {
            let is_ours = status_of(code) == StatusCode::INTERNAL_SERVER_ERROR;
            assert_eq!(is_ours, OURS.contains(&code), "{code}");
        }
    }
}
