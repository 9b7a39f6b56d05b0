//! Rates with their uncertainty, and what confidence is worth.

use std::time::Duration;

use serde::Serialize;

use super::row::Gold;
use super::{Rated, Verdict};

/// So many bins for the calibration error.
const BINS: usize = 10;

/// A share with Wilson's interval at 95 % (Wilson 1927).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rate {
    /// So many were.
    pub count: usize,
    /// Of so many.
    pub of: usize,
    /// The share in percent.
    pub percent: f64,
    /// The interval's ends in percent.
    pub interval: [f64; 2],
}

impl Rate {
    /// `count` of `of`; None of none.
    pub fn new(count: usize, of: usize) -> Option<Self> {
        if of == 0 {
            return None;
        }
        let (n, z) = (of as f64, 1.96_f64);
        let share = count as f64 / n;
        let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        let percent = |share: f64| (share.clamp(0.0, 1.0) * 1_000.0).round() / 10.0;
        Some(Self {
            count,
            of,
            percent: percent(share),
            interval: [percent(middle - half), percent(middle + half)],
        })
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [low, high] = self.interval;
        write!(f, "{:.1} % ({low:.1} to {high:.1}; {} of {})", self.percent, self.count, self.of)
    }
}

/// All rated rows of a file.
#[derive(Debug, Default)]
pub struct Tally {
    rows: Vec<(Kind, Rated)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Calls,
    AnyCall,
    Question,
    Nothing,
}

impl Tally {
    /// Adds a row.
    pub fn add(&mut self, gold: &Gold, rated: Rated) {
        let kind = match gold {
            Gold::Steps { .. } => Kind::Calls,
            Gold::AnyCall => Kind::AnyCall,
            Gold::Ask { .. } => Kind::Question,
            Gold::Nothing => Kind::Nothing,
        };
        self.rows.push((kind, rated));
    }

    fn rate(&self, of: impl Fn(Kind) -> bool, is: impl Fn(&Rated) -> bool) -> Option<Rate> {
        let rows = self.rows.iter().filter(|(kind, _)| of(*kind));
        let (all, found) =
            rows.fold((0, 0), |(all, found), (_, rated)| (all + 1, found + usize::from(is(rated))));
        Rate::new(found, all)
    }

    /// Each figure under its name, those that the rows say nothing about left out.
    pub fn rates(&self) -> Vec<(&'static str, Rate)> {
        let any = |_: Kind| true;
        let calls = |kind| kind == Kind::Calls;
        let acts = |rated: &Rated| {
            matches!(rated.verdict, Verdict::Right | Verdict::WrongArguments | Verdict::WrongTools)
        };
        let is_right = |rated: &Rated| rated.verdict == Verdict::Right;
        [
            ("decided within the form", self.rate(any, |rated| rated.verdict != Verdict::Failed)),
            ("right", self.rate(any, is_right)),
            (
                "right tools",
                self.rate(calls, |rated| matches!(rated.verdict, Verdict::Right | Verdict::WrongArguments)),
            ),
            ("right plan", self.rate(calls, is_right)),
            ("right arguments, the tools being right", self.right_arguments()),
            (
                "called where a call was right",
                self.rate(|kind| matches!(kind, Kind::Calls | Kind::AnyCall), acts),
            ),
            (
                "no call where none was right",
                self.rate(|kind| kind == Kind::Nothing, |r| r.verdict != Verdict::Acted),
            ),
            ("nothing where nothing was right", self.rate(|kind| kind == Kind::Nothing, is_right)),
            ("the right question where one was due", self.rate(|kind| kind == Kind::Question, is_right)),
            (
                "a question where one was due",
                self.rate(
                    |kind| kind == Kind::Question,
                    |rated| matches!(rated.verdict, Verdict::Right | Verdict::Asked),
                ),
            ),
            ("asked where a call was right", self.rate(calls, |rated| rated.verdict == Verdict::Asked)),
            ("wrong action", self.rate(any, |rated| rated.verdict.is_wrong_action())),
        ]
        .into_iter()
        .filter_map(|(name, rate)| Some((name, rate?)))
        .collect()
    }

    /// The harmonic mean, in percent, of how often a call was made where one was right and none where none
    /// was: one alone is easily had.
    pub fn balance(&self) -> Option<f64> {
        let share = |name| self.rates().into_iter().find(|(known, _)| *known == name).map(|(_, rate)| rate);
        let called = share("called where a call was right")?.percent;
        let left = share("no call where none was right")?.percent;
        (called + left > 0.0).then(|| (20.0 * called * left / (called + left)).round() / 10.0)
    }

    /// How often all the right tools are among the `shown` best-ranked ones.
    pub fn recall(&self, shown: usize) -> Option<Rate> {
        let ranks: Vec<usize> = self.rows.iter().filter_map(|(_, rated)| rated.rank).collect();
        Rate::new(ranks.iter().filter(|rank| **rank <= shown).count(), ranks.len())
    }

    fn right_arguments(&self) -> Option<Rate> {
        let tools = self.rows.iter().filter(|(kind, rated)| {
            *kind == Kind::Calls && matches!(rated.verdict, Verdict::Right | Verdict::WrongArguments)
        });
        let (all, right) = tools.fold((0, 0), |(all, right), (_, rated)| {
            (all + 1, right + usize::from(rated.verdict == Verdict::Right))
        });
        Rate::new(right, all)
    }

    /// The share of right decisions among the surest `coverage` (0 to 1) of the rows.
    pub fn at_coverage(&self, coverage: f64) -> Option<Rate> {
        let sure = self.by_confidence();
        let kept = (sure.len() as f64 * coverage).round() as usize;
        Rate::new(sure[..kept].iter().filter(|(_, right)| *right).count(), kept)
    }

    /// For each row from the surest on: how sure the planner was, and the share of wrong ones so far.
    pub fn risk_curve(&self) -> Vec<(f32, f64)> {
        let mut wrong = 0;
        let rows = self.by_confidence();
        rows.iter()
            .enumerate()
            .map(|(index, (confidence, right))| {
                wrong += usize::from(!right);
                (*confidence, wrong as f64 / (index + 1) as f64)
            })
            .collect()
    }

    fn by_confidence(&self) -> Vec<(f32, bool)> {
        let mut rows: Vec<(f32, bool)> = self
            .rows
            .iter()
            .filter_map(|(_, rated)| Some((rated.confidence?, rated.verdict.is_understood())))
            .collect();
        rows.sort_by(|one, other| other.0.total_cmp(&one.0));
        rows
    }

    /// The expected calibration error, 0 to 1, over ten bins of equal width (Naeini et al. 2015).
    pub fn calibration_error(&self) -> Option<f64> {
        let rows = self.by_confidence();
        let bin = |confidence: f32| ((confidence * BINS as f32) as usize).min(BINS - 1);
        let mut sums = [(0_usize, 0.0_f64, 0_usize); BINS];
        for (confidence, right) in &rows {
            let (count, sure, correct) = &mut sums[bin(*confidence)];
            *count += 1;
            *sure += f64::from(*confidence);
            *correct += usize::from(*right);
        }
        let error: f64 = sums.iter().map(|(_, sure, correct)| (sure - *correct as f64).abs()).sum();
        (!rows.is_empty()).then(|| error / rows.len() as f64)
    }

    /// A quantile of the time for one decision; `again`: of the second one about the same row, of which
    /// the planner remembers the tools.
    pub fn time(&self, quantile: f64, again: bool) -> Duration {
        let time = |rated: &Rated| if again { rated.time_again } else { Some(rated.time) };
        let mut times: Vec<Duration> = self.rows.iter().filter_map(|(_, rated)| time(rated)).collect();
        times.sort();
        let place = ((times.len() as f64 * quantile) as usize).min(times.len().saturating_sub(1));
        times.get(place).copied().unwrap_or_default()
    }

    /// Means of a row: tokens read, of them remembered, tokens forced, tokens chosen.
    pub fn tokens(&self) -> [f64; 4] {
        let mean = |of: fn(&Rated) -> u32| {
            self.rows.iter().map(|(_, rated)| f64::from(of(rated))).sum::<f64>()
                / self.rows.len().max(1) as f64
        };
        [
            mean(|rated| rated.read_tokens),
            mean(|rated| rated.cached_tokens),
            mean(|rated| rated.forced_tokens),
            mean(|rated| rated.answer_tokens - rated.forced_tokens),
        ]
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(verdict: Verdict, confidence: f32) -> Rated {
        Rated {
            verdict,
            confidence: Some(confidence),
            evidence: None,
            decided: String::new(),
            read_tokens: 0,
            cached_tokens: 0,
            forced_tokens: 0,
            answer_tokens: 0,
            time: Duration::ZERO,
            time_again: None,
            rank: None,
        }
    }

    #[test]
    fn a_rate_has_wilsons_interval() {
        // Newcombe 1998, table I: 15 of 148 gives 0.0624 to 0.1605.
        let rate = Rate::new(15, 148).expect("a rate");
        assert_eq!((rate.percent, rate.interval), (10.1, [6.2, 16.0]));
        assert_eq!(Rate::new(0, 0), None);
    }

    #[test]
    fn confidence_is_measured_against_what_was_right() {
        let mut tally = Tally::default();
        for (verdict, confidence) in
            [(Verdict::Right, 0.95), (Verdict::Right, 0.95), (Verdict::Acted, 0.55), (Verdict::Right, 0.55)]
        {
            tally.add(&Gold::Nothing, rated(verdict, confidence));
        }
        let error = tally.calibration_error().expect("an error");
        assert!((error - 0.05).abs() < 1e-6, "{error}");
        assert_eq!(tally.at_coverage(0.5).map(|rate| rate.percent), Some(100.0));
        assert_eq!(tally.risk_curve().last().map(|(_, wrong)| *wrong), Some(0.25));
    }
}
