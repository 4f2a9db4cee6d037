//! Settlement's feed: visits away from home that were settled directly, or paid by hand, for the figures.

use std::collections::BTreeMap;

use futures::StreamExt;
use tonic::{Status, async_trait};
use yizhan_proto::settlement::v1::settlement_service_client::SettlementServiceClient;
use yizhan_proto::settlement::v1::{SettlementInfo, WatchSettlementsRequest, WatchSettlementsResponse};
use yizhan_runtime::ServiceError;
use yizhan_runtime::client::PeerChannel;
use yizhan_runtime::clock::{moment, parse_date};
use yizhan_runtime::db::DatabaseTransaction;
use yizhan_runtime::follow::{Events, Follower, Timestamp};
use yizhan_terms::{Area, MedType};

use super::domain::{OF_VISITS, month_of, of_visit, reach};
use super::store::bills::{Bill, FOLLOWED};
use super::store::entities::Model;
use super::store::{Addend, VISITS};

/// This service as follower of settlement.
pub struct FollowSettlements {
    /// Settlement, which has the feed.
    pub feed: SettlementServiceClient<PeerChannel>,
}

/// Part of a figure of visits.
type Part = Addend<OF_VISITS>;

/// 结算类型 of what was paid by hand.
const MANUAL: &str = "1";

/// What events come to.
#[derive(Debug, Default)]
pub struct Counted {
    /// Settled directly: what came together makes one addend a figure.
    direct: Vec<Part>,
    /// Paid by hand or taken back, in the order in which that happened: each is looked at by itself, since it may have been noted here.
    by_hand: Vec<Bill>,
}

#[async_trait]
impl Follower for FollowSettlements {
    type Event = WatchSettlementsResponse;
    type Work = Counted;
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

    fn happened(event: &WatchSettlementsResponse) -> Option<Timestamp> {
        event.settlement.as_ref()?.setlinfo.as_ref()?.setl_time
    }

    async fn prepare(&self, events: Vec<WatchSettlementsResponse>) -> Result<Counted, ServiceError> {
        let infos = events.into_iter().filter_map(|event| event.settlement?.setlinfo);
        let (by_hand, direct): (Vec<_>, Vec<_>) = infos.partition(|info| info.setl_type == MANUAL);
        let mut parts: BTreeMap<(String, String, String), Part> = BTreeMap::new();
        let mut apart = Vec::new();
        for part in direct.iter().filter_map(part) {
            let key = (part.poolarea_no.clone(), part.month.clone(), part.subject.clone());
            let sum = parts.get(&key).map_or(Some(part.clone()), |before| before.plus(&part));
            match sum {
                Some(sum) => drop(parts.insert(key, sum)),
                None => apart.push(part),
            }
        }
        let by_hand = by_hand.into_iter().filter_map(bill).collect();
        Ok(Counted { direct: parts.into_values().chain(apart).collect(), by_hand })
    }

    async fn apply(&self, tx: &DatabaseTransaction, counted: &Counted) -> Result<(), ServiceError> {
        VISITS.add(tx, &counted.direct).await?;
        for bill in &counted.by_hand {
            if bill.follow(tx).await? {
                VISITS.add(tx, std::slice::from_ref(&bill.visit)).await?;
            }
        }
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
    // A stay that is settled in parts is one visit: its first.
    let number = match info.reverses_setl_id.is_empty() {
        _ if info.setl_part > 1 => 0,
        true => 1,
        false => -1,
    };
    Some(Addend {
        poolarea_no: home.into(),
        month: month_of(parse_date(&info.enddate)?),
        subject: reach(home, place).to_owned(),
        sums: of_visit(info.setl_type != MANUAL, stay, number, info.medfee_sumamt_fen),
    })
}

/// A bill that was paid by hand, or taken back.
fn bill(info: SettlementInfo) -> Option<Bill> {
    let visit = part(&info)?;
    let row = Model {
        poolarea_no: info.poolarea_no,
        psn_no: info.psn_no,
        fixmedins_code: info.fixmedins_code,
        mdtrt_id: info.mdtrt_id,
        mdtrtarea_admvs: info.mdtrtarea_admvs,
        med_type: info.med_type,
        enddate: info.enddate,
        medfee_sumamt_fen: info.medfee_sumamt_fen,
        recorded_by: FOLLOWED.to_owned(),
        recorded_at: info.setl_time.and_then(moment)?,
    };
    Some(Bill { row, visit, taken_back: !info.reverses_setl_id.is_empty() })
}
