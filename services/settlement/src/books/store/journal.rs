//! The journal: what a settlement, an opening or a booking of an account posts, one row in the books of each area.
//!
//! A province settles three million visits a day, each with four to nine postings: a row for each of them cost as much as the rest of a
//! settlement. The view `postings` tells them one by one, for whoever sums up accounts.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DbErr};
use serde::{Deserialize, Serialize};
use yizhan_runtime::db::{find_rows, insert};

use super::entities::journal::{Column, Entity, Model};
use crate::books::domain::ledger::Posting;

/// What is posted together in the books of an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 统筹区 in whose books it stands: of the person, or of a relative whose account helps.
    pub poolarea_no: String,
    /// 人员编号 of the person who was settled for.
    pub psn_no: String,
    /// The settlement, opening or booking it belongs to.
    pub setl_id: String,
    /// The postings, in their order.
    pub lines: Vec<Line>,
}

/// A posting of an entry, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its place among all postings of the settlement, in whatever books.
    #[serde(rename = "n")]
    pub seq: i64,
    /// The account.
    #[serde(rename = "a")]
    pub account: String,
    /// Fen, positive: owed to the account.
    #[serde(rename = "f")]
    pub amount_fen: i64,
}

/// The entries of postings under a settlement, opening or booking of a person of an area.
pub fn entries(poolarea_no: &str, psn_no: &str, setl_id: &str, postings: Vec<Posting>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (seq, posting) in (0i64..).zip(postings) {
        let books = posting.books(poolarea_no);
        let at = entries.iter().position(|entry| entry.poolarea_no == books).unwrap_or_else(|| {
            entries.push(Entry {
                poolarea_no: books.to_owned(),
                psn_no: psn_no.to_owned(),
                setl_id: setl_id.to_owned(),
                lines: Vec::new(),
            });
            entries.len() - 1
        });
        let line = Line { seq, account: posting.account, amount_fen: posting.amount.0 };
        entries[at].lines.push(line);
    }
    entries
}

/// Writes entries; one that is there is a violation of the key.
pub async fn book<'e>(
    tx: &impl ConnectionTrait,
    entries: impl IntoIterator<Item = &'e Entry>,
) -> Result<(), DbErr> {
    let row = |entry: &Entry| -> Result<Model, DbErr> {
        Ok(Model {
            poolarea_no: entry.poolarea_no.clone(),
            psn_no: entry.psn_no.clone(),
            setl_id: entry.setl_id.clone(),
            lines: serde_json::to_string(&entry.lines).map_err(|error| DbErr::Type(error.to_string()))?,
        })
    };
    insert::<Entity>(tx, entries.into_iter().map(row).collect::<Result<_, _>>()?).await
}

/// The postings of settlements or openings, person and id, in the books of these areas, by id, each with the area; in their order.
pub async fn postings_of<'k>(
    db: &impl ConnectionTrait,
    areas: impl IntoIterator<Item = &str>,
    of: impl Iterator<Item = (&'k str, &'k str)> + Clone,
) -> Result<BTreeMap<String, Vec<(String, Line)>>, DbErr> {
    let key = |area: &str| {
        let area = area.to_owned();
        of.clone().map(move |(psn_no, setl_id)| [area.clone(), psn_no.to_owned(), setl_id.to_owned()])
    };
    let keys = areas.into_iter().flat_map(key).collect();
    let columns = [Column::PoolareaNo, Column::PsnNo, Column::SetlId];
    let mut postings: BTreeMap<String, Vec<(String, Line)>> = BTreeMap::new();
    for row in find_rows::<Entity, 3>(db, columns, keys).await? {
        let lines: Vec<Line> = serde_json::from_str(&row.lines)
            .map_err(|error| DbErr::Type(format!("journal.lines of {}: {error}", row.setl_id)))?;
        let lines = lines.into_iter().map(|line| (row.poolarea_no.clone(), line));
        postings.entry(row.setl_id).or_default().extend(lines);
    }
    postings.values_mut().for_each(|lines| lines.sort_by_key(|(_, line)| line.seq));
    Ok(postings)
}

#[cfg(test)]
mod tests {
    use yizhan_money::Fen;

    use super::*;

    #[test]
    fn postings_keep_their_order_across_areas() {
        let on = |account: &str, fen: i64| Posting::new(account, "X", Fen(fen));
        let postings = vec![on("institution", 10), on("clearing", 5).in_books_of("430100"), on("cash", -10)];
        let told: Vec<_> = entries("430200", "P", "S", postings)
            .into_iter()
            .map(|entry| (entry.poolarea_no, entry.lines.iter().map(|line| line.seq).collect::<Vec<_>>()))
            .collect();
        assert_eq!(told, [("430200".to_owned(), vec![0, 2]), ("430100".to_owned(), vec![1])]);
    }
}
