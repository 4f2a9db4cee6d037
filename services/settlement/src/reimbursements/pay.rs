//! What runs do to applications. Whoever changes a run takes the turn of its area first.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use yizhan_proto::settlement::v1::{Payment, PaymentState, Reimbursement};
use yizhan_runtime::db::{DatabaseTransaction, lock};
use yizhan_runtime::ids::new_id;
use yizhan_runtime::{Reason, ServiceError};

use super::advance::rule_at;
use super::application::unknown;
use super::domain::steps::{Actor, Said, settled, take};
use super::domain::table::{Action, State};
use super::store;
use crate::books::store::merged;
use crate::rules::Rules;

/// Nobody else changes runs of an area until the transaction ends.
pub async fn lock_runs(tx: &DatabaseTransaction, poolarea_no: &str) -> Result<(), ServiceError> {
    Ok(lock(tx, &format!("payment runs {poolarea_no}")).await?)
}

/// With what applications are paid.
pub struct Paying<'p> {
    /// The transaction.
    pub tx: &'p DatabaseTransaction,
    /// The rules.
    pub rules: &'p Rules,
    /// Who makes or confirms the run.
    pub actor: Actor,
    /// When.
    pub now: DateTime<Utc>,
}

impl Paying<'_> {
    async fn step(
        &self,
        of: &mut Reimbursement,
        (action, owed_fen): (Action, i64),
        reason: &str,
    ) -> Result<(), ServiceError> {
        let to = match (action, settled(of, of.owed_fen + owed_fen)) {
            (Action::Bounce, State::Approved) => State::Bounced,
            (_, to) => to,
        };
        take(of, (action, to), &self.actor, Said { reason, owed_fen, ..Said::default() }, self.now);
        Ok(store::write(self.tx, of, rule_at(self.rules, of)?).await?)
    }

    /// Nets what persons owe for applications that were reversed with what is owed to them.
    pub async fn net(&self, poolarea_no: &str, approved: &mut [Reimbursement]) -> Result<(), ServiceError> {
        let owing = store::standing(poolarea_no, State::Owing);
        for mut owes in store::hold_all(self.tx, owing, u64::from(u32::MAX)).await? {
            let stays = merged::stays(self.tx, &owes.psn_no).await?;
            let numbers: BTreeSet<String> = merged::numbers(self.tx, &stays).await?.into_iter().collect();
            for of in approved.iter_mut().filter(|of| numbers.contains(&of.psn_no)) {
                let fen = of.owed_fen.min(-owes.owed_fen);
                if fen > 0 {
                    let (to, from) = (owes.reimbursement_id.clone(), of.reimbursement_id.clone());
                    self.step(of, (Action::Net, -fen), &format!("抵扣 {to}")).await?;
                    self.step(&mut owes, (Action::Net, fen), &format!("由 {from} 抵扣")).await?;
                }
            }
        }
        Ok(())
    }

    /// Puts applications into a run, each with its payment.
    pub async fn list(
        &self,
        run_id: &str,
        approved: Vec<Reimbursement>,
    ) -> Result<Vec<Payment>, ServiceError> {
        let mut payments = Vec::with_capacity(approved.len());
        for mut of in approved.into_iter().filter(|of| of.owed_fen > 0) {
            run_id.clone_into(&mut of.run_id);
            payments.push(Payment {
                payment_id: new_id(),
                run_id: run_id.to_owned(),
                poolarea_no: of.poolarea_no.clone(),
                reimbursement_id: of.reimbursement_id.clone(),
                psn_no: of.psn_no.clone(),
                payee_account_ref: of
                    .application
                    .iter()
                    .map(|asked| asked.payee_account_ref.as_str())
                    .collect(),
                amount_fen: of.owed_fen,
                state: PaymentState::Listed.into(),
                reason: String::new(),
            });
            store::write(self.tx, &of, rule_at(self.rules, &of)?).await?;
        }
        store::pay::write_payments(self.tx, &payments).await?;
        Ok(payments)
    }

    /// The bank has paid it.
    pub async fn paid(&self, payment: &mut Payment) -> Result<(), ServiceError> {
        let mut of = self.of(payment).await?;
        of.run_id = String::new();
        payment.state = PaymentState::Paid.into();
        let booked = (payment.poolarea_no.as_str(), payment.psn_no.as_str(), payment.payment_id.as_str());
        store::pay::book(self.tx, booked, payment.amount_fen).await?;
        self.step(&mut of, (Action::Pay, -payment.amount_fen), "").await
    }

    /// The bank returned it.
    pub async fn returned(&self, payment: &mut Payment) -> Result<(), ServiceError> {
        let mut of = self.of(payment).await?;
        let reason = payment.reason.clone();
        if payment.state() == PaymentState::Listed {
            strike(self.tx, &mut of, &reason).await?;
            payment.state = PaymentState::Struck.into();
            return self.step(&mut of, (Action::Bounce, 0), &reason).await;
        }
        payment.state = PaymentState::Returned.into();
        store::pay::write_payments(self.tx, std::slice::from_ref(payment)).await?;
        let id = format!("{}R", payment.payment_id);
        let booked = (payment.poolarea_no.as_str(), payment.psn_no.as_str(), id.as_str());
        store::pay::book(self.tx, booked, -payment.amount_fen).await?;
        self.step(&mut of, (Action::Bounce, payment.amount_fen), &reason).await
    }

    async fn of(&self, payment: &Payment) -> Result<Reimbursement, ServiceError> {
        let found = store::hold(self.tx, &payment.reimbursement_id).await?;
        found.ok_or_else(|| unknown(&payment.reimbursement_id))
    }
}

/// Takes an application from the list that holds it, if one does; it is to be written.
pub async fn strike(
    tx: &DatabaseTransaction,
    of: &mut Reimbursement,
    reason: &str,
) -> Result<(), ServiceError> {
    if of.run_id.is_empty() {
        return Ok(());
    }
    let gone = || ServiceError::new(Reason::RunUnknown, "the run of an application is gone");
    let mut run = store::pay::find_run(tx, &of.run_id).await?.ok_or_else(gone)?;
    let held = (run.run_id.as_str(), Some(of.reimbursement_id.as_str()));
    let mut listed = store::pay::in_run(tx, held, PaymentState::Listed).await?;
    for payment in &mut listed {
        payment.state = PaymentState::Struck.into();
        reason.clone_into(&mut payment.reason);
        run.payments -= 1;
        run.total_fen -= payment.amount_fen;
    }
    store::pay::write_payments(tx, &listed).await?;
    store::pay::write_run(tx, &run).await?;
    of.run_id = String::new();
    Ok(())
}
