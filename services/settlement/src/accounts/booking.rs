//! What is booked on an account beside settlements: once however often it is asked, on the balance as it was read.

use chrono::{DateTime, Utc};
use yizhan_money::MAX_FEN;
use yizhan_proto::Replayable;
use yizhan_proto::settlement::v1::AccountBookingKind;
use yizhan_runtime::{Reason, ServiceError};

use crate::app::App;
use crate::books::domain::ledger::{AccountOf, Posting};
use crate::books::messages::rows::accounts_after;
use crate::books::retries::answer_again;
use crate::books::store::claims::Claims;
use crate::books::store::commit::{Change, Committed};
use crate::books::store::entities::{account_booking, request};
use crate::books::store::journal::entries;
use crate::books::store::load::{PersonState, Wanted, handled_request};

/// One request about an account.
pub struct Request<'a> {
    /// Owner and id of the request.
    pub key: (String, String),
    /// Of what is asked.
    pub digest: String,
    /// Whose account.
    pub account: AccountOf<'a>,
}

/// What is booked.
pub struct Booked {
    /// What the postings are booked under.
    pub booking_id: String,
    /// In the books of which area, where a posting does not say another.
    pub books: String,
    /// Its postings.
    pub postings: Vec<Posting>,
    /// The booking, made or cancelled.
    pub row: account_booking::Model,
    /// Kind of the change.
    pub kind: &'static str,
}

impl Request<'_> {
    /// The account as it is now, and the request if it was handled before.
    pub async fn state(&self, app: &App) -> Result<PersonState, ServiceError> {
        self.state_in(app, None).await
    }

    /// The same of an account that moved, by the area that keeps it now.
    pub async fn state_in(&self, app: &App, account_in: Option<String>) -> Result<PersonState, ServiceError> {
        let AccountOf { poolarea_no, psn_no } = self.account;
        let wanted = Wanted {
            poolarea_no: poolarea_no.to_owned(),
            psn_no: psn_no.to_owned(),
            account_in,
            request: Some(self.key.clone()),
            ..Wanted::default()
        };
        app.person_state(wanted).await
    }

    /// The answer of then, where it was handled before.
    pub fn again<A: Replayable>(&self, handled: &request::Model) -> Result<A, ServiceError> {
        answer_again(handled, &self.digest)
    }

    /// A retry is answered as before even when what it would do now is refused.
    pub async fn or_again<A: Replayable>(
        &self,
        app: &App,
        outcome: Result<A, ServiceError>,
    ) -> Result<A, ServiceError> {
        match outcome {
            Err(away) if away.reason() == Reason::DatabaseUnavailable => Err(away),
            Err(refusal) => match handled_request(&app.db, &self.key.0, &self.key.1).await? {
                Some(handled) => self.again(&handled),
                None => Err(refusal),
            },
            done => done,
        }
    }

    /// Whether it is in the books; otherwise somebody else was first.
    pub async fn commit(
        &self,
        app: &App,
        state: &PersonState,
        answer: &impl Replayable,
        booked: Booked,
    ) -> Result<bool, ServiceError> {
        let AccountOf { poolarea_no, psn_no } = self.account;
        let Booked { booking_id, books, postings, row, kind } = booked;
        let change = Change {
            request: Some(request::Model {
                owner: self.key.0.clone(),
                request_id: self.key.1.clone(),
                digest: self.digest.clone(),
                poolarea_no: poolarea_no.to_owned(),
                psn_no: psn_no.to_owned(),
                setl_id: String::new(),
                answer: answer.encode_to_vec(),
            }),
            settlement: None,
            opening: None,
            amounts: None,
            years: Vec::new(),
            accounts: accounts_after(&books, psn_no, &postings, state),
            bookings: vec![row],
            claims: Claims::default(),
            released: Claims::default(),
            codes: Vec::new(),
            fees: None,
            practitioners: Vec::new(),
            postings: entries(&books, psn_no, &booking_id, postings),
            kind,
            at: app.clock.now(),
        };
        Ok(app.commit(change).await? == Committed::Done)
    }

    /// A booking of this account that nothing is known of yet but its amount.
    pub fn row(
        &self,
        kind: AccountBookingKind,
        booking_id: &str,
        amount_fen: i64,
        at: DateTime<Utc>,
    ) -> account_booking::Model {
        account_booking::Model {
            poolarea_no: self.account.poolarea_no.to_owned(),
            psn_no: self.account.psn_no.to_owned(),
            booking_id: booking_id.to_owned(),
            version: 1,
            kind: kind.into(),
            amount_fen,
            for_psn_no: String::new(),
            for_poolarea_no: String::new(),
            accrym: String::new(),
            booked_at_us: at.timestamp_micros(),
            cancelled_by: String::new(),
            transfer_id: String::new(),
        }
    }
}

/// The balance after an amount; a balance never falls below zero, nor has more than 16 digits.
pub fn balance_after(state: &PersonState, amount_fen: i64) -> Result<i64, ServiceError> {
    let balance = state.own.fen.saturating_add(amount_fen);
    if balance < 0 {
        let error = ServiceError::new(Reason::BalanceTooLow, "the account does not hold so much")
            .with("balc_fen", state.own.fen);
        return Err(match state.own.moved_to {
            Some(area) => error.with("moved_to", area),
            None => error,
        });
    }
    if balance > MAX_FEN {
        return Err(ServiceError::invalid_field(
            "amount_fen",
            Reason::AmountTooLarge.saying("余额将超过 16 位"),
        ));
    }
    Ok(balance)
}
