//! 医保支付资格: credit is asked about those who gave the services of a visit that is calculated and not committed yet, beside audit. Away or
//! late: it is settled with a mark.

use yizhan_proto::credit::v1::{Qualification, QualificationQuestion};
use yizhan_proto::settlement::v1::Settlement;

use super::audited::Audit;
use super::messages::audited::withhold;
use super::messages::credited;
use crate::app::App;

/// What credit said of the practitioners of a visit; asked once about the same ones, however often the visit is calculated.
#[derive(Default)]
pub struct Credit {
    said: Option<(Vec<QualificationQuestion>, Vec<Qualification>)>,
    away: bool,
}

impl Credit {
    /// Asks, where it is to be asked and did not answer the same before; after it was away not again.
    async fn ask(&mut self, app: &App, answer: &Settlement) {
        let Some(credit) = app.credit.as_ref().filter(|_| !self.away) else { return };
        let questions = credited::questions(&app.rules.current(), answer);
        if self.said.as_ref().is_some_and(|(asked, _)| *asked == questions) {
            return;
        }
        self.said = match questions.as_slice() {
            [] => Some((Vec::new(), Vec::new())),
            some => match credit.qualifications(some.to_vec()).await {
                Ok(found) => Some((questions, found)),
                Err(error) => {
                    tracing::warn!(%error, "settled without credit");
                    self.away = true;
                    None
                }
            },
        };
    }

    fn tell(&self, app: &App, answer: Settlement) -> Settlement {
        match &self.said {
            Some((asked, found)) => credited::tell(&app.rules.current(), answer, asked, found),
            None if self.away => credited::pending(&app.rules.current(), answer),
            None => answer,
        }
    }
}

/// An answer with what credit and audit say of it, both asked at the same time, and with what is withheld for it.
pub async fn judged(app: &App, (credit, audit): (&mut Credit, &mut Audit), answer: Settlement) -> Settlement {
    if app.credit.is_none() && app.audit.is_none() {
        return answer;
    }
    tokio::join!(credit.ask(app, &answer), audit.ask(app, &answer));
    withhold(audit.tell(credit.tell(app, answer)))
}
