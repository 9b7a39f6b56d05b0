//! Patterns in rules: `*` stands for any text, `?` for one character, all else for itself.

/// Whether `text` is of the form of `pattern`.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut in_text) = (0, 0);
    // Where the last `*` stands, and how far it reaches so far.
    let mut star: Option<(usize, usize)> = None;
    while in_text < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, in_text));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == text[in_text] => {
                at += 1;
                in_text += 1;
            }
            _ => {
                let Some((place, reach)) = star else { return false };
                star = Some((place, reach + 1));
                at = place + 1;
                in_text = reach + 1;
            }
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// A path without `.` and `..`, so that a pattern sees where it really leads. Other texts stay.
pub(super) fn resolved(text: &str) -> String {
    if !text.split('/').any(|part| matches!(part, "." | "..")) {
        return text.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in text.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                parts.pop();
            }
            ".." if parts.len() == 1 && parts[0].is_empty() => {}
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_marks_stand_for_what_they_should() {
        for (pattern, text) in [
            ("files.write_*", "files.write_file"),
            ("*", ""),
            ("*.delete*", "mail.delete_all"),
            ("/tmp/*", "/tmp/a/b"),
            ("a?c", "abc"),
            ("*a*b*", "xxaxxbxx"),
            ("exact", "exact"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("files.write_*", "files.read"), ("a?c", "ac"), ("exact", "exactly"), ("", "x"), ("*b", "abc")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn a_path_is_seen_where_it_leads() {
        assert_eq!(resolved("/tmp/../etc/passwd"), "/etc/passwd");
        assert_eq!(resolved("/../../etc"), "/etc");
        assert_eq!(resolved("../x/./y"), "../x/y");
        assert_eq!(resolved("well... yes"), "well... yes");
    }
}
