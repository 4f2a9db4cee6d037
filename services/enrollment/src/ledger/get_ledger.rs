//! Residents, insured and not insured per township or village, and the same for every key group.

use std::collections::BTreeMap;

use sea_orm::DbErr;
use yizhan_proto::enrollment::v1::{
    GetLedgerRequest, GetLedgerResponse, LedgerGroup, LedgerLevel, LedgerLine,
};
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};
use yizhan_terms::Area;

use crate::app::Register;
use crate::ledger::store::{self as ledger, Group, Line, Scope};

/// Digits of a 统计用区划代码.
const CODE_DIGITS: usize = 12;

/// One page; the first one with the total.
pub async fn get_ledger(
    register: &Register,
    caller: &Caller,
    request: GetLedgerRequest,
) -> Result<GetLedgerResponse, ServiceError> {
    let mut violations = Violations::new();
    let scope =
        checked_scope(register, &request.poolarea_no, &request.as_of, &request.code_prefix, &mut violations);
    let digits = match request.level() {
        LedgerLevel::Township => Some(9),
        LedgerLevel::Village => Some(12),
        LedgerLevel::Unspecified => None,
    };
    let digits = violations.some(digits, "level", Reason::LevelUnknown);
    let (scope, digits) = violations.finish(scope.zip(digits))?;
    check_reader(caller, &scope.poolarea_no)?;
    let asked = register.pages.asked(caller, &request).of(scope.as_of);
    let (mut groups, mut sum) = (Vec::new(), None);
    let behind = async |after: Option<[String; 1]>, limit| {
        let lines;
        match after {
            // The first page counts everything, to tell the total; the others only from their place on.
            None => {
                let db = register.db.reading().patient();
                (lines, groups) = tokio::try_join!(
                    ledger::lines(&db, &scope, digits, None, None),
                    ledger::groups(&db, &scope, digits, None, None),
                )?;
                sum = Some(total(&lines, &groups));
            }
            Some([after]) => (lines, groups) = rest(register, &scope, digits, &after, limit).await?,
        }
        Ok::<_, DbErr>(lines)
    };
    let (found, next_page_token) = asked.page(behind, |last| [last.code.clone()]).await?;
    let mut by_code: BTreeMap<String, Vec<Group>> = BTreeMap::new();
    for group in groups {
        by_code.entry(group.code.clone()).or_default().push(group);
    }
    let lines = found.into_iter().map(|found| {
        let groups = by_code.remove(&found.code).unwrap_or_default();
        line(found, groups)
    });
    Ok(GetLedgerResponse {
        as_of: scope.as_of.to_string(),
        lines: lines.collect(),
        total: sum,
        next_page_token,
    })
}

/// So many lines behind a code, and their key groups.
async fn rest(
    register: &Register,
    scope: &Scope,
    digits: u32,
    after: &str,
    limit: u64,
) -> Result<(Vec<Line>, Vec<Group>), DbErr> {
    let db = register.db.reading().patient();
    let found = ledger::lines(&db, scope, digits, Some(after), Some(limit)).await?;
    let until = found.last().map(|line| line.code.as_str());
    let groups = ledger::groups(&db, scope, digits, Some(after), until).await?;
    Ok((found, groups))
}

/// What a ledger or a worklist is asked for.
pub fn checked_scope(
    register: &Register,
    poolarea_no: &str,
    as_of: &str,
    code_prefix: &str,
    violations: &mut Violations,
) -> Option<Scope> {
    violations.require(Area::parse(poolarea_no).is_some(), "poolarea_no", Reason::AreaInvalid);
    let digits = code_prefix.len() <= CODE_DIGITS && code_prefix.bytes().all(|b| b.is_ascii_digit());
    violations.require(digits, "code_prefix", Reason::ResdCodeInvalid.saying("区划代码前缀最多 12 位数字"));
    let as_of = if as_of.is_empty() { Some(register.clock.today()) } else { parse_date(as_of) };
    let as_of = violations.some(as_of, "as_of", Reason::DateInvalid)?;
    Some(Scope { poolarea_no: poolarea_no.to_owned(), as_of, code_prefix: code_prefix.to_owned() })
}

/// Ledgers are the agency's and the departments' of the area; no service needs them.
pub fn check_reader(caller: &Caller, poolarea_no: &str) -> Result<(), ServiceError> {
    if caller.may_read_area(Area::parse(poolarea_no)) && !matches!(caller, Caller::Service { .. }) {
        return Ok(());
    }
    Err(ServiceError::area_not_owned(poolarea_no))
}

fn total(lines: &[Line], groups: &[Group]) -> LedgerLine {
    let mut all = Line::default();
    for line in lines {
        all.residents += line.residents;
        all.insured_310 += line.insured_310;
        all.insured_390 += line.insured_390;
        all.insured_other += line.insured_other;
        all.insured_elsewhere += line.insured_elsewhere;
    }
    let mut by_name: BTreeMap<&str, Group> = BTreeMap::new();
    for group in groups {
        let none = || Group { name: group.name.clone(), ..Group::default() };
        let sum = by_name.entry(&group.name).or_insert_with(none);
        sum.persons += group.persons;
        sum.insured += group.insured;
    }
    line(all, by_name.into_values().collect())
}

fn line(counted: Line, groups: Vec<Group>) -> LedgerLine {
    let Line { code, residents, insured_310, insured_390, insured_other, insured_elsewhere } = counted;
    let insured = insured_310 + insured_390 + insured_other + insured_elsewhere;
    let group = |group: Group| LedgerGroup {
        not_insured: group.persons - group.insured,
        name: group.name,
        persons: group.persons,
        insured: group.insured,
    };
    LedgerLine {
        not_insured: residents - insured,
        rate: rate(insured, residents),
        groups: groups.into_iter().map(group).collect(),
        code,
        residents,
        insured_310,
        insured_390,
        insured_other,
        insured_elsewhere,
    }
}

/// With 4 places, cut off: "1.0000" only when it is everyone. Nobody of nobody is everyone.
fn rate(insured: i64, residents: i64) -> String {
    let ten_thousandths = if residents == 0 { 10_000 } else { insured * 10_000 / residents };
    format!("{}.{:04}", ten_thousandths / 10_000, ten_thousandths % 10_000)
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn a_rate_is_never_rounded_up() {
        assert_eq!(rate(999_999, 1_000_000), "0.9999");
        assert_eq!(rate(1_000_000, 1_000_000), "1.0000");
        assert_eq!((rate(2, 3), rate(0, 5), rate(0, 0)), ("0.6666".into(), "0.0000".into(), "1.0000".into()));
    }
}
