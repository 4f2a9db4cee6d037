//! Where codes stand.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr};
use yizhan_runtime::db::find_rows;

use super::entities::trace_code;
use crate::books::domain::trace_codes::Held;

/// Codes asked about in one statement.
const AT_ONCE: usize = 1000;

/// What stands of these codes; a code without an entry never stood anywhere. Nothing is asked where there are none.
pub async fn held(
    db: &impl ConnectionTrait,
    codes: BTreeSet<String>,
) -> Result<BTreeMap<String, Held>, DbErr> {
    let keys: Vec<[String; 1]> = codes.into_iter().map(|code| [code]).collect();
    let mut rows = Vec::new();
    for keys in keys.chunks(AT_ONCE) {
        let key = [trace_code::Column::DrugTracCodg];
        rows.extend(find_rows::<trace_code::Entity, 1>(db, key, keys.to_vec()).await?);
    }
    rows.into_iter().map(|row| Ok((row.drug_trac_codg.clone(), held_in(&row)?))).collect()
}

/// What a row says.
pub fn held_in(row: &trace_code::Model) -> Result<Held, DbErr> {
    let damaged = |error| DbErr::Type(format!("trace_codes.uses of {}: {error}", row.drug_trac_codg));
    let uses = serde_json::from_str(&row.uses).map_err(damaged)?;
    Ok(Held { version: row.version, uses })
}
