//! What settlement applies to a visit away from home, by class and circumstances (22号 二(六)).

use yizhan_documents::{Ambiguous, At, Condition, Dated, Facts, Known, Region, Row};
use yizhan_terms::{Care, Filing, Insutype, Tier, Treatment};

/// The tables of one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Treatments {
    /// Titles of the documents that rows cite, by [`Row::source`].
    pub titles: Vec<String>,
    /// One table for all schemes, or tables that share no scheme.
    pub tables: Vec<SchemeTable>,
}

/// The rows for some schemes.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemeTable {
    /// 险种类型; empty: every one.
    pub insutypes: Vec<Insutype>,
    /// Of those that match the one of highest rank decides.
    pub rows: Vec<Row<Asked, Direct>>,
}

/// A row's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Direct {
    /// Settled directly, so.
    Treatment(Treatment),
    /// Not settled directly: by hand, afterwards.
    Manual,
}

/// A visit, as far as it is known when filing is asked about it: who answers the rows.
#[derive(Clone, Copy, Debug)]
pub struct Away {
    /// 险种类型.
    pub insutype: Insutype,
    /// How the visit counts.
    pub filing: Filing,
    /// Whether the institution lies in the province of the pooling area.
    pub in_province: bool,
    /// Kind of care.
    pub care: Care,
    /// Level of the institution.
    pub level: Tier,
    /// Whether it is under special contract (特约) with the pooling area.
    pub contracted: bool,
}

/// What rows may ask about a visit.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// How it counts: any of these.
    Filing(Vec<Filing>),
    /// Whether in the province of the pooling area.
    InProvince(bool),
    /// Kind of care: any of these.
    Care(Vec<Care>),
    /// Level of the institution: any of these.
    Level(Vec<Tier>),
    /// Whether at an institution under special contract (特约).
    Contracted(bool),
}

impl Condition for Asked {
    type Names<'a> = ();

    const KEYS: &'static [&'static str] = &["filing", "in_province", "care", "level", "contracted"];

    fn read<'a>(key: &str, at: At<'a>, (): &()) -> Option<Asked> {
        match key {
            "filing" => at.set_of(|at| at.code(Filing::ALL, Filing::code)).map(Asked::Filing),
            "in_province" => at.boolean().map(Asked::InProvince),
            "care" => at.set_of(|at| at.code(Care::ALL, Care::code)).map(Asked::Care),
            "level" => at.set_of(|at| at.code(Tier::ALL, Tier::code)).map(Asked::Level),
            _ => at.boolean().map(Asked::Contracted),
        }
    }

    fn narrow<'c>(&'c self, region: &mut Region<'c>) {
        match self {
            Asked::Filing(any) => region.one_of("filing", any.iter().map(|filing| filing.code())),
            Asked::InProvince(so) => region.is("in_province", *so),
            Asked::Care(any) => region.one_of("care", any.iter().map(|care| care.code())),
            Asked::Level(any) => region.one_of("level", any.iter().map(|level| level.code())),
            Asked::Contracted(so) => region.is("contracted", *so),
        }
    }
}

impl Facts<Asked> for Away {
    fn holds(&self, asked: &Asked) -> bool {
        match asked {
            Asked::Filing(any) => any.contains(&self.filing),
            Asked::InProvince(so) => self.in_province == *so,
            Asked::Care(any) => any.contains(&self.care),
            Asked::Level(any) => any.contains(&self.level),
            Asked::Contracted(so) => self.contracted == *so,
        }
    }
}

/// What decided, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'r> {
    /// What it says; or, where the documents do not say, why.
    pub what: Result<Direct, &'r str>,
    /// Names the row: `jiangxi-filing@2025.11/treatment/2025-11-01#3`, the third of the version; without `#3` where no row
    /// matches.
    pub rule_id: String,
    /// Title and number of the document behind it.
    pub citation: &'r str,
}

const NO_ROW: &str = "待遇规则没有写明这种情形";

/// What a version says about a visit.
///
/// # Errors
/// Where two rows decide alike, which the loader reports.
pub fn decide<'r>(version: &'r Dated<Treatments>, away: &Away) -> Result<Decision<'r>, Ambiguous> {
    let rule = &version.rule;
    let mut rows_before = 0;
    for table in &rule.tables {
        if !table.holds_for(away.insutype) {
            rows_before += table.rows.len();
            continue;
        }
        let Some(row) = yizhan_documents::decide(&table.rows, away)? else { break };
        let place = table.rows.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default();
        let what = match &row.value {
            Known::Value(direct) => Ok(*direct),
            Known::Unknown(why) => Err(why.as_str()),
        };
        let rule_id = format!("{}#{}", version.id, rows_before + place + 1);
        return Ok(Decision { what, rule_id, citation: &rule.titles[row.source] });
    }
    Ok(Decision { what: Err(NO_ROW), rule_id: version.id.clone(), citation: &version.citation })
}

/// Whether a filing betters any visit of a scheme in the own province, where none is needed: as what it counts by it, `filed`, the area
/// settles it directly where it does not settle the exempt, or lowers it less. Rows that decide alike, which the loader reports, say
/// nothing.
pub fn filing_betters_the_exempt(version: &Dated<Treatments>, insutype: Insutype, filed: Filing) -> bool {
    let says = |away: &Away| match decide(version, away).map(|decision| decision.what) {
        Ok(Ok(Direct::Treatment(treatment))) => Some(treatment),
        _ => None,
    };
    let better = |care, level, contracted| {
        let exempt = Away { insutype, filing: Filing::Exempt, in_province: true, care, level, contracted };
        says(&Away { filing: filed, ..exempt })
            .is_some_and(|filed| says(&exempt).is_none_or(|exempt| filed.is_better_than(exempt)))
    };
    let mut visits = Care::ALL.iter().flat_map(|care| Tier::ALL.iter().map(move |level| (*care, *level)));
    visits.any(|(care, level)| better(care, level, true) || better(care, level, false))
}

impl SchemeTable {
    fn holds_for(&self, insutype: Insutype) -> bool {
        self.insutypes.is_empty() || self.insutypes.contains(&insutype)
    }
}
