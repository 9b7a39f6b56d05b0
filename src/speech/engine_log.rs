//! What whisper.cpp and ggml say, led into our log at debug instead of standard error. It is about
//! weights and buffers; the text that was heard is in none of it.

use std::ffi::{CStr, c_char, c_void};
use std::sync::Once;

/// Leads the engine's log into ours. Only the first call does anything.
pub(super) fn lead_to_tracing() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        whisper_rs::install_logging_hooks();
        // SAFETY: the callback lives as long as the program, uses no user data and doesn't unwind.
        unsafe { whisper_rs::set_log_callback(Some(hear), std::ptr::null_mut()) }
    });
}

/// Takes a line at any level: what whisper.cpp calls a warning is none for whoever runs Hark.
unsafe extern "C" fn hear(_level: u32, text: *const c_char, _user_data: *mut c_void) {
    if !text.is_null() {
        // SAFETY: whisper.cpp passes a string that ends with a zero byte and lives during the call.
        let text = unsafe { CStr::from_ptr(text) };
        tracing::debug!(target: "hark::speech::engine", "{}", text.to_string_lossy().trim());
    }
}
