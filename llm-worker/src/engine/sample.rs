//! Picking a token from the model's scores, and saying how sure the model was.

use toktrie::SimpleVob;

/// A picked token with its probabilities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pick {
    pub(super) token: i32,
    /// Natural logarithm of its probability among the legal tokens, at temperature 1.
    pub(super) logprob: f32,
    /// The probability of all legal tokens together; `None` where all were legal.
    pub(super) legal_mass: Option<f32>,
}

/// Picks among the legal tokens (`None`: all are): the best at temperature 0, else by chance. `additions` are
/// added to the scores of the tokens that they name; how much the model gave to legal tokens is told without.
pub(super) fn pick(
    logits: &[f32],
    legal: Option<&SimpleVob>,
    additions: &[(usize, f32)],
    temperature: f32,
    chance: &mut fastrand::Rng,
) -> Option<Pick> {
    if additions.is_empty() {
        return pick_by_scores(logits, legal, temperature, chance);
    }
    let legal_mass = pick_by_scores(logits, legal, 0.0, chance)?.legal_mass;
    let mut scores = logits.to_vec();
    for (token, addition) in additions {
        if let Some(score) = scores.get_mut(*token) {
            *score += addition;
        }
    }
    pick_by_scores(&scores, legal, temperature, chance).map(|pick| Pick { legal_mass, ..pick })
}

fn pick_by_scores(
    logits: &[f32],
    legal: Option<&SimpleVob>,
    temperature: f32,
    chance: &mut fastrand::Rng,
) -> Option<Pick> {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    // Shifted by the highest, so that the exponentials neither overflow nor all vanish.
    let mut legal_sum = 0.0_f64;
    let mut best: Option<(usize, f32)> = None;
    for_each_legal(logits, legal, |token, logit| {
        legal_sum += f64::from((logit - highest).exp());
        if best.is_none_or(|(_, top)| logit > top) {
            best = Some((token, logit));
        }
    });
    let (mut token, mut logit) = best.filter(|(_, logit)| logit.is_finite())?;
    if temperature > 0.0 {
        (token, logit) = by_chance(logits, legal, logit, temperature, chance)?;
    }
    let legal_mass = legal.map(|_| {
        let whole: f64 = logits.iter().map(|l| f64::from((l - highest).exp())).sum();
        narrow((legal_sum / whole).min(1.0))
    });
    Some(Pick {
        token: i32::try_from(token).ok()?,
        logprob: logprob(logits, legal, logit, highest, legal_sum),
        legal_mass,
    })
}

/// Where all legal tokens are hopeless their exponentials vanish beside the highest; then the sum
/// is taken again, shifted by the picked one.
fn logprob(logits: &[f32], legal: Option<&SimpleVob>, logit: f32, highest: f32, legal_sum: f64) -> f32 {
    if legal_sum > 1e-30 {
        return narrow(f64::from(logit - highest) - legal_sum.ln()).min(0.0);
    }
    let mut sum = 0.0_f64;
    for_each_legal(logits, legal, |_, other| {
        sum += f64::from(other - logit).exp();
    });
    narrow(-sum.ln()).min(0.0)
}

fn by_chance(
    logits: &[f32],
    legal: Option<&SimpleVob>,
    top: f32,
    temperature: f32,
    chance: &mut fastrand::Rng,
) -> Option<(usize, f32)> {
    let weight = |logit: f32| f64::from((logit - top) / temperature).exp();
    let mut sum = 0.0_f64;
    for_each_legal(logits, legal, |_, logit| sum += weight(logit));
    let mut left = chance.f64() * sum;
    let mut picked = None;
    for_each_legal(logits, legal, |token, logit| {
        if left >= 0.0 && logit.is_finite() {
            left -= weight(logit);
            picked = Some((token, logit));
        }
    });
    picked
}

fn for_each_legal(logits: &[f32], legal: Option<&SimpleVob>, mut each: impl FnMut(usize, f32)) {
    match legal {
        None => {
            for (token, logit) in logits.iter().enumerate() {
                each(token, *logit);
            }
        }
        Some(mask) => mask.iter_set_entries(|token| {
            if let Some(logit) = logits.get(token) {
                each(token, *logit);
            }
        }),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a probability needs no more digits")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(logits: &[f32], legal: Option<&[bool]>) -> Option<Pick> {
        let mask = legal.map(SimpleVob::from_slice);
        pick(logits, mask.as_ref(), &[], 0.0, &mut fastrand::Rng::with_seed(1))
    }

    #[test]
    fn without_a_mask_all_tokens_count() {
        let picked = best(&[0.0, 2.0_f32.ln(), 0.0], None).expect("a pick");
        assert_eq!(picked.token, 1);
        assert!((picked.logprob - 0.5_f32.ln()).abs() < 1e-6);
        assert_eq!(picked.legal_mass, None);
    }

    #[test]
    fn illegal_tokens_are_left_out_and_their_mass_is_told() {
        let picked = best(&[0.0, 2.0_f32.ln(), 0.0], Some(&[true, false, true])).expect("a pick");
        assert_eq!(picked.token, 0);
        assert!((picked.logprob - 0.5_f32.ln()).abs() < 1e-6);
        assert!((picked.legal_mass.unwrap_or_default() - 0.5).abs() < 1e-6);
    }

    #[test]
    fn what_is_added_changes_the_choice_and_not_the_mass() {
        let mask = SimpleVob::from_slice(&[true, false, true]);
        let logits = [1.0, 1.0, 0.0];
        let mut chance = fastrand::Rng::with_seed(1);
        let before = pick(&logits, Some(&mask), &[], 0.0, &mut chance).expect("a pick");
        let after = pick(&logits, Some(&mask), &[(0, -3.0)], 0.0, &mut chance).expect("a pick");
        assert_eq!((before.token, after.token), (0, 2));
        assert_eq!(before.legal_mass, after.legal_mass);
        assert!((after.logprob.exp() - 0.880_8).abs() < 1e-3, "{after:?}");
    }

    #[test]
    fn hopeless_legal_tokens_still_have_probabilities() {
        let picked = best(&[200.0, 0.0, 0.0], Some(&[false, true, true])).expect("a pick");
        assert_eq!(picked.token, 1);
        assert!((picked.logprob - 0.5_f32.ln()).abs() < 1e-6, "{picked:?}");
        assert!(picked.legal_mass.unwrap_or(1.0) < 1e-30);
    }

    #[test]
    fn no_legal_token_is_no_pick() {
        assert_eq!(best(&[1.0, 2.0], Some(&[false, false])), None);
    }

    #[test]
    fn chance_follows_the_seed_and_the_mask() {
        let mask = SimpleVob::from_slice(&[true, false, true]);
        let draw = |seed| {
            let mut chance = fastrand::Rng::with_seed(seed);
            (0..50)
                .filter_map(|_| pick(&[1.0, 9.0, 1.0], Some(&mask), &[], 1.0, &mut chance))
                .map(|picked| picked.token)
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert!(draw(7).contains(&0) && draw(7).contains(&2) && !draw(7).contains(&1));
    }
}
