//! 事中审核: audit is asked about a visit that is calculated and not committed yet. Away or late: it is settled without.

use yizhan_clients::encounter;
use yizhan_proto::audit::v1::{CheckRequest, Encounter, Violation};
use yizhan_proto::settlement::v1::Settlement;
use yizhan_terms::{Care, MedType};

use super::messages::audited::tell;
use crate::app::App;
use crate::books::messages::parts::header;

/// When audit is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// 预结算
    Preview,
    /// 结算
    Settle,
}

/// What audit said of a visit; asked once of the same visit, however often that is calculated.
pub struct Audit {
    moment: Moment,
    said: Option<(Encounter, Vec<Violation>)>,
    away: bool,
}

impl Audit {
    /// Nothing yet.
    pub fn at(moment: Moment) -> Audit {
        Audit { moment, said: None, away: false }
    }

    /// Asks about an answer, where audit is asked; when it did not answer in time it is not asked again.
    pub async fn ask(&mut self, app: &App, answer: &Settlement) {
        let Some(audit) = app.audit.as_ref().filter(|_| !self.away) else { return };
        // Before it is settled it has no id, and each attempt would have its own.
        let visit = Encounter { setl_id: String::new(), ..encounter(answer) };
        if self.said.as_ref().is_none_or(|(asked, _)| *asked != visit) {
            let trig_scen = self.scene(&header(answer).med_type).to_owned();
            let question = CheckRequest { encounter: Some(visit.clone()), trig_scen };
            match audit.check(question).await {
                Ok(found) => self.said = Some((visit, found)),
                Err(error) => {
                    tracing::warn!(%error, "settled without audit");
                    self.away = true;
                    self.said = None;
                }
            }
        }
    }

    /// An answer with what audit says of it; as it is where it says nothing.
    pub fn tell(&self, answer: Settlement) -> Settlement {
        match &self.said {
            Some((_, found)) => tell(answer, found.clone()),
            None => answer,
        }
    }

    /// 触发场景
    fn scene(&self, med_type: &str) -> &'static str {
        let med_type = MedType::from_code(med_type);
        let stay = med_type.is_some_and(MedType::is_stay);
        match (self.moment, stay) {
            _ if med_type.is_some_and(|med_type| med_type.care() == Care::Pharmacy) => "10",
            (Moment::Settle, false) => "6",
            (Moment::Preview, false) => "7",
            (Moment::Settle, true) => "8",
            (Moment::Preview, true) => "9",
        }
    }
}
