//! Tables in words, a line for each row.

use std::fmt::{self, Write};

use super::words::{conditions, period};
use yizhan_documents::{Known, OTHERWISE};

use crate::model::{Policy, Row, Table};

/// Writes a table: its versions with their dates, and in each the rows.
pub(super) fn write_table<T>(
    to: &mut String,
    policy: &Policy,
    table: &Table<T>,
    indent: &str,
    value: impl Fn(&T) -> String,
) -> fmt::Result {
    for version in &table.versions {
        let dated = table.versions.len() > 1;
        if dated {
            writeln!(to, "{indent}{}：", period(version.period))?;
        }
        let deeper = if dated { format!("{indent}  ") } else { indent.to_owned() };
        for row in &version.rows {
            write_row(to, policy, row, &deeper, &value)?;
        }
    }
    Ok(())
}

fn write_row<T>(
    to: &mut String,
    policy: &Policy,
    row: &Row<T>,
    indent: &str,
    value: impl Fn(&T) -> String,
) -> fmt::Result {
    let who = match row.rank {
        OTHERWISE => "其余".to_owned(),
        _ if row.when.is_empty() => "全部".to_owned(),
        _ => conditions(policy, &row.when),
    };
    let value = match &row.value {
        Known::Value(known) => value(known),
        Known::Unknown(why) => format!("未公布（{why}）"),
    };
    let rank = match row.rank {
        0 | OTHERWISE => String::new(),
        rank => format!("（优先级 {rank}）"),
    };
    let source = &policy.sources[row.source];
    writeln!(to, "{indent}{who}{rank}：{value} 〔{}·{} 第 {} 行〕", source.id, source.quality, row.line)
}
