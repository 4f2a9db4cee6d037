//! What a trial found, as the contract says it.

use std::cmp::Reverse;

use chrono::NaiveDate;
use yizhan_proto::credit::v1::{MigrationCell, MigrationTable, MoveCause, SubjectKind, SubjectMove};
use yizhan_runtime::ServiceError;

use crate::comparison::Migration;
use crate::ledger::subject;
use crate::practitioners::{Retold, RetoldAct, Status};

/// Acts or indicators that one move names at most.
pub const MAX_CAUSES: usize = 10;

/// A table of classes, each with what it is called.
pub fn table<C: Ord + Copy>(
    migration: &Migration<C>,
    classes: &[C],
    name: impl Fn(C) -> String,
) -> MigrationTable {
    let cell = |(before, after, count): (C, C, u32)| MigrationCell {
        class_before: name(before),
        class_after: name(after),
        subjects: number(count),
    };
    let index = migration.stability_index(classes);
    MigrationTable {
        classes: classes.iter().map(|class| name(*class)).collect(),
        cells: migration.cells().map(cell).collect(),
        stability_index: index.map(|index| format!("{:.4}", index.round_dp(4))).unwrap_or_default(),
    }
}

/// A practitioner who moves.
pub fn moved(code: &str, day: NaiveDate, retold: &Retold, (before, after): (Status, Status)) -> SubjectMove {
    let points = [&retold.before, &retold.after].map(|timeline| timeline.points_on(day));
    let mut acts: Vec<&RetoldAct> = retold.acts.iter().filter(|act| act.before != act.after).collect();
    acts.sort_by_key(|act| Reverse(act.before.abs_diff(act.after)));
    let why = match acts.len() {
        0 => "各行为记分不变，暂停、终止的标准或期限不同".to_owned(),
        count => format!("{count} 个行为的记分不同"),
    };
    let [was, is] = points;
    SubjectMove {
        subject: Some(subject(SubjectKind::Practitioner, code)),
        class_before: before.name().to_owned(),
        class_after: after.name().to_owned(),
        value_before: was.to_string(),
        value_after: is.to_string(),
        causes: acts.iter().take(MAX_CAUSES).map(|act| cause(act)).collect(),
        explanation: format!("{} → {}，{was} 分 → {is} 分：{why}", before.label(), after.label()),
    }
}

fn cause(act: &RetoldAct) -> MoveCause {
    MoveCause {
        entry_id: act.entry_id.clone(),
        item: act.item.clone(),
        value_before: act.before.to_string(),
        value_after: act.after.to_string(),
    }
}

/// What was not told as wrong, and is not there.
pub fn unsaid() -> ServiceError {
    ServiceError::internal(anyhow::anyhow!("area or day is wrong without being told"))
}

/// A count as it is told.
pub fn number(count: u32) -> i32 {
    count.try_into().unwrap_or(i32::MAX)
}
