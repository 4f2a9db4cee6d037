//! What settlement applies to a visit away from home, by class and circumstances (22号 二(六)).

use chrono::NaiveDate;
use yizhan_policy::Ambiguous;
use yizhan_policy::case::{Person, Treatment, Visit};
use yizhan_policy::model::{Known, Row};
use yizhan_rules::Dated;
use yizhan_terms::{Care, Filing, Insutype, Status, Tier};

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
    pub rows: Vec<Row<Direct>>,
}

/// A row's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Direct {
    /// Settled directly, so.
    Treatment(Treatment),
    /// Not settled directly: by hand, afterwards.
    Manual,
}

/// What rows may ask about a visit.
#[derive(Clone, Copy, Debug)]
pub struct Away<'v> {
    /// 险种类型, its code.
    pub insutype: &'v str,
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

/// What decided, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'r> {
    /// What it says.
    pub what: What<'r>,
    /// Names the row: `jiangxi-filing@2025.11/treatment/2025-11-01#3`, the third of the version; without `#3` where no row
    /// matches.
    pub rule_id: String,
    /// Title and number of the document behind it.
    pub citation: &'r str,
}

/// What is to be applied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum What<'r> {
    /// Settled directly, so.
    Direct(Treatment),
    /// Not settled directly: by hand, afterwards.
    Manual,
    /// The documents do not say; why.
    NotPublished(&'r str),
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
        let (person, visit) = (nobody(), visit(away));
        let Some(row) = yizhan_policy::decide(&table.rows, &person, &visit)? else { break };
        let place = table.rows.iter().position(|other| std::ptr::eq(other, row)).unwrap_or_default();
        let what = match &row.value {
            Known::Value(Direct::Treatment(treatment)) => What::Direct(*treatment),
            Known::Value(Direct::Manual) => What::Manual,
            Known::Unknown(why) => What::NotPublished(why),
        };
        let rule_id = format!("{}#{}", version.id, rows_before + place + 1);
        return Ok(Decision { what, rule_id, citation: &rule.titles[row.source] });
    }
    Ok(Decision {
        what: What::NotPublished(NO_ROW),
        rule_id: version.id.clone(),
        citation: &version.citation,
    })
}

impl SchemeTable {
    fn holds_for(&self, insutype: &str) -> bool {
        self.insutypes.is_empty() || self.insutypes.iter().any(|one| one.code() == insutype)
    }
}

/// Rows ask nothing about the person: the loader sees to it.
fn nobody() -> Person {
    Person {
        status: Status::Adult,
        age: 0,
        identities: Default::default(),
        memberships: Default::default(),
        years_insured: 0,
    }
}

fn visit(away: &Away) -> Visit {
    Visit {
        care: away.care,
        level: away.level,
        begin: NaiveDate::MIN,
        end: NaiveDate::MIN,
        filing: away.filing,
        remote: None,
        in_province: away.in_province,
        contracted: away.contracted,
        diagnoses: Vec::new(),
        tags: Default::default(),
    }
}
