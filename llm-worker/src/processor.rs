//! Whether this processor has what the binary was compiled for, asked before any engine code runs.
//!
//! The build picks the machine's vector instructions; a binary that was carried to an older
//! machine must say so, and not die of an illegal instruction.

/// A sentence that names the missing features, or nothing when all are there.
#[cfg(target_arch = "x86_64")]
pub(crate) fn missing_features() -> Option<String> {
    macro_rules! check {
        ($($feature:tt),+ $(,)?) => {{
            let mut missing: Vec<&str> = Vec::new();
            $(if cfg!(target_feature = $feature) && !std::is_x86_feature_detected!($feature) {
                missing.push($feature);
            })+
            missing
        }};
    }
    let missing = check!(
        "sse4.2",
        "popcnt",
        "avx",
        "avx2",
        "fma",
        "f16c",
        "bmi1",
        "bmi2",
        "lzcnt",
        "movbe",
        "avx512f",
        "avx512bw",
        "avx512cd",
        "avx512dq",
        "avx512vl",
        "avx512vnni",
    );
    sentence(&missing)
}

/// Other architectures are built for their baseline.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn missing_features() -> Option<String> {
    sentence(&[])
}

fn sentence(missing: &[&str]) -> Option<String> {
    (!missing.is_empty()).then(|| {
        format!(
            "hark-llm was built for a processor with {}, which this one lacks: build it on this \
             machine, where scripts/configure-cpu picks what is there",
            missing.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_what_it_was_built_for() {
        assert_eq!(missing_features(), None);
    }

    #[test]
    fn a_missing_feature_is_named_with_the_way_out() {
        let said = sentence(&["avx512f", "avx512vnni"]).unwrap_or_default();
        assert!(said.contains("avx512f, avx512vnni"), "{said}");
        assert!(said.contains("scripts/configure-cpu"), "{said}");
    }
}
