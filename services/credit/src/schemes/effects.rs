//! What a grade changes: a row for each, for those who act on it.

use rust_decimal::Decimal;
use yizhan_documents::{At, Kind, Map, rule, value};

yizhan_workflow::named! {
    /// 续签建议
    Renewal {
        Renew = 1, "renew", "建议续签";
        Watch = 2, "watch", "续签并重点关注";
        DoNotRenew = 3, "do_not_renew", "不建议续签";
    }
}

rule! {
    /// The rows.
    pub struct GradeEffects {
        /// Each grade once, each row by its own name.
        effects: Vec<Effect> = effects;
    }
}

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Names it.
    pub row: String,
    /// Of which grade.
    pub grade: String,
    /// Share of settlements that audit samples.
    pub sampling_rate: Decimal,
    /// Routine checks a year.
    pub checks_per_year: u32,
    /// Share of the regular 预付金 that is paid out.
    pub prepayment_share: Decimal,
    /// 质量保证金: share of settled amounts that is held back.
    pub deposit_share: Decimal,
    /// 续签建议
    pub renewal: Renewal,
}

fn effects(map: &Map, key: &str) -> Option<Vec<Effect>> {
    map.required(key, |at| {
        let rows = at.list_of(effect)?;
        let each_once = |name: fn(&Effect) -> &str| {
            let mut names: Vec<&str> = rows.iter().map(name).collect();
            names.sort_unstable();
            names.windows(2).all(|two| two[0] != two[1])
        };
        let fits = each_once(|row| &row.row) && each_once(|row| &row.grade);
        if fits { Some(rows) } else { at.problem(Kind::InvalidValue, "a grade, or the name of a row, twice") }
    })
}

fn effect(at: At) -> Option<Effect> {
    let keys =
        ["row", "grade", "sampling_rate", "checks_per_year", "prepayment_share", "deposit_share", "renewal"];
    let map = at.map(&keys)?;
    let name = |key| map.required(key, |at| value::name(&at).map(str::to_owned));
    let (row, grade) = (name("row"), name("grade"));
    let sampling_rate = map.required("sampling_rate", value::ratio);
    let checks = map.required("checks_per_year", |at| value::whole(at, 0, 366));
    let prepayment_share = map.required("prepayment_share", value::ratio);
    let deposit_share = map.required("deposit_share", value::ratio);
    let renewal = map.required("renewal", |at| at.code(Renewal::ALL, Renewal::name));
    Some(Effect {
        row: row?,
        grade: grade?,
        sampling_rate: sampling_rate?,
        checks_per_year: checks?.try_into().ok()?,
        prepayment_share: prepayment_share?,
        deposit_share: deposit_share?,
        renewal: renewal?,
    })
}
