//! 连续参保激励 and 零报销激励: by how much a resident's critical-illness cap is raised (国办发〔2024〕38号).

use chrono::{Datelike, NaiveDate};
use yizhan_terms::{Area, Insutype};

use crate::person::domain::basic_schemes::is_basic_normal;
use crate::person::domain::timeline::{Coverage, MembershipKind, Timeline};
use crate::rules::{NoRule, RewardRule, Rules};

/// The raise on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reward {
    /// Consecutive years as a resident up to the day's own, from the first year that counts.
    pub consecutive_years: u32,
    /// Years without a claim that still count.
    pub zero_claim_years: u32,
    /// The raise before the limit that depends on the cap, fen; any limit in yuan is applied.
    pub cap_increase_fen: i64,
    /// The raise is at most so many thousandths of the cap without it.
    pub limit_permille: u32,
    /// Of that, the part by years in a row, before any limit, fen.
    pub years_fen: i64,
    /// What each year without a claim adds, fen.
    pub per_zero_claim_year_fen: i64,
    /// The years without a claim that still count.
    pub zero_claim: Vec<i32>,
    /// Years that would count too if settlement's books hold no claim in them.
    pub open_years: Vec<i32>,
    /// Whether drawing on the raise takes away what years without a claim before it added.
    pub use_clears_zero_claim: bool,
    /// All together at most, where the rule says so in yuan, fen.
    pub limit_fen: Option<i64>,
    /// Id of the rule that decided.
    pub rule: String,
    /// The document it comes from.
    pub citation: String,
}

impl Reward {
    /// The raise of a cap, fen.
    pub fn of_cap(&self, cap_fen: i64) -> i64 {
        let limit = i128::from(cap_fen) * i128::from(self.limit_permille) / 1000;
        self.cap_increase_fen.min(i64::try_from(limit).unwrap_or(i64::MAX))
    }
}

/// The raise of somebody of an area on a day; none for who is not insured that year.
pub fn critical_illness_reward(
    person: &Timeline,
    area: Area,
    rules: &Rules,
    as_of: NaiveDate,
) -> Result<Reward, NoRule> {
    let dated = rules.find::<RewardRule>(area, as_of)?;
    let rule = &dated.rule;
    let run = Run::of(person, rule, as_of);
    let consecutive_years = run.resident_years;
    let ZeroClaim { told, open } = ZeroClaim::of(person, area, rule, &run, as_of);
    let zero_claim_years = told.len() as u32;
    let further = consecutive_years.saturating_sub(rule.years_before);
    let years_fen = i64::from(further) * rule.per_year_fen;
    let raise = years_fen + i64::from(zero_claim_years) * rule.per_zero_claim_year_fen;
    Ok(Reward {
        consecutive_years,
        zero_claim_years,
        cap_increase_fen: raise.min(rule.limit_fen.unwrap_or(i64::MAX)),
        years_fen,
        per_zero_claim_year_fen: rule.per_zero_claim_year_fen,
        zero_claim: told,
        open_years: open,
        use_clears_zero_claim: rule.use_clears_zero_claim,
        limit_fen: rule.limit_fen,
        limit_permille: rule.limit_permille,
        rule: dated.id.clone(),
        citation: dated.citation.clone(),
    })
}

/// Calendar years insured in a row, back from the day's own. A year as an employee neither counts nor breaks the run.
struct Run {
    years: u32,
    resident_years: u32,
    first_year: i32,
}

impl Run {
    fn of(person: &Timeline, rule: &RewardRule, as_of: NaiveDate) -> Run {
        let insured = |year: i32, counts: fn(&Coverage) -> bool| {
            person.coverages.iter().any(|held| counts(held) && held.period.has_day_in(year, as_of))
        };
        let mut run = Run { years: 0, resident_years: 0, first_year: as_of.year() };
        let years = (rule.years_count_from..=as_of.year()).rev();
        for year in years.take_while(|year| insured(*year, is_basic_normal)) {
            run.years += 1;
            run.resident_years += u32::from(insured(year, is_resident));
            run.first_year = year;
        }
        run
    }
}

fn is_resident(coverage: &Coverage) -> bool {
    is_basic_normal(coverage) && coverage.insutype == Insutype::Resident
}

/// Years that ended without a claim, each counting from the next year on, after the last year the raise was drawn on.
#[derive(Default)]
struct ZeroClaim {
    /// Those the agency told.
    told: Vec<i32>,
    /// Others as a resident of which settlement's books know every claim.
    open: Vec<i32>,
}

impl ZeroClaim {
    fn of(person: &Timeline, area: Area, rule: &RewardRule, run: &Run, as_of: NaiveDate) -> ZeroClaim {
        if run.years == 0 {
            return ZeroClaim::default();
        }
        let years_of = |kind: MembershipKind| {
            let held = person.memberships.iter().filter(move |held| held.kind == kind);
            held.map(|held| held.period.begndate).filter(|begndate| *begndate <= as_of).map(|day| day.year())
        };
        let used = years_of(MembershipKind::RewardUsed).max().filter(|_| rule.use_clears_zero_claim);
        let first = if rule.break_clears_zero_claim { run.first_year } else { rule.years_count_from };
        let counts =
            |year: &i32| *year < as_of.year() && *year >= first && used.is_none_or(|used| *year > used);
        let mut told: Vec<i32> = years_of(MembershipKind::ZeroClaimYear).filter(counts).collect();
        told.sort_unstable();
        told.dedup();
        let in_books = rule.books_from.map_or(as_of.year(), |from| from.max(rule.years_count_from));
        let resident = |year: &i32| {
            let mut held = person.coverages.iter();
            // The books of another area are not asked.
            let here = |held: &Coverage| held.poolarea_no.is_none_or(|at| at == area);
            held.any(|held| is_resident(held) && here(held) && held.period.has_day_in(*year, as_of))
        };
        let open = (in_books..as_of.year()).filter(counts).filter(resident);
        ZeroClaim { open: open.filter(|year| !told.contains(year)).collect(), told }
    }
}
