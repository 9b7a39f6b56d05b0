//! The machine that the figures belong to.

use std::fs;
use std::process::Command;

/// A paragraph for a person: processor, memory, system, versions, build.
pub(crate) fn description() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let features: Vec<&str> = [
        ("AVX2", cfg!(target_feature = "avx2")),
        ("AVX-512", cfg!(target_feature = "avx512f")),
        ("AVX-512 VNNI", cfg!(target_feature = "avx512vnni")),
    ]
    .into_iter()
    .filter_map(|(name, has)| has.then_some(name))
    .collect();
    format!(
        "Machine: {} ({cores} cores), {} GiB of memory, {}.\nBuild: Hark {} at {}, {}, optimised, for {}.\n",
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned()),
        memory_gib(),
        run("uname", &["-sr"]),
        env!("CARGO_PKG_VERSION"),
        run("git", &["describe", "--always", "--dirty"]),
        run("rustc", &["--version"]),
        if features.is_empty() { "any processor of its kind".to_owned() } else { features.join(", ") },
    )
}

/// Memory that a process holds, in MiB; none where it is gone.
pub(crate) fn resident_mib(pid: u32) -> Option<f64> {
    let kib: f64 = field(&format!("/proc/{pid}/status"), "VmRSS")?.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

/// The processes that `pid` started and that still run: number and name.
pub(crate) fn children(pid: u32) -> Vec<(u32, String)> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| {
        let child: u32 = entry.file_name().to_str()?.parse().ok()?;
        let status = format!("/proc/{child}/status");
        let parent: u32 = field(&status, "PPid")?.parse().ok()?;
        (parent == pid).then(|| Some((child, field(&status, "Name")?))).flatten()
    })
    .collect()
}

fn memory_gib() -> u64 {
    let kib: Option<u64> = field("/proc/meminfo", "MemTotal")
        .and_then(|text| text.split_whitespace().next().and_then(|number| number.parse().ok()));
    kib.unwrap_or_default().div_ceil(1024 * 1024)
}

/// The value of `name : value` in a file of the kernel's.
fn field(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or_else(|| format!("unknown {program}"))
}
