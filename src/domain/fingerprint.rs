//! Hashes by which a definition or a plan is known again.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A hash of values in which the order of members does not count: 32 hexadecimal digits.
pub(super) fn of(values: &[&Value]) -> String {
    let mut hash = Sha256::new();
    for value in values {
        hash.update(canonical(value).to_string());
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..16])
}

/// The value with the members of each object in the order of their names.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            Value::Object(sorted.into_iter().map(|(name, value)| (name.clone(), canonical(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_members_does_not_count_and_all_else_does() {
        let one = json!({"a": {"x": 1, "y": [1, 2]}, "b": null});
        assert_eq!(of(&[&one]), of(&[&json!({"b": null, "a": {"y": [1, 2], "x": 1}})]));
        assert_ne!(of(&[&one]), of(&[&json!({"a": {"x": 1, "y": [2, 1]}, "b": null})]));
        assert_ne!(of(&[&one]), of(&[&json!({"a": {"x": "1", "y": [1, 2]}, "b": null})]));
        assert_ne!(of(&[&json!(1), &json!(2)]), of(&[&json!(12)]));
    }
}
