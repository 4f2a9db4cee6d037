//! Settlement's feed: visits away from home that were settled directly, for the figures.

use std::collections::BTreeMap;

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{SettlementInfo, WatchSettlementsRequest, WatchSettlementsResponse};
use yizhan_runtime::ServiceError;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::clock::parse_date;
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower};
use yizhan_terms::{Area, MedType};

use super::domain::{OF_VISITS, month_of, of_visit, reach};
use super::store::{Addend, VISITS};

/// This service as follower of settlement.
pub struct FollowSettlements {
    /// Settlement, which has the feed.
    pub feed: SettlementServiceClient<PeerChannel>,
}

/// Part of a figure of visits.
type Part = Addend<OF_VISITS>;

#[async_trait]
impl Follower for FollowSettlements {
    type Event = WatchSettlementsResponse;
    type Work = Vec<Part>;
    type Changed = ();

    fn feed(&self) -> &'static str {
        "settlement.settlements"
    }

    async fn open(&self, resume_token: String) -> Result<Events<WatchSettlementsResponse>, Status> {
        let events = self
            .feed
            .clone()
            .watch_settlements(WatchSettlementsRequest { resume_token, ..Default::default() })
            .await?;
        Ok(events.into_inner().boxed())
    }

    fn resume_token(event: &WatchSettlementsResponse) -> &str {
        &event.resume_token
    }

    /// Settlements that came together make one addend a figure.
    async fn prepare(&self, events: Vec<WatchSettlementsResponse>) -> Result<Vec<Part>, ServiceError> {
        let mut parts: BTreeMap<(String, String, String), Part> = BTreeMap::new();
        let mut apart = Vec::new();
        let infos = events.into_iter().filter_map(|event| event.settlement?.setlinfo);
        for part in infos.filter_map(|info| part(&info)) {
            let key = (part.poolarea_no.clone(), part.month.clone(), part.subject.clone());
            let sum = parts.get(&key).map_or(Some(part.clone()), |before| before.plus(&part));
            match sum {
                Some(sum) => drop(parts.insert(key, sum)),
                None => apart.push(part),
            }
        }
        Ok(parts.into_values().chain(apart).collect())
    }

    async fn apply(&self, tx: &DatabaseTransaction, parts: &Vec<Part>) -> Result<(), ServiceError> {
        VISITS.add(tx, parts).await?;
        Ok(())
    }

    async fn committed(&self, (): ()) {}
}

/// What a settlement adds, in the month of discharge; nothing if it was care at home. A reversal, which has the days and the negative amounts
/// of what it reverses, takes off there. A category of care that only the area knows is none with a bed.
fn part(info: &SettlementInfo) -> Option<Part> {
    let (home, place) = (Area::parse(&info.poolarea_no)?, Area::parse(&info.mdtrtarea_admvs)?);
    if home.is_at_home(place) {
        return None;
    }
    let stay = MedType::from_code(&info.med_type).is_some_and(MedType::is_stay);
    let number = if info.reverses_setl_id.is_empty() { 1 } else { -1 };
    Some(Addend {
        poolarea_no: home.into(),
        month: month_of(parse_date(&info.enddate)?),
        subject: reach(home, place).to_owned(),
        sums: of_visit(true, stay, number, info.medfee_sumamt_fen),
    })
}
