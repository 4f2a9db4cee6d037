//! What must hold after every step.

use super::*;

pub async fn rows(db: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap()
}

/// A table as text, in order.
pub fn sorted<T: Debug>(rows: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut rows: Vec<String> = rows.into_iter().map(|row| format!("{row:?}")).collect();
    rows.sort();
    rows
}

/// What must hold after every step. `last` gives the versions before it.
pub async fn check(db: &DatabaseConnection, versions: &mut BTreeMap<String, i64>, what: &str) {
    let current = entitlement_timeline::Entity::find().all(db).await.unwrap();
    let (mut expected, mut before) = (vec![Vec::new(); 5], versions.clone());
    for row in &current {
        let timeline: Timeline = serde_json::from_str(&row.timeline).unwrap();
        assert_eq!(doubled(&timeline), None, "two basic schemes of {} after {what}", row.psn_no);
        for (at, held) in timeline.coverages.iter().enumerate() {
            let overlap = timeline.coverages[..at]
                .iter()
                .find(|other| other.insutype == held.insutype && other.period.overlaps(&held.period));
            assert_eq!(overlap, None, "{} {held:?} after {what}", row.psn_no);
            assert!(!held.period.ended_before(held.period.begndate), "{} {held:?} after {what}", row.psn_no);
            let died = timeline.person.die_date;
            let decided = held.waiting.is_some() && held.state.code() == "1";
            assert!(
                !decided || held.period.begndate >= timeline.person.brdy,
                "{held:?} before birth after {what}"
            );
            assert!(
                !decided || died.is_none_or(|died| held.period.ended_before(died.succ_opt().unwrap())),
                "{held:?} after death, {what}"
            );
        }
        assert!(
            timeline.merged_into.is_none() || timeline.coverages.is_empty(),
            "{} after {what}",
            row.psn_no
        );
        let (area, psn_no) = (row.poolarea_no.parse().unwrap(), &row.psn_no);
        expected[0].extend(sorted(timeline.coverages.iter().map(|held| held.row(area, psn_no))));
        expected[1].extend(sorted(timeline.identities.iter().map(|held| held.row(area, psn_no))));
        expected[2].extend(sorted(timeline.memberships.iter().map(|held| held.row(area, psn_no))));
        expected[3].extend(sorted(timeline.account_shares.iter().map(|held| held.row(area, psn_no))));
        expected[4].extend(sorted(timeline.diseases.iter().map(|held| held.row(area, psn_no))));
        let version = before.remove(psn_no).unwrap_or_default();
        assert!(row.version >= version, "{psn_no} went back after {what}");
        versions.insert(psn_no.clone(), row.version);
    }
    assert!(before.is_empty(), "lost {before:?} after {what}");
    let tables = [
        sorted(coverage::Entity::find().all(db).await.unwrap()),
        sorted(identity::Entity::find().all(db).await.unwrap()),
        sorted(membership::Entity::find().all(db).await.unwrap()),
        sorted(account_share::Entity::find().all(db).await.unwrap()),
        sorted(disease_entitlement::Entity::find().all(db).await.unwrap()),
    ];
    for (table, mut expected) in tables.into_iter().zip(expected) {
        expected.sort();
        assert_eq!(table, expected, "after {what}");
    }
    check_versions(db, &current, what).await;
}

/// Every version from 1 on is in the history, the last as the register has it, and each was announced once to every area
/// concerned.
pub async fn check_versions(db: &DatabaseConnection, current: &[entitlement_timeline::Model], what: &str) {
    let history = timeline_history::Entity::find().all(db).await.unwrap();
    let mut areas: BTreeMap<(String, i64), String> = BTreeMap::new();
    for past in &history {
        areas.insert((past.psn_no.clone(), past.version), past.poolarea_no.clone());
    }
    let mut expected = BTreeSet::new();
    for row in current {
        for version in 1..=row.version {
            let area = areas.get(&(row.psn_no.clone(), version));
            let area = area.unwrap_or_else(|| panic!("{} has no version {version} after {what}", row.psn_no));
            expected.insert((row.psn_no.clone(), version, area.clone()));
            let before = areas.get(&(row.psn_no.clone(), version - 1));
            expected.extend(before.map(|left| (row.psn_no.clone(), version, left.clone())));
        }
        let last =
            history.iter().find(|past| past.psn_no == row.psn_no && past.version == row.version).unwrap();
        assert_eq!((&last.timeline, &last.poolarea_no), (&row.timeline, &row.poolarea_no), "after {what}");
    }
    assert_eq!(areas.len() as i64, current.iter().map(|row| row.version).sum::<i64>(), "after {what}");
    // An area that did not change was told of the version before as well: only moves are told twice.
    expected.retain(|(psn_no, version, area)| {
        areas[&(psn_no.clone(), *version)] == *area || areas.get(&(psn_no.clone(), version - 1)) == Some(area)
    });
    let announced: Vec<(String, i64, String)> = rows(db, "SELECT area, payload FROM change_log")
        .await
        .iter()
        .map(|row| {
            let payload: Vec<u8> = row.try_get("", "payload").unwrap();
            let change = RegisterChange::decode(payload.as_slice()).unwrap();
            (change.psn_no, change.person_version, row.try_get("", "area").unwrap())
        })
        .collect();
    assert_eq!(announced.iter().cloned().collect::<BTreeSet<_>>(), expected, "after {what}");
    assert_eq!(announced.len(), expected.len(), "announced twice after {what}");
}
