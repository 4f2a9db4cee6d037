//! A code stands on the lines of settlements that stand, and nowhere twice that nobody let it.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::DbErr;
use yizhan_proto::settlement::v1::Settlement;

use super::Check;
use crate::books::domain::trace_codes::{Held, Use};
use crate::books::messages::parts::header;
use crate::books::messages::trace_codes::uses_of;
use crate::books::store::trace_codes;

impl Check<'_> {
    /// Compares the codes of settlements with where they stand. `standing` are those that are not reversed.
    pub(super) async fn trace_codes(
        &mut self,
        answers: &[Settlement],
        standing: &BTreeSet<String>,
    ) -> Result<(), DbErr> {
        let settled = answers.iter().filter(|answer| header(answer).reverses_setl_id.is_empty());
        let uses: Vec<(&str, Use)> = settled.flat_map(uses_of).collect();
        let codes: BTreeSet<String> = uses.iter().map(|(code, _)| (*code).to_owned()).collect();
        let held = trace_codes::held(self.db, codes).await?;
        for (code, stands) in &uses {
            let known =
                held.get(*code).is_some_and(|held| held.uses.iter().any(|held| is_same(held, stands)));
            let stood = standing.contains(&stands.setl_id);
            if known != stood {
                let setl_id = &stands.setl_id;
                let told = if stood {
                    "does not stand on its line"
                } else {
                    "is reversed, and the code stands still"
                };
                self.report(format!("settlement {setl_id}: trace code {code}: {told} {}", stands.feedetl_sn));
            }
        }
        self.twice(&held);
        Ok(())
    }

    fn twice(&mut self, held: &BTreeMap<String, Held>) {
        for (code, held) in held {
            if let Some(stands) = held.twice() {
                self.report(format!(
                    "settlement {}: trace code {code} stands elsewhere already",
                    stands.setl_id
                ));
            }
        }
    }
}

fn is_same(held: &Use, stands: &Use) -> bool {
    *held == Use { repeated: held.repeated, back_in: held.back_in.clone(), ..stands.clone() }
}
