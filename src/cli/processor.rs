//! The binaries are built for a processor's features; on one that lacks them they would die of an
//! illegal instruction without a word.

/// Compares what this binary was compiled for with what the processor has.
///
/// # Errors
/// A sentence that names what is missing and the way out.
pub(super) fn check() -> Result<(), String> {
    #[cfg(target_arch = "x86_64")]
    {
        macro_rules! missing {
            ($($feature:tt),*) => {{
                let mut missing: Vec<&str> = Vec::new();
                $(if cfg!(target_feature = $feature) && !std::arch::is_x86_feature_detected!($feature) {
                    missing.push($feature);
                })*
                missing
            }};
        }
        let missing = missing!(
            "sse4.2",
            "avx",
            "avx2",
            "fma",
            "f16c",
            "bmi2",
            "avx512f",
            "avx512bw",
            "avx512vl",
            "avx512vnni"
        );
        if !missing.is_empty() {
            return Err(format!(
                "this program was built for a newer processor: yours has no {}; build it here with `make build`",
                missing.join(", ")
            ));
        }
    }
    Ok(())
}
