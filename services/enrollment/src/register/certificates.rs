//! One certificate, one person.

use std::collections::BTreeMap;

use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::{Caller, Reason, ServiceError, Violations};

use crate::person::store::entities::person;
use crate::person::store::persons;
use crate::person::store::timelines::{self, StoredTimeline};

/// Lets persons about to be written (with the number of their row) give up the certificates they had and take those they
/// have now. A certificate of somebody else is refused; whose it is learns only who keeps that person's register.
pub async fn exchange(
    tx: &DatabaseTransaction,
    caller: &Caller,
    rows: &[(usize, person::Model)],
    known: &BTreeMap<String, person::Model>,
) -> Result<(), ServiceError> {
    let same = |row: &person::Model| {
        known.get(&row.psn_no).is_some_and(|held| held.certno_digest == row.certno_digest)
    };
    let changing: Vec<&(usize, person::Model)> = rows.iter().filter(|(_, row)| !same(row)).collect();
    let digests = changing.iter().map(|(_, row)| row.certno_digest.clone());
    let mut owners = persons::find_psn_nos_by_certificates(tx, digests).await?;
    let registered = timelines::find_many(tx, owners.values().cloned()).await?;
    let mut violations = Violations::new();
    let (mut given_up, mut taken) = (Vec::new(), BTreeMap::new());
    for (at, row) in changing.iter().copied() {
        match owners.get(&row.certno_digest) {
            Some(owner) if *owner == row.psn_no => (),
            // The record that had it was merged into this one.
            Some(owner) if merged_into(registered.get(owner), &row.psn_no) => {
                given_up.push((row.certno_digest.clone(), owner.clone()));
                taken.insert(row.certno_digest.clone(), row.psn_no.clone());
            }
            Some(owner) => {
                let text = "该证件已登记在其他人员编号下，请核对证件号码，或办理人员合并";
                let violation =
                    violations.push(format!("rows[{at}].certno"), Reason::CertificateTaken.saying(text));
                let area = registered.get(owner).map(|person| person.poolarea_no);
                if area.is_some_and(|area| caller.may_manage_area(area)) || !registered.contains_key(owner) {
                    violation.with("psn_no", owner);
                }
            }
            None => {
                owners.insert(row.certno_digest.clone(), row.psn_no.clone());
                taken.insert(row.certno_digest.clone(), row.psn_no.clone());
            }
        }
    }
    violations.none()?;
    let had = changing.iter().filter_map(|(_, row)| known.get(&row.psn_no));
    given_up.extend(had.map(|held| (held.certno_digest.clone(), held.psn_no.clone())));
    Ok(persons::exchange_certificates(tx, given_up, taken).await?)
}

fn merged_into(owner: Option<&StoredTimeline>, psn_no: &str) -> bool {
    owner.is_some_and(|owner| owner.timeline.merged_into.as_deref() == Some(psn_no))
}
