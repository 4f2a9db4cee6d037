//! 医保满意度排名: hospitals of an area by year, from objective indicators and a survey, by one published definition.

mod api;
mod domain;
mod import;
mod messages;
mod publish;
mod rank;
mod store;
mod survey;

pub use api::RankingApi;

use yizhan_runtime::Reason;
use yizhan_runtime::db::{DatabaseTransaction, lock};
use yizhan_runtime::{Fields, ServiceError};

/// Rows of a request at most.
pub const MAX_RANKING_ROWS: usize = 500;

fn check_rows(rows: usize, fields: &mut Fields) {
    let said = Reason::TooMany.saying(format!("每次 1 至 {MAX_RANKING_ROWS} 行"));
    fields.require((1..=MAX_RANKING_ROWS).contains(&rows), "rows", said);
}

/// Keeps others from the year of an area until the transaction ends, and refuses where its ranking is published: it is frozen.
async fn open_year(tx: &DatabaseTransaction, poolarea_no: &str, year: i32) -> Result<(), ServiceError> {
    lock(tx, &format!("ranking {poolarea_no} {year}")).await?;
    match store::published(tx, poolarea_no, year).await? {
        None => Ok(()),
        Some(_) => {
            Err(ServiceError::new(Reason::RankingPublished, "the ranking is published").with("year", year))
        }
    }
}
