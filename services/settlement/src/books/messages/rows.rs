//! The rows a settlement is stored as.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use prost::Message;
use yizhan_proto::settlement::v1::{AccumulatorChange, Settlement, SettlementInfo};
use yizhan_runtime::ServiceError;
use yizhan_runtime::clock::parse_date;

use super::claims::{claims_of, held_before};
use super::parts::{amounts_of, header, policy_of, postings_of};
use super::practitioners::days_of;
use super::trace_codes::rows_after;
use crate::books::domain::ledger::Posting;
use crate::books::store::claims::Claims;
use crate::books::store::commit::Change;
use crate::books::store::entities::{account, accumulated, request, settlement};
use crate::books::store::journal::entries;
use crate::books::store::load::PersonState;
use crate::books::store::uploaded::{FeesChange, VisitKey};

/// Everything a settlement or reversal changes, on the person's state as it was read.
pub fn change_of(
    settlement: &Settlement,
    case_json: String,
    (key, digest): (&(String, String), &str),
    state: &PersonState,
    at: DateTime<Utc>,
) -> Result<Change, ServiceError> {
    let row = settlement_row(settlement, case_json);
    let postings = postings_of(settlement);
    let reverses = !row.reverses_setl_id.is_empty();
    // Of a stay in parts the last one that stands holds the visit.
    let before = Claims { rows: held_before(settlement).into_iter().collect(), ..Claims::default() };
    let claims = claims_of(settlement);
    let (claims, released) = if reverses { (before, claims) } else { (claims, before) };
    Ok(Change {
        request: Some(request::Model {
            owner: key.0.clone(),
            request_id: key.1.clone(),
            digest: digest.to_owned(),
            poolarea_no: row.poolarea_no.clone(),
            psn_no: row.psn_no.clone(),
            setl_id: row.setl_id.clone(),
            answer: Vec::new(),
        }),
        amounts: Some(amounts_of(settlement)),
        years: years_after(settlement, state)?,
        accounts: accounts_after(&row.poolarea_no, &row.psn_no, &postings, state),
        postings: entries(&row.poolarea_no, &row.psn_no, &row.setl_id, postings),
        bookings: Vec::new(),
        claims,
        released,
        fees: given_back(header(settlement)),
        practitioners: days_of(settlement),
        codes: rows_after(settlement, &state.codes)?,
        kind: if reverses { "REVERSED" } else { "SETTLED" },
        settlement: Some(row),
        opening: None,
        at,
    })
}

/// A reversal gives the lines back that were brought before.
fn given_back(info: &SettlementInfo) -> Option<FeesChange> {
    let visit = VisitKey { fixmedins_code: info.fixmedins_code.clone(), mdtrt_id: info.mdtrt_id.clone() };
    let reversal = info.fees_uploaded && !info.reverses_setl_id.is_empty();
    reversal.then(|| FeesChange::GiveBack(visit, info.reverses_setl_id.clone()))
}

/// The years a settlement read or changed, one version on: every year whose totals it changed, and those that the days of the visit
/// lie in even when it changed nothing there: it rests on them, and of two visits on the same days at once one sees the other.
fn years_after(
    settlement: &Settlement,
    state: &PersonState,
) -> Result<Vec<accumulated::Model>, ServiceError> {
    let info = header(settlement);
    let mut years: BTreeMap<String, Vec<&AccumulatorChange>> = BTreeMap::new();
    if let Some(trace) = &settlement.trace {
        let read = trace.layers.iter().map(|layer| layer.policy_year.clone());
        let layer = trace.layers.first().map(|layer| &layer.policy_year);
        let year = layer.or(trace.accumulators.first().map(|change| &change.policy_year));
        let year = year.and_then(|year| parse_date(year));
        years.extend(read.chain(years_of_days(info, year)).map(|year| (year, Vec::new())));
        for change in &trace.accumulators {
            years.entry(change.policy_year.clone()).or_default().push(change);
        }
    }
    years
        .into_iter()
        .map(|(policy_year, changes)| {
            let known = policy_year.parse().ok().and_then(|year| state.years.get(&year));
            let (version, mut totals) = known.cloned().unwrap_or_default();
            for change in changes {
                *totals.entry(change.accumulator.clone()).or_insert(0) += change.added;
            }
            totals.retain(|_, total| *total != 0);
            Ok(accumulated::Model {
                poolarea_no: info.poolarea_no.clone(),
                psn_no: info.psn_no.clone(),
                policy_year,
                version: version + 1,
                totals: serde_json::to_string(&totals).map_err(ServiceError::internal)?,
            })
        })
        .collect()
}

/// First days of the policy years that the days of a visit lie in; one of these years is given.
fn years_of_days(info: &SettlementInfo, year: Option<NaiveDate>) -> Vec<String> {
    let (Some(year), Some(begin), Some(end)) = (year, parse_date(&info.begndate), parse_date(&info.enddate))
    else {
        return Vec::new();
    };
    let starts = (begin.year() - 1..=end.year()).filter_map(|number| year.with_year(number));
    let touched = |start: &NaiveDate| {
        *start <= end && start.with_year(start.year() + 1).is_some_and(|next| begin < next)
    };
    starts.filter(touched).map(|start| start.to_string()).collect()
}

/// The accounts that change, one version on: the person's own, and that of the relative who helps, where it is kept.
pub fn accounts_after(
    poolarea_no: &str,
    psn_no: &str,
    postings: &[Posting],
    state: &PersonState,
) -> Vec<account::Model> {
    let accounts = postings.iter().filter_map(|posting| Some((posting.personal_account()?, posting)));
    accounts
        .map(|(whose, posting)| {
            let balance = if whose == psn_no { state.own } else { state.shared };
            let books = posting.books(poolarea_no);
            // Nothing is booked on an account that is kept elsewhere, nor on another's balance: version 0 is refused at the door.
            let was_read =
                balance.area.is_none_or(|area| area.as_str() == books) && balance.moved_to.is_none();
            account::Model {
                poolarea_no: books.to_owned(),
                psn_no: whose.to_owned(),
                version: if was_read { balance.version + 1 } else { 0 },
                balance_fen: balance.fen + posting.amount.0,
                moved_to: String::new(),
            }
        })
        .collect()
}

/// The row of a settlement.
fn settlement_row(settlement: &Settlement, case_json: String) -> settlement::Model {
    let info = header(settlement);
    let policy = policy_of(settlement);
    let time = info.setl_time.unwrap_or_default();
    settlement::Model {
        poolarea_no: info.poolarea_no.clone(),
        psn_no: info.psn_no.clone(),
        setl_id: info.setl_id.clone(),
        fixmedins_code: info.fixmedins_code.clone(),
        med_type: info.med_type.clone(),
        enddate: info.enddate.clone(),
        reverses_setl_id: info.reverses_setl_id.clone(),
        setl_time_us: time.seconds * 1_000_000 + i64::from(time.nanos) / 1000,
        medfee_sumamt_fen: info.medfee_sumamt_fen,
        fund_pay_sumamt_fen: info.fund_pay_sumamt_fen,
        psn_part_amt_fen: info.psn_part_amt_fen,
        acct_pay_fen: info.acct_pay_fen,
        insutype: info.insutype.clone(),
        clr_type: info.clr_type.clone(),
        setl_type: info.setl_type.clone(),
        policy_id: policy.policy_id.clone(),
        policy_version: policy.version.clone(),
        case_json,
        answer: settlement.encode_to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use yizhan_money::Fen;

    use super::*;
    use crate::books::store::load::Balance;

    #[test]
    fn nothing_is_booked_on_a_balance_of_other_books_or_of_an_account_that_moved() {
        let area = |code: &str| yizhan_terms::Area::parse(code);
        let balance = |books: &str, moved_to: &str| PersonState {
            own: Balance { version: 4, fen: 70, area: area(books), moved_to: area(moved_to) },
            ..PersonState::default()
        };
        let taken = [Posting::new("account", "P1", Fen(-30))];
        let after = |state: &PersonState| {
            let rows = accounts_after("430200", "P1", &taken, state);
            (rows[0].version, rows[0].balance_fen)
        };
        assert_eq!(after(&balance("430200", "")), (5, 40));
        assert_eq!(after(&balance("430200", "360100")).0, 0, "it moved");
        assert_eq!(after(&balance("360100", "")).0, 0, "another area's balance");
        assert_eq!(after(&PersonState::default()), (1, -30), "the first that is booked");
    }

    #[test]
    fn every_policy_year_of_a_visit_is_counted_up() {
        let years = |start: &str, begndate: &str, enddate: &str| {
            let (begndate, enddate) = (begndate.to_owned(), enddate.to_owned());
            years_of_days(
                &SettlementInfo { begndate, enddate, ..SettlementInfo::default() },
                parse_date(start),
            )
        };
        assert_eq!(years("2024-01-01", "2024-05-06", "2024-05-20"), ["2024-01-01"]);
        assert_eq!(years("2025-01-01", "2024-12-20", "2025-01-05"), ["2024-01-01", "2025-01-01"]);
        assert_eq!(years("2024-07-01", "2024-06-30", "2024-07-01"), ["2023-07-01", "2024-07-01"]);
        assert_eq!(years("2024-07-01", "2022-07-01", "2024-06-30"), ["2022-07-01", "2023-07-01"]);
        assert_eq!(years("", "2024-05-06", "2024-05-20"), Vec::<String>::new());
    }
}
